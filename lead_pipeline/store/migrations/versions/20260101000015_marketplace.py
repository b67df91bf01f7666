"""Categories, campaigns, buyers and their subscriptions; what decides a sale, and every buyer that was considered."""

from alembic import op

revision = "20260101000015"
down_revision = "20260101000014"

UP = """
CREATE TABLE market.categories (
    category_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES market.sellers ON DELETE CASCADE,
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL CHECK (name <> ''),
    fields jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(fields) = 'array'),
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX categories_slug ON market.categories (workspace_id, slug) WHERE deleted_at IS NULL;

CREATE TABLE market.campaigns (
    campaign_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES market.sellers ON DELETE CASCADE,
    category_id uuid NOT NULL REFERENCES market.categories,
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL CHECK (name <> ''),
    description text NOT NULL DEFAULT '',
    price_minor bigint NOT NULL CHECK (price_minor > 0),
    distribution_logic text NOT NULL CHECK (
        distribution_logic IN ('ROUND_ROBIN', 'WEIGHTED_ROUND_ROBIN', 'WATERFALL', 'BROADCAST', 'TARGET_WEIGHTED')
    ),
    seed bigint CHECK (seed IS NULL OR distribution_logic = 'WEIGHTED_ROUND_ROBIN'),
    allow_state_selection boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'PAUSED')),
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX campaigns_slug ON market.campaigns (workspace_id, slug) WHERE deleted_at IS NULL;

CREATE TABLE market.buyers (
    buyer_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES market.sellers ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    email text,
    status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'INACTIVE')),
    priority int NOT NULL DEFAULT 1 CHECK (priority BETWEEN 1 AND 10),
    weekly_limit_minor bigint CHECK (weekly_limit_minor >= 0),
    monthly_limit_minor bigint CHECK (monthly_limit_minor >= 0),
    recharge_threshold_minor bigint CHECK (recharge_threshold_minor >= 0),
    recharge_amount_minor bigint CHECK (recharge_amount_minor > 0),
    stripe_customer text UNIQUE,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CHECK ((recharge_threshold_minor IS NULL) = (recharge_amount_minor IS NULL))
);
CREATE INDEX buyers_workspace ON market.buyers (workspace_id, created_at, buyer_id);

CREATE TABLE market.campaign_subscriptions (
    subscription_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES market.sellers ON DELETE CASCADE,
    campaign_id uuid NOT NULL REFERENCES market.campaigns ON DELETE CASCADE,
    buyer_id uuid NOT NULL REFERENCES market.buyers ON DELETE CASCADE,
    position int NOT NULL CHECK (position > 0),
    status text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'PAUSED', 'CANCELLED')),
    daily_cap int CHECK (daily_cap >= 0),
    states text [] NOT NULL DEFAULT '{}',
    weight int CHECK (weight BETWEEN 1 AND 10),
    waterfall_rank int NOT NULL DEFAULT 1 CHECK (waterfall_rank > 0),
    target int CHECK (target > 0),
    schedule jsonb,
    version int NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (campaign_id, buyer_id),
    UNIQUE (campaign_id, position)
);
CREATE INDEX campaign_subscriptions_buyer ON market.campaign_subscriptions (buyer_id);

CREATE TABLE market.versions (
    kind text NOT NULL CHECK (kind IN ('category', 'campaign', 'buyer', 'subscription')),
    id uuid NOT NULL,
    version int NOT NULL,
    workspace_id uuid NOT NULL,
    row jsonb NOT NULL,
    changed_by text NOT NULL,
    valid_from timestamptz NOT NULL,
    PRIMARY KEY (kind, id, version)
);

-- A change of what decides or of what is charged is a new version, whoever makes it and however.
CREATE FUNCTION market.next_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.version := OLD.version + CASE WHEN to_jsonb(NEW) - 'version' = to_jsonb(OLD) - 'version' THEN 0 ELSE 1 END;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION market.keep_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO market.versions (kind, id, version, workspace_id, row, changed_by, valid_from)
    VALUES (TG_ARGV[0], (to_jsonb(NEW) ->> (TG_ARGV[0] || '_id'))::uuid, NEW.version, NEW.workspace_id, to_jsonb(NEW),
        coalesce(nullif(current_setting('lead_pipeline.user_id', true), ''), session_user), now())
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM (VALUES ('categories', 'category'), ('campaigns', 'campaign'), ('buyers', 'buyer'),
        ('campaign_subscriptions', 'subscription')) AS kinds (table_name, kind) LOOP
        EXECUTE format('CREATE TRIGGER next_version BEFORE UPDATE ON market.%I '
            'FOR EACH ROW EXECUTE FUNCTION market.next_version()', one.table_name);
        EXECUTE format('CREATE TRIGGER keep_version AFTER INSERT OR UPDATE ON market.%I '
            'FOR EACH ROW EXECUTE FUNCTION market.keep_version(%L)', one.table_name, one.kind);
    END LOOP;
END $$;

CREATE TABLE core.memberships (
    membership_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES core.users ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('SELLER', 'BUYER', 'SUPPLIER')),
    buyer_id uuid REFERENCES market.buyers ON DELETE CASCADE,
    supplier_id uuid REFERENCES market.suppliers ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((role = 'BUYER') = (buyer_id IS NOT NULL)),
    CHECK ((role = 'SUPPLIER') = (supplier_id IS NOT NULL)),
    UNIQUE (user_id, workspace_id, role)
);
ALTER TABLE core.sessions
ADD CONSTRAINT sessions_membership FOREIGN KEY (membership_id) REFERENCES core.memberships ON DELETE CASCADE;

CREATE TABLE market.campaign_leads (
    lead_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    category_id uuid NOT NULL,
    supplier_id uuid,
    state text NOT NULL,
    supplier_quality text NOT NULL CHECK (supplier_quality IN ('HOT', 'WARM', 'COLD')),
    lead_score smallint NOT NULL CHECK (lead_score BETWEEN 0 AND 100),
    score_parts jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    day date NOT NULL,
    outcome text CHECK (outcome IN ('assigned', 'nobody_eligible', 'everybody_refused', 'campaign_paused')),
    decided_at timestamptz
);
CREATE INDEX campaign_leads_unsold ON market.campaign_leads (workspace_id, lead_id)
WHERE outcome IS DISTINCT FROM 'assigned';
CREATE INDEX campaign_leads_received ON market.campaign_leads (workspace_id, received_at DESC, lead_id DESC);

CREATE TABLE market.rotations (
    campaign_id uuid PRIMARY KEY REFERENCES market.campaigns ON DELETE CASCADE,
    state jsonb NOT NULL,
    decided bigint NOT NULL DEFAULT 0
);

CREATE TABLE market.subscription_days (
    subscription_id uuid NOT NULL REFERENCES market.campaign_subscriptions ON DELETE CASCADE,
    day date NOT NULL,
    leads int NOT NULL CHECK (leads > 0),
    PRIMARY KEY (subscription_id, day)
) WITH (fillfactor = 50);

CREATE TABLE market.spending (
    buyer_id uuid NOT NULL REFERENCES market.buyers ON DELETE CASCADE,
    period text NOT NULL CHECK (period IN ('week', 'month')),
    starts_on date NOT NULL,
    spent_minor bigint NOT NULL CHECK (spent_minor >= 0),
    PRIMARY KEY (buyer_id, period, starts_on)
) WITH (fillfactor = 50);

CREATE TABLE market.candidate_sets (
    set_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256 bytea NOT NULL UNIQUE CHECK (length(sha256) = 32),
    campaign_id uuid NOT NULL,
    campaign_version int NOT NULL,
    rules jsonb NOT NULL,
    members jsonb NOT NULL
);

CREATE TABLE core.assignment_candidates (
    lead_id uuid NOT NULL,
    round smallint NOT NULL DEFAULT 1 CHECK (round > 0),
    set_id bigint NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('assigned', 'nobody_eligible', 'everybody_refused', 'campaign_paused')),
    decided bigint NOT NULL,
    local_time timestamp NOT NULL,
    flags bytea NOT NULL,
    observed bytea NOT NULL,
    run_id text NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (lead_id, round)
);
CREATE INDEX assignment_candidates_decided ON core.assignment_candidates USING brin (decided_at);
CREATE INDEX lead_assignments_buyer ON core.lead_assignments (destination_id, decided_at DESC)
WHERE destination_kind = 'buyer';

CREATE TABLE market.notices (
    notice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES market.sellers ON DELETE CASCADE,
    buyer_id uuid REFERENCES market.buyers ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('low_balance', 'card_declined', 'recharged', 'refunded')),
    key text NOT NULL UNIQUE,
    detail jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX notices_buyer ON market.notices (buyer_id, created_at DESC);

COMMENT ON TABLE market.categories IS
'One row per kind of lead that a seller trades, with the fields that its leads have.';
COMMENT ON TABLE market.campaigns IS
'One row per offer of a seller: a category, a price, and the logic that picks buyers.';
COMMENT ON COLUMN market.campaigns.seed IS 'Weighted round robin by seeded chance instead of smoothly; null: smoothly.';
COMMENT ON TABLE market.buyers IS 'One row per buyer of a seller. Its wallet is an account of the ledger.';
COMMENT ON COLUMN market.buyers.priority IS '1-10, more gets more: the weight where a subscription names none.';
COMMENT ON TABLE market.campaign_subscriptions IS 'One row per buyer''s standing order in a campaign.';
COMMENT ON COLUMN market.campaign_subscriptions.position IS 'Its place in the campaign''s rotation; never given twice.';
COMMENT ON COLUMN market.campaign_subscriptions.states IS 'ISO 3166-2 codes without US-; empty: every state.';
COMMENT ON COLUMN market.campaign_subscriptions.target IS
'Leads that a target-weighted campaign aims at, against those received today.';
COMMENT ON COLUMN market.campaign_subscriptions.schedule IS 'Hours of the week in the workspace''s zone; null: always.';
COMMENT ON TABLE core.memberships IS 'One row per user, workspace and role; of a buyer or supplier, whose.';
COMMENT ON TABLE market.versions IS 'One row per version of what decides: the row as it was from valid_from on.';
COMMENT ON TABLE market.campaign_leads IS
'One row per lead offered to a campaign, with its score and what became of it.';
COMMENT ON TABLE market.rotations IS 'One row per campaign: whose turn it is. Its state is domain.distribution''s.';
COMMENT ON TABLE market.subscription_days IS
'One row per subscription and local day: leads that count against its cap.';
COMMENT ON TABLE market.spending IS 'One row per buyer and local week or month: what counts against its limits.';
COMMENT ON TABLE market.candidate_sets IS
'One row per set of subscriptions and settings that leads were decided among.';
COMMENT ON TABLE core.assignment_candidates IS 'One row per lead and round: every buyer considered, with why it lost.';
COMMENT ON COLUMN core.assignment_candidates.flags IS
'A byte per member of the set, in its order; domain.candidates says which bit is what.';
COMMENT ON COLUMN core.assignment_candidates.observed IS
'Values, 8 bytes each, big-endian: those of the flags that have one, in order.';
COMMENT ON COLUMN core.assignment_candidates.decided IS 'How many leads the campaign had decided before.';
COMMENT ON TABLE market.notices IS 'One row per thing that a buyer or seller is told about money.';
"""

DOWN = """
-- What dbt built hangs on the tables that go; dbt builds it again.
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
ALTER TABLE core.sessions DROP CONSTRAINT sessions_membership;
DROP TABLE market.notices, core.assignment_candidates, market.candidate_sets, market.spending, market.subscription_days,
market.rotations, market.campaign_leads, core.memberships, market.versions,
market.campaign_subscriptions,
market.buyers, market.campaigns, market.categories;
DROP INDEX core.lead_assignments_buyer;
DROP FUNCTION market.next_version(), market.keep_version();
DELETE FROM core.lead_assignments WHERE destination_kind = 'buyer';
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
