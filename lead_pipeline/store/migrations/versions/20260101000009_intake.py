"""What the intake service needs: webhook drops, keys, suppliers, rate limits, counts, alerts; repair and archive."""

from alembic import op

revision = "20260101000009"
down_revision = "20260101000008"

UP = """
CREATE SCHEMA IF NOT EXISTS market;

-- A webhook may name no workspace that we know: the drop is kept all the same.
ALTER TABLE raw.drops
ALTER COLUMN workspace_id DROP NOT NULL,
ADD COLUMN settled_at timestamptz,
DROP CONSTRAINT drops_kind_check,
ADD CONSTRAINT drops_kind_check
CHECK (kind IN ('vendor_page', 'vendor_answer', 'csv', 'webhook', 'supplier_lead', 'repair', 'request')),
DROP CONSTRAINT drops_stage_check,
ADD CONSTRAINT drops_stage_check
CHECK (stage IN ('landed', 'validated', 'scored', 'routed', 'kept', 'quarantined'));
COMMENT ON COLUMN raw.drops.stage IS
'landed, validated, scored, routed: how far its leads are; kept: it holds no leads; '
'quarantined: refused whole, as row -1 of core.quarantined_rows.';
COMMENT ON COLUMN raw.drops.settled_at IS 'When its last stage was reached; null while it waits.';
CREATE INDEX drops_received ON raw.drops (source, received_at) WHERE kind IN ('webhook', 'supplier_lead', 'request');

CREATE TABLE market.suppliers (
    supplier_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    permitted_categories text [] NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name)
);
COMMENT ON TABLE market.suppliers IS 'One row per company that sends leads to a seller over the API.';
COMMENT ON COLUMN market.suppliers.permitted_categories IS 'Ids of the categories it may send to; empty: none.';

CREATE TABLE core.api_keys (
    key_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    key_hash bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    prefix text NOT NULL CHECK (prefix ~ '^sk_'),
    name text NOT NULL,
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    supplier_id uuid REFERENCES market.suppliers ON DELETE CASCADE,
    scopes text [] NOT NULL CHECK (scopes <@ ARRAY['upload', 'ingest', 'admin'] AND cardinality(scopes) > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    last_used_at timestamptz,
    CHECK (NOT ('ingest' = ANY(scopes)) OR supplier_id IS NOT NULL)
);
CREATE INDEX api_keys_workspace ON core.api_keys (workspace_id, created_at);
COMMENT ON TABLE core.api_keys IS 'One row per key ever made. The key itself was shown once; only its SHA-256 is here.';
COMMENT ON COLUMN core.api_keys.prefix IS 'Its first characters, to know it by.';
COMMENT ON COLUMN core.api_keys.last_used_at IS 'Noted at most once a minute.';

CREATE TABLE core.rate_limits (
    scope text PRIMARY KEY,
    full_at timestamptz NOT NULL
);
COMMENT ON TABLE core.rate_limits IS
'One row per limited caller: when its allowance is whole again (GCRA''s theoretical arrival time).';

CREATE TABLE raw.intake_counts (
    source text NOT NULL,
    outcome text NOT NULL,
    minute timestamptz NOT NULL,
    requests bigint NOT NULL CHECK (requests > 0),
    PRIMARY KEY (minute, source, outcome)
);
COMMENT ON TABLE raw.intake_counts IS
'One row per source, outcome and minute that had requests, from every service process. Refused ones leave no drop.';

CREATE TABLE core.alerts (
    alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    threshold numeric NOT NULL,
    figure numeric NOT NULL,
    counted bigint NOT NULL,
    time_window interval NOT NULL,
    opened_at timestamptz NOT NULL,
    notified_at timestamptz,
    closed_at timestamptz
);
CREATE UNIQUE INDEX alerts_open ON core.alerts (name) WHERE closed_at IS NULL;
COMMENT ON TABLE core.alerts IS
'One row per breach of a threshold, from its first sight until the figure is good again.';

-- The alerts look at the last day every minute; rows come in the order of their time, so a small index will do.
CREATE INDEX lead_assignments_decided ON core.lead_assignments USING brin (decided_at);

ALTER TABLE core.bulk_upload_jobs
ADD COLUMN key_id uuid REFERENCES core.api_keys ON DELETE SET NULL,
ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
ADD COLUMN attempts int NOT NULL DEFAULT 0;
COMMENT ON COLUMN core.bulk_upload_jobs.key_id IS 'Key that uploaded it; null where the command line imported it.';
COMMENT ON COLUMN core.bulk_upload_jobs.updated_at IS 'Its last sign of life.';
COMMENT ON COLUMN core.bulk_upload_jobs.attempts IS 'Imports that began.';

ALTER TABLE core.quarantined_rows
ADD COLUMN settled_at timestamptz,
ADD COLUMN settled_by text,
ADD COLUMN repair_drop_id bigint REFERENCES raw.drops,
ADD CONSTRAINT quarantined_rows_settled CHECK ((status = 'waiting') = (settled_at IS NULL));
CREATE INDEX quarantined_rows_waiting ON core.quarantined_rows (drop_id, row_no) WHERE status = 'waiting';
CREATE INDEX quarantined_rows_repairs ON core.quarantined_rows (repair_drop_id) WHERE repair_drop_id IS NOT NULL;
COMMENT ON COLUMN core.quarantined_rows.row_no IS 'Row of the drop, from 0; -1 where the drop was refused whole.';
COMMENT ON COLUMN core.quarantined_rows.settled_by IS 'Recipe, file or reason by which it was repaired or discarded.';
COMMENT ON COLUMN core.quarantined_rows.repair_drop_id IS 'Drop that holds the repaired row.';

CREATE TABLE core.archived_leads (
    lead_id uuid PRIMARY KEY,
    blob_path text NOT NULL,
    run_id text NOT NULL,
    archived_at timestamptz NOT NULL
);
COMMENT ON TABLE core.archived_leads IS
'One row per lead whose personal data was moved to the blob store; core.leads keeps its pseudonymous facts.';

-- Leads that are enriched and uploaded: those that DataShopper brought, also where their row was repaired first.
CREATE VIEW core.discovered_leads WITH (security_invoker = true) AS
SELECT l.lead_id, d.day
FROM raw.drops d JOIN core.leads l USING (drop_id)
WHERE d.source = 'datashopper' AND d.kind IN ('vendor_page', 'webhook')
    AND NOT EXISTS (SELECT 1 FROM core.archived_leads a WHERE a.lead_id = l.lead_id)
UNION ALL
SELECT DISTINCT l.lead_id, d.day
FROM raw.drops d JOIN core.leads l USING (drop_id)
JOIN core.quarantined_rows q ON q.repair_drop_id = d.drop_id AND q.repaired_lead_id = l.lead_id
JOIN raw.drops o ON o.drop_id = q.drop_id
WHERE d.kind = 'repair' AND o.source = 'datashopper'
    AND NOT EXISTS (SELECT 1 FROM core.archived_leads a WHERE a.lead_id = l.lead_id);
COMMENT ON VIEW core.discovered_leads IS 'One row per lead that DataShopper brought, with the day of its drop.';

-- What the CRM's webhooks look like to whoever watches them (E-07, E-29).
CREATE VIEW core.webhook_events WITH (security_invoker = true) AS
SELECT
    d.drop_id,
    CASE WHEN d.external_id LIKE 'event/%%' THEN split_part(d.external_id, '/', 3) END AS lead_id,
    d.event_type AS hook_action,
    CASE
        WHEN d.stage = 'quarantined' OR d.quarantined_rows > 0 THEN 'failed'
        WHEN d.stage IN ('routed', 'kept') THEN 'completed'
        ELSE 'pending'
    END AS status,
    d.received_at,
    d.settled_at AS processed_at,
    coalesce(d.error, q.reasons -> 0 ->> 'check') AS error_message,
    d.workspace_id
FROM raw.drops d LEFT JOIN core.quarantined_rows q ON q.drop_id = d.drop_id AND q.row_no = 0
WHERE d.source = 'c2s' AND d.kind = 'webhook';
COMMENT ON VIEW core.webhook_events IS 'One row per event of the CRM, with what became of it.';

CREATE VIEW core.latest_webhook_events WITH (security_invoker = true) AS
SELECT * FROM core.webhook_events ORDER BY received_at DESC, drop_id DESC LIMIT 10;
COMMENT ON VIEW core.latest_webhook_events IS 'The last ten events of the CRM, newest first.';
"""

DOWN = """
-- What dbt built hangs on the views and columns that go; dbt builds it again.
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
DROP VIEW core.latest_webhook_events, core.webhook_events, core.discovered_leads;
DROP TABLE core.archived_leads;
DROP INDEX core.quarantined_rows_waiting, core.quarantined_rows_repairs;
DELETE FROM core.quarantined_rows q USING raw.drops d
WHERE d.drop_id = q.drop_id AND (d.workspace_id IS NULL OR q.row_no < 0);
ALTER TABLE core.quarantined_rows
DROP CONSTRAINT quarantined_rows_settled, DROP COLUMN repair_drop_id, DROP COLUMN settled_by, DROP COLUMN settled_at;
ALTER TABLE core.bulk_upload_jobs DROP COLUMN attempts, DROP COLUMN updated_at, DROP COLUMN key_id;
DROP INDEX core.lead_assignments_decided;
DROP TABLE core.alerts, raw.intake_counts, core.rate_limits, core.api_keys, market.suppliers;
DROP SCHEMA market;
-- Drops of kinds that the older schema does not know go, with the leads that they brought left where they are.
DELETE FROM core.quarantined_rows q USING raw.drops d
WHERE d.drop_id = q.drop_id AND d.kind NOT IN ('vendor_page', 'vendor_answer', 'csv');
UPDATE core.enrichments SET answer_drop_id = NULL WHERE answer_drop_id IN (
    SELECT drop_id FROM raw.drops WHERE kind NOT IN ('vendor_page', 'vendor_answer', 'csv')
);
DELETE FROM raw.drops WHERE workspace_id IS NULL OR kind NOT IN ('vendor_page', 'vendor_answer', 'csv');
DROP INDEX raw.drops_received;
ALTER TABLE raw.drops
DROP CONSTRAINT drops_stage_check,
ADD CONSTRAINT drops_stage_check CHECK (stage IN ('landed', 'validated', 'scored', 'routed', 'kept')),
DROP CONSTRAINT drops_kind_check,
ADD CONSTRAINT drops_kind_check CHECK (kind IN ('vendor_page', 'vendor_answer', 'csv')),
DROP COLUMN settled_at,
ALTER COLUMN workspace_id SET NOT NULL;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
