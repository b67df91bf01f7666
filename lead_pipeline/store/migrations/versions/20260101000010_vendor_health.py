"""How vendors answer: calls counted, circuits that open, and leads sent to be answered by webhook."""

from alembic import op

revision = "20260101000010"
down_revision = "20260101000009"

UP = """
CREATE TABLE core.vendor_circuits (
    vendor text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('closed', 'open')),
    failures int NOT NULL,
    calls int NOT NULL,
    last_error text,
    changed_at timestamptz NOT NULL,
    retry_at timestamptz,
    wait_seconds double precision NOT NULL DEFAULT 30 CHECK (wait_seconds > 0),
    CHECK ((state = 'open') = (retry_at IS NOT NULL))
);
COMMENT ON TABLE core.vendor_circuits IS
'One row per vendor that has ever failed for a while: whether it is asked at the moment.';
COMMENT ON COLUMN core.vendor_circuits.retry_at IS 'From then on one call at a time is let through to try it.';
COMMENT ON COLUMN core.vendor_circuits.wait_seconds IS 'How long it stays open; doubled by each try that failed.';

CREATE TABLE raw.vendor_calls (
    vendor text NOT NULL,
    outcome text NOT NULL,
    minute timestamptz NOT NULL,
    calls bigint NOT NULL CHECK (calls > 0),
    seconds double precision NOT NULL,
    PRIMARY KEY (minute, vendor, outcome)
);
COMMENT ON TABLE raw.vendor_calls IS
'One row per vendor, outcome and minute with calls, from every process; attempts count one by one.';

ALTER TABLE core.enrichments ADD COLUMN sent_at timestamptz;
COMMENT ON COLUMN core.enrichments.sent_at IS
'When the lead was sent to be answered by a webhook; null where the vendor is asked directly.';
"""

DOWN = """
ALTER TABLE core.enrichments DROP COLUMN sent_at;
DROP TABLE raw.vendor_calls, core.vendor_circuits;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
