"""Managers of realtors, and what they were told when a lead of the CRM was closed."""

from alembic import op

revision = "20260101000028"
down_revision = "20260101000027"

UP = """
CREATE TABLE core.realtor_managers (
    manager_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    realtor text NOT NULL CHECK (realtor = lower(realtor) AND realtor <> ''),
    realtor_name text NOT NULL,
    manager_name text NOT NULL CHECK (manager_name <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX realtor_managers_pair ON core.realtor_managers (workspace_id, realtor, manager_name)
WHERE deleted_at IS NULL;
CREATE TABLE outbound.manager_notifications (
    drop_id bigint PRIMARY KEY REFERENCES raw.drops,
    workspace_id uuid NOT NULL,
    crm_lead_id text NOT NULL,
    realtor text,
    outcome text NOT NULL CHECK (outcome IN ('notified', 'repeated', 'no_manager', 'no_realtor')),
    managers int NOT NULL DEFAULT 0,
    deliveries int NOT NULL DEFAULT 0,
    run_id text NOT NULL,
    noted_at timestamptz NOT NULL
);
CREATE INDEX manager_notifications_lead ON outbound.manager_notifications (workspace_id, crm_lead_id);
ALTER TABLE outbound.destinations ADD CONSTRAINT destinations_manager_id
FOREIGN KEY (manager_id) REFERENCES core.realtor_managers ON DELETE CASCADE;
CREATE INDEX destinations_manager ON outbound.destinations (manager_id) WHERE manager_id IS NOT NULL;
COMMENT ON TABLE core.realtor_managers IS
'One row per realtor and manager who is told when a lead of the realtor is closed; how, is in outbound.destinations.';
COMMENT ON COLUMN core.realtor_managers.realtor IS 'The realtor''s e-mail or id at the CRM, in lower case.';
COMMENT ON TABLE outbound.manager_notifications IS
'One row per closing event of the CRM that was taken up: whom it was told to, or why nobody.';
GRANT SELECT ON core.realtor_managers, outbound.manager_notifications TO lead_pipeline_api, lead_pipeline_analyst;
ALTER TABLE core.realtor_managers ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbound.manager_notifications ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON core.realtor_managers FOR SELECT TO lead_pipeline_api, lead_pipeline_analyst
USING (workspace_id = (SELECT core.current_workspace()));
CREATE POLICY own_workspace ON outbound.manager_notifications FOR SELECT TO lead_pipeline_api, lead_pipeline_analyst
USING (workspace_id = (SELECT core.current_workspace()));
CREATE POLICY own_part ON core.realtor_managers AS RESTRICTIVE FOR SELECT TO lead_pipeline_api
USING ((SELECT core.acts_for_workspace()));
CREATE POLICY own_part ON outbound.manager_notifications AS RESTRICTIVE FOR SELECT TO lead_pipeline_api
USING ((SELECT core.acts_for_workspace()));
"""

DOWN = """
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
ALTER TABLE outbound.destinations DROP CONSTRAINT destinations_manager_id;
DROP INDEX outbound.destinations_manager;
DROP TABLE outbound.manager_notifications, core.realtor_managers;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
