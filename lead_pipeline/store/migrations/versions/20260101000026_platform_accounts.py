"""Platform accounts: where a workspace's leads are uploaded, with sealed credentials, and who saw health data leave."""

from alembic import op

revision = "20260101000026"
down_revision = "20260101000025"

UP = """
CREATE TABLE outbound.platform_accounts (
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    platform text NOT NULL CHECK (platform IN (
        'tech-platform', 'finance-platform', 'healthcare-platform', 'retail-platform', 'marketing-platform',
        'general-platform'
    )),
    provider text NOT NULL CHECK (provider IN ('http', 'salesforce', 'hubspot')),
    url text NOT NULL CHECK (url ~ '^https?://'),
    credentials_sealed bytea NOT NULL,
    options jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(options) = 'object'),
    mapping jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(mapping) = 'object'),
    version int NOT NULL DEFAULT 1,
    updated_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, platform),
    CHECK (platform <> 'healthcare-platform' OR url ~ '^https://' OR url ~ '^http://(127\\.|localhost[:/]|\\[::1\\])')
);
ALTER TABLE outbound.platform_uploads ADD COLUMN remote_id text, ADD COLUMN tries int NOT NULL DEFAULT 0;
CREATE TABLE outbound.platform_access_log (
    access_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id uuid NOT NULL,
    workspace_id uuid NOT NULL,
    platform text NOT NULL,
    batch_key text NOT NULL,
    host text NOT NULL,
    fields text [] NOT NULL,
    run_id text NOT NULL,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX platform_access_log_lead ON outbound.platform_access_log (lead_id);
CREATE TABLE outbound.platform_allowances (
    workspace_id uuid NOT NULL,
    platform text NOT NULL,
    used bigint NOT NULL,
    allowed bigint NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, platform)
);
COMMENT ON TABLE outbound.platform_accounts IS
'One row per workspace and platform: which product it is, where, and its credentials, encrypted (CREDENTIAL_KEYS).';
COMMENT ON COLUMN outbound.platform_accounts.mapping IS
'Field of the platform to the path in the upload body that fills it; empty: the body as it is.';
COMMENT ON COLUMN outbound.platform_accounts.options IS 'What only its provider knows, such as the object and its id.';
COMMENT ON COLUMN outbound.platform_uploads.remote_id IS 'What the platform calls it.';
COMMENT ON COLUMN outbound.platform_uploads.tries IS 'How often the platform put just this lead off.';
COMMENT ON TABLE outbound.platform_access_log IS
'One row per lead and send to a healthcare platform: which fields left, and where to. Without their values.';
COMMENT ON TABLE outbound.platform_allowances IS
'One row per account that tells how many calls a day it has used, of how many.';

ALTER TABLE outbound.platform_accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbound.platform_access_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbound.platform_allowances ENABLE ROW LEVEL SECURITY;
GRANT SELECT (workspace_id, platform, provider, url, options, mapping, version, updated_by, updated_at)
ON outbound.platform_accounts TO lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT ON outbound.platform_access_log, outbound.platform_allowances TO lead_pipeline_api, lead_pipeline_analyst;
CREATE POLICY own_workspace ON outbound.platform_accounts FOR SELECT TO lead_pipeline_api, lead_pipeline_analyst
USING (workspace_id = (SELECT core.current_workspace()));
CREATE POLICY own_workspace ON outbound.platform_access_log FOR SELECT TO lead_pipeline_api, lead_pipeline_analyst
USING (workspace_id = (SELECT core.current_workspace()));
CREATE POLICY own_workspace ON outbound.platform_allowances FOR SELECT TO lead_pipeline_api, lead_pipeline_analyst
USING (workspace_id = (SELECT core.current_workspace()));
CREATE POLICY own_part ON outbound.platform_accounts AS RESTRICTIVE FOR SELECT TO lead_pipeline_api
USING ((SELECT core.acts_for_workspace()));
CREATE POLICY own_part ON outbound.platform_access_log AS RESTRICTIVE FOR SELECT TO lead_pipeline_api
USING ((SELECT core.acts_for_workspace()));
CREATE POLICY own_part ON outbound.platform_allowances AS RESTRICTIVE FOR SELECT TO lead_pipeline_api
USING ((SELECT core.acts_for_workspace()));
"""

DOWN = """
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
DROP TABLE outbound.platform_allowances, outbound.platform_access_log, outbound.platform_accounts;
ALTER TABLE outbound.platform_uploads DROP COLUMN remote_id, DROP COLUMN tries;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
