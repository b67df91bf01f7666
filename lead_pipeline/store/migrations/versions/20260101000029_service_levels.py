"""What receivers are promised: how many of their messages arrive, and how soon. And texts that people write leads."""

from alembic import op

revision = "20260101000029"
down_revision = "20260101000028"

UP = """
CREATE TABLE outbound.service_targets (
    target_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id uuid REFERENCES core.workspaces ON DELETE CASCADE,
    buyer_id uuid REFERENCES market.buyers ON DELETE CASCADE,
    channel text CHECK (channel IN ('email', 'sms', 'slack', 'webhook')),
    objective_percentage numeric(5, 2) NOT NULL CHECK (objective_percentage > 0 AND objective_percentage < 100),
    within_seconds int NOT NULL CHECK (within_seconds > 0),
    window_days int NOT NULL DEFAULT 28 CHECK (window_days BETWEEN 1 AND 90),
    CHECK (buyer_id IS NULL OR workspace_id IS NOT NULL),
    UNIQUE NULLS NOT DISTINCT (workspace_id, buyer_id, channel)
);
INSERT INTO outbound.service_targets (objective_percentage, within_seconds) VALUES (99, 600);
COMMENT ON TABLE outbound.service_targets IS
'One row per promise: of a buyer, else of its workspace, else of everybody; of a channel, else of all of them.';
COMMENT ON COLUMN outbound.service_targets.within_seconds IS 'From the intent to its confirmation.';

CREATE TABLE outbound.email_templates (
    template_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    subject text NOT NULL CHECK (subject <> ''),
    body text NOT NULL CHECK (body <> ''),
    version int NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE UNIQUE INDEX email_templates_name ON outbound.email_templates (workspace_id, name) WHERE deleted_at IS NULL;
COMMENT ON TABLE outbound.email_templates IS 'One row per text that a workspace writes its leads: Jinja2, sandboxed.';
GRANT SELECT, INSERT, UPDATE ON outbound.email_templates TO lead_pipeline_api;
ALTER TABLE outbound.email_templates ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_workspace ON outbound.email_templates TO lead_pipeline_api
USING (workspace_id = (SELECT core.current_workspace()) AND (SELECT core.acts_for_workspace()))
WITH CHECK (workspace_id = (SELECT core.current_workspace()) AND (SELECT core.acts_for_workspace()));
"""

DOWN = """
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
DROP TABLE outbound.email_templates, outbound.service_targets;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
