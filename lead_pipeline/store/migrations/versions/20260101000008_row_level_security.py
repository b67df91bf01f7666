"""Workspaces see their own rows only. The owner, as whom the pipeline runs, reads every rule."""

from alembic import op

revision = "20260101000008"
down_revision = "20260101000007"

UP = """
-- Roles belong to the whole server: another database of it may have made them already.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['lead_pipeline_api', 'lead_pipeline_analyst'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION core.current_workspace() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('lead_pipeline.workspace_id', true), '')::uuid $$;

GRANT USAGE ON SCHEMA core, outbound TO lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT ON
core.workspaces, core.queries, core.leads, core.lead_sightings, core.intent_scores, core.lead_assignments,
core.enrichments, core.lead_contacts, core.lead_routing_rules, core.rule_set_versions, core.bulk_upload_jobs,
core.lead_overview, core.lead_intent_breakdown,
outbound.platform_uploads, outbound.upload_batches, outbound.billing_events
TO lead_pipeline_api, lead_pipeline_analyst;

DO $$
DECLARE
    own record;
BEGIN
    FOR own IN SELECT * FROM (VALUES
        ('core.workspaces', 'workspace_id = core.current_workspace()'),
        ('core.queries', 'workspace_id = core.current_workspace()'),
        ('core.leads', 'workspace_id = core.current_workspace()'),
        ('core.lead_routing_rules', 'workspace_id = core.current_workspace()'),
        ('core.rule_set_versions', 'workspace_id = core.current_workspace()'),
        ('core.bulk_upload_jobs', 'workspace_id = core.current_workspace()'),
        ('outbound.upload_batches', 'workspace_id = core.current_workspace()'),
        ('outbound.billing_events', 'workspace_id = core.current_workspace()'),
        ('core.lead_sightings', 'EXISTS (SELECT 1 FROM core.leads l WHERE l.lead_id = lead_sightings.lead_id)'),
        ('core.intent_scores', 'EXISTS (SELECT 1 FROM core.leads l WHERE l.lead_id = intent_scores.lead_id)'),
        ('core.lead_assignments', 'EXISTS (SELECT 1 FROM core.leads l WHERE l.lead_id = lead_assignments.lead_id)'),
        ('core.enrichments', 'EXISTS (SELECT 1 FROM core.leads l WHERE l.lead_id = enrichments.lead_id)'),
        ('core.lead_contacts', 'EXISTS (SELECT 1 FROM core.leads l WHERE l.lead_id = lead_contacts.lead_id)'),
        ('outbound.platform_uploads', 'EXISTS (SELECT 1 FROM core.leads l WHERE l.lead_id = platform_uploads.lead_id)')
    ) AS tables (name, condition) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', own.name);
        EXECUTE format('CREATE POLICY own_workspace ON %s FOR SELECT '
            'TO lead_pipeline_api, lead_pipeline_analyst USING (%s)', own.name, own.condition);
    END LOOP;
END $$;
"""

DOWN = """
-- What dbt built hangs on the tables and views that go; dbt builds it again.
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
DO $$
DECLARE
    own record;
BEGIN
    FOR own IN SELECT schemaname, tablename FROM pg_policies WHERE policyname = 'own_workspace' LOOP
        EXECUTE format('DROP POLICY own_workspace ON %I.%I', own.schemaname, own.tablename);
        EXECUTE format('ALTER TABLE %I.%I DISABLE ROW LEVEL SECURITY', own.schemaname, own.tablename);
    END LOOP;
END $$;
REVOKE ALL ON ALL TABLES IN SCHEMA core, outbound FROM lead_pipeline_api, lead_pipeline_analyst;
REVOKE ALL ON SCHEMA core, outbound FROM lead_pipeline_api, lead_pipeline_analyst;
DROP FUNCTION core.current_workspace();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
