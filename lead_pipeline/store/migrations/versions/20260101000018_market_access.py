"""Who sees and writes what of the marketplace: the roles' grants, and policies by workspace, buyer and supplier.

A session that names no buyer and no supplier acts for the whole workspace. The owner passes all of it by.
"""

from alembic import op

revision = "20260101000018"
down_revision = "20260101000017"

UP = """
-- The service logs in as the owner and sets the API role; Postgres 16 makes that a grant of its own. An owner who may
-- not grant it migrates all the same: the rest works without, and store.tenancy says what an administrator has to run.
DO $$
DECLARE
    needed text := CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
    IF NOT pg_has_role(current_user, 'lead_pipeline_api', needed) THEN
        GRANT lead_pipeline_api TO CURRENT_USER;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE WARNING 'let an administrator run: GRANT lead_pipeline_api TO %', quote_ident(current_user);
    WHEN unique_violation THEN NULL;
END $$;

CREATE FUNCTION core.current_buyer() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('lead_pipeline.buyer_id', true), '')::uuid $$;
CREATE FUNCTION core.current_supplier() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('lead_pipeline.supplier_id', true), '')::uuid $$;
CREATE FUNCTION core.acts_for_workspace() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('lead_pipeline.buyer_id', true), '') = ''
    AND coalesce(current_setting('lead_pipeline.supplier_id', true), '') = '' $$;
-- As the owner: the policies of leads and of assignments would ask one another for ever.
CREATE FUNCTION core.is_lead_of_caller(lead uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog AS $$
    SELECT EXISTS (
        SELECT 1 FROM core.lead_assignments a
        WHERE a.lead_id = lead AND a.destination_kind = 'buyer' AND a.destination_id = core.current_buyer()
    ) OR EXISTS (
        SELECT 1 FROM market.campaign_leads l WHERE l.lead_id = lead AND l.supplier_id = core.current_supplier()
    )
$$;

GRANT USAGE ON SCHEMA market TO lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT ON
market.sellers, market.categories, market.campaigns, market.buyers, market.campaign_subscriptions, market.versions,
market.campaign_leads, market.rotations, market.subscription_days, market.spending, market.candidate_sets,
market.notices, market.suppliers, market.ledger_accounts, market.ledger_entries, market.ledger_postings,
market.payments, core.assignment_candidates, core.memberships
TO lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT ON market.payment_methods TO lead_pipeline_api;
GRANT SELECT (user_id, email, name, created_at) ON core.users TO lead_pipeline_api;
GRANT SELECT (
    key_id, prefix, name, workspace_id, supplier_id, scopes, created_at, revoked_at, last_used_at
) ON core.api_keys TO lead_pipeline_api;
GRANT INSERT, UPDATE (revoked_at) ON core.api_keys TO lead_pipeline_api;
GRANT INSERT, UPDATE, DELETE ON
market.categories, market.campaigns, market.buyers, market.campaign_subscriptions, market.suppliers
TO lead_pipeline_api;
GRANT UPDATE (invite_code) ON market.sellers TO lead_pipeline_api;
GRANT UPDATE (read_at) ON market.notices TO lead_pipeline_api;

-- Settings hold the keys of platforms.
REVOKE SELECT ON core.workspaces FROM lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT (workspace_id, slug, name, plan, time_zone, country, branding, created_at) ON core.workspaces
TO lead_pipeline_api, lead_pipeline_analyst;

DO $$
DECLARE
    one record;
    whole text := '(SELECT core.acts_for_workspace())';
    mine text := 'workspace_id = (SELECT core.current_workspace())';
BEGIN
    -- What is read: condition of a seller's session and the analyst's; what else of it a buyer or supplier sees.
    FOR one IN SELECT * FROM (VALUES
        ('market.sellers', mine, 'true'),
        ('market.categories', mine, 'true'),
        ('market.campaigns', mine, 'true'),
        ('market.buyers', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('market.campaign_subscriptions', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('market.versions', mine, 'false'),
        ('market.campaign_leads', mine, 'core.is_lead_of_caller(lead_id)'),
        ('market.rotations', 'campaign_id IN (SELECT c.campaign_id FROM market.campaigns c)', 'false'),
        ('market.subscription_days',
            'EXISTS (SELECT 1 FROM market.campaign_subscriptions s '
            'WHERE s.subscription_id = subscription_days.subscription_id)', 'true'),
        ('market.spending', 'EXISTS (SELECT 1 FROM market.buyers b WHERE b.buyer_id = spending.buyer_id)', 'true'),
        ('market.candidate_sets',
            'EXISTS (SELECT 1 FROM market.campaigns c WHERE c.campaign_id = candidate_sets.campaign_id)', 'false'),
        ('core.assignment_candidates',
            'EXISTS (SELECT 1 FROM market.campaign_leads l WHERE l.lead_id = assignment_candidates.lead_id)', 'false'),
        ('market.notices', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('market.suppliers', mine, 'supplier_id = (SELECT core.current_supplier())'),
        ('market.ledger_accounts', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('market.ledger_entries', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('market.ledger_postings',
            'EXISTS (SELECT 1 FROM market.ledger_accounts a WHERE a.account_id = ledger_postings.account_id)', 'true'),
        ('market.payments', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('market.payment_methods', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('core.api_keys', mine, 'false'),
        ('core.memberships', mine, 'user_id::text = (SELECT current_setting(''lead_pipeline.user_id'', true))'),
        ('core.users', 'EXISTS (SELECT 1 FROM core.memberships m WHERE m.user_id = users.user_id)', 'true')
    ) AS tables (name, condition, others) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', one.name);
        EXECUTE format('CREATE POLICY own_workspace ON %s FOR SELECT TO lead_pipeline_api, lead_pipeline_analyst '
            'USING (%s)', one.name, one.condition);
        EXECUTE format('CREATE POLICY own_part ON %s AS RESTRICTIVE FOR SELECT TO lead_pipeline_api '
            'USING (%s OR %s)', one.name, whole, one.others);
    END LOOP;
    -- Nobody but the owner reads sessions.
    ALTER TABLE core.sessions ENABLE ROW LEVEL SECURITY;

    -- What was granted before there were buyers: theirs is the part that hangs on their leads, and nothing else.
    FOR one IN SELECT * FROM (VALUES
        ('core.leads', 'core.is_lead_of_caller(lead_id)'),
        ('core.lead_assignments',
            'destination_kind = ''buyer'' AND destination_id = (SELECT core.current_buyer())'),
        ('core.queries', 'false'), ('core.lead_routing_rules', 'false'), ('core.rule_set_versions', 'false'),
        ('core.bulk_upload_jobs', 'false'), ('core.lead_sightings', 'false'), ('core.party_enrichments', 'false'),
        ('core.parties', 'false'), ('outbound.upload_batches', 'false'), ('outbound.billing_events', 'false'),
        ('outbound.platform_uploads', 'false'), ('outbound.crm_messages', 'false')
    ) AS tables (name, others) LOOP
        EXECUTE format('CREATE POLICY own_part ON %s AS RESTRICTIVE FOR SELECT TO lead_pipeline_api '
            'USING (%s OR %s)', one.name, whole, one.others);
    END LOOP;

    -- What is written. A buyer may lock what it reads (USING), and change its own rows only (WITH CHECK).
    FOR one IN SELECT * FROM (VALUES
        ('market.sellers', 'false', 'true'),
        ('market.categories', 'false', 'true'),
        ('market.campaigns', 'false',
            'EXISTS (SELECT 1 FROM market.categories c WHERE c.category_id = campaigns.category_id)'),
        ('market.buyers', 'false', 'true'),
        ('market.campaign_subscriptions', 'buyer_id = (SELECT core.current_buyer())',
            'EXISTS (SELECT 1 FROM market.campaigns c WHERE c.campaign_id = campaign_subscriptions.campaign_id) AND '
            'EXISTS (SELECT 1 FROM market.buyers b WHERE b.buyer_id = campaign_subscriptions.buyer_id)'),
        ('market.suppliers', 'false', 'true'),
        ('market.notices', 'buyer_id = (SELECT core.current_buyer())', 'true'),
        ('core.api_keys', 'false', 'scopes = ARRAY[''ingest''] AND EXISTS '
            '(SELECT 1 FROM market.suppliers s WHERE s.supplier_id = api_keys.supplier_id)')
    ) AS tables (name, others, also) LOOP
        EXECUTE format('CREATE POLICY own_inserts ON %s FOR INSERT TO lead_pipeline_api '
            'WITH CHECK (%s AND (%s OR %s) AND %s)', one.name, mine, whole, one.others, one.also);
        EXECUTE format('CREATE POLICY own_updates ON %s FOR UPDATE TO lead_pipeline_api '
            'USING (%s AND (%s OR %s)) WITH CHECK (%s AND (%s OR %s) AND %s)', one.name, mine, whole,
            CASE one.others WHEN 'false' THEN 'true' ELSE one.others END, mine, whole, one.others, one.also);
        EXECUTE format('CREATE POLICY own_deletes ON %s FOR DELETE TO lead_pipeline_api '
            'USING (%s AND (%s OR %s))', one.name, mine, whole, one.others);
    END LOOP;
END $$;
"""

DOWN = """
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT schemaname, tablename, policyname FROM pg_policies
        WHERE policyname IN ('own_part', 'own_inserts', 'own_updates', 'own_deletes') OR (policyname = 'own_workspace'
            AND (schemaname = 'market' OR (schemaname = 'core'
                AND tablename IN ('api_keys', 'memberships', 'users', 'assignment_candidates')))) LOOP
        EXECUTE format('DROP POLICY %I ON %I.%I', one.policyname, one.schemaname, one.tablename);
    END LOOP;
    FOR one IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relrowsecurity AND (n.nspname = 'market' OR (n.nspname = 'core'
            AND c.relname IN ('api_keys', 'memberships', 'users', 'sessions', 'assignment_candidates'))) LOOP
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', one.name);
        EXECUTE format('REVOKE ALL ON %s FROM lead_pipeline_api, lead_pipeline_analyst', one.name);
    END LOOP;
END $$;
REVOKE ALL ON SCHEMA market FROM lead_pipeline_api, lead_pipeline_analyst;
REVOKE SELECT (workspace_id, slug, name, plan, time_zone, country, branding, created_at) ON core.workspaces
FROM lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT ON core.workspaces TO lead_pipeline_api, lead_pipeline_analyst;
DROP FUNCTION core.is_lead_of_caller(uuid), core.acts_for_workspace(), core.current_supplier(), core.current_buyer();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
