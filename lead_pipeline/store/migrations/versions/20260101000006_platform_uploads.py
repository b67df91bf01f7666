"""The ledger of uploads: intent, attempts, outcome, billing event."""

from alembic import op

revision = "20260101000006"
down_revision = "20260101000005"

UP = """
CREATE TABLE outbound.upload_batches (
    batch_key text PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES core.workspaces,
    platform text NOT NULL,
    band text NOT NULL CHECK (band IN ('hot', 'warm')),
    day date NOT NULL,
    status text NOT NULL DEFAULT 'intended' CHECK (status IN ('intended', 'unknown', 'confirmed', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    error text,
    run_id text NOT NULL,
    intended_at timestamptz NOT NULL,
    settled_at timestamptz,
    CHECK ((status IN ('confirmed', 'failed')) = (settled_at IS NOT NULL))
);
CREATE INDEX upload_batches_open ON outbound.upload_batches (day) WHERE status IN ('intended', 'unknown');

CREATE TABLE outbound.platform_uploads (
    lead_id uuid PRIMARY KEY,
    batch_key text NOT NULL REFERENCES outbound.upload_batches,
    payload jsonb NOT NULL,
    status text NOT NULL DEFAULT 'intended' CHECK (status IN ('intended', 'confirmed', 'rejected', 'failed')),
    reason text,
    settled_at timestamptz,
    CHECK ((status IN ('rejected', 'failed')) = (reason IS NOT NULL))
);
CREATE INDEX platform_uploads_batch ON outbound.platform_uploads (batch_key);

CREATE TABLE outbound.upload_attempts (
    batch_key text NOT NULL REFERENCES outbound.upload_batches,
    attempt_no int NOT NULL,
    action text NOT NULL CHECK (action IN ('send', 'ask')),
    outcome text CHECK (outcome IN ('confirmed', 'absent', 'unknown', 'refused', 'unavailable')),
    error text,
    run_id text NOT NULL,
    attempted_at timestamptz NOT NULL,
    PRIMARY KEY (batch_key, attempt_no)
);

CREATE TABLE outbound.billing_events (
    lead_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('platform_upload')),
    workspace_id uuid NOT NULL REFERENCES core.workspaces,
    platform text NOT NULL,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (lead_id, kind)
);

COMMENT ON TABLE outbound.upload_batches IS
'One row per batch, written with its idempotency key before the platform is called.';
COMMENT ON TABLE outbound.platform_uploads IS 'One row per lead that is or will be on a platform: never a second one.';
COMMENT ON TABLE outbound.upload_attempts IS
'One row per call about a batch: sends, and questions after a lost answer.';
COMMENT ON COLUMN outbound.upload_attempts.outcome IS
'NULL from before the call until it is settled: a batch that has such a send is asked about before it is sent again.';
COMMENT ON TABLE outbound.billing_events IS 'One row per confirmed upload, written with the confirmation.';
"""

DOWN = """
DROP TABLE outbound.billing_events, outbound.upload_attempts, outbound.platform_uploads, outbound.upload_batches;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
