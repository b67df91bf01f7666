"""Schemas, workspaces, queries, and the drops that everything is rebuilt from."""

from alembic import op

revision = "20260101000001"
down_revision = None

UP = """
CREATE SCHEMA raw;
CREATE SCHEMA core;
CREATE SCHEMA outbound;
CREATE SCHEMA analytics;

CREATE TABLE core.workspaces (
    workspace_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL,
    plan text NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'pro')),
    time_zone text NOT NULL DEFAULT 'UTC',
    country text CHECK (country ~ '^[A-Z]{2}$'),
    settings jsonb NOT NULL DEFAULT '{}',
    branding jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE core.queries (
    query_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    name text NOT NULL,
    filters jsonb NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    last_run_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workspace_id, name)
);

CREATE TABLE raw.drops (
    drop_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('vendor_page', 'vendor_answer', 'csv')),
    event_type text,
    external_id text NOT NULL,
    workspace_id uuid NOT NULL REFERENCES core.workspaces,
    query_id uuid REFERENCES core.queries ON DELETE SET NULL,
    headers jsonb NOT NULL DEFAULT '{}',
    body bytea,
    blob_path text,
    body_sha256 text NOT NULL CHECK (body_sha256 ~ '^[0-9a-f]{64}$'),
    day date NOT NULL,
    received_at timestamptz NOT NULL,
    stage text NOT NULL DEFAULT 'landed' CHECK (stage IN ('landed', 'validated', 'scored', 'routed', 'kept')),
    next_row bigint NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    error text,
    received_rows bigint NOT NULL DEFAULT 0,
    accepted_rows bigint NOT NULL DEFAULT 0,
    duplicate_rows bigint NOT NULL DEFAULT 0,
    quarantined_rows bigint NOT NULL DEFAULT 0,
    CONSTRAINT drops_external_id UNIQUE (source, external_id),
    CONSTRAINT drops_have_one_body CHECK ((body IS NULL) <> (blob_path IS NULL)),
    CONSTRAINT drops_account_for_every_row
    CHECK (received_rows = accepted_rows + duplicate_rows + quarantined_rows)
);
CREATE INDEX drops_pending ON raw.drops (stage, day, drop_id) WHERE stage IN ('landed', 'validated', 'scored');
CREATE INDEX drops_day ON raw.drops (day, kind);

COMMENT ON TABLE core.workspaces IS 'One row per tenant. settings.platforms holds its platforms'' addresses and keys.';
COMMENT ON TABLE core.queries IS 'One row per standing search of a workspace, run once a day while it is active.';
COMMENT ON TABLE raw.drops IS 'One row per thing that arrived; append-only but for stage and counts.';
COMMENT ON COLUMN raw.drops.day IS 'Partition: the day a pull was for, else the UTC day of receipt.';
COMMENT ON COLUMN raw.drops.next_row IS 'First row of the body that the validation has not committed yet.';
COMMENT ON COLUMN raw.drops.stage IS
'landed, validated, scored, routed: how far its leads are; kept: an answer that holds no leads.';
"""

DOWN = """
DROP SCHEMA IF EXISTS analytics CASCADE;
DROP SCHEMA outbound;
DROP TABLE raw.drops, core.queries, core.workspaces;
DROP SCHEMA core;
DROP SCHEMA raw;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
