"""Enrichment of leads and the contacts that it found."""

from alembic import op

revision = "20260101000005"
down_revision = "20260101000004"

UP = """
CREATE TABLE core.enrichments (
    lead_id uuid NOT NULL,
    vendor text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'completed', 'skipped', 'failed')),
    reason text,
    contacts_found int NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    answer_drop_id bigint REFERENCES raw.drops,
    run_id text,
    day date NOT NULL,
    requested_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (lead_id, vendor),
    CHECK ((status = 'pending') = (settled_at IS NULL)),
    CHECK ((status IN ('skipped', 'failed')) = (reason IS NOT NULL))
);
CREATE INDEX enrichments_pending ON core.enrichments (vendor, day, lead_id) WHERE status = 'pending';

CREATE TABLE core.lead_contacts (
    lead_id uuid NOT NULL,
    contact_no smallint NOT NULL,
    full_name text NOT NULL,
    email text,
    email_status text CHECK (email_status IN ('valid', 'invalid', 'unknown')),
    title text,
    seniority text,
    department text,
    linkedin_url text,
    is_primary boolean NOT NULL,
    PRIMARY KEY (lead_id, contact_no)
);

COMMENT ON TABLE core.enrichments IS
'One row per lead and vendor, written as pending before the vendor is asked and settled once.';
COMMENT ON TABLE core.lead_contacts IS 'One row per person found at a lead''s company, at most five a lead.';
"""

DOWN = """
DROP TABLE core.lead_contacts, core.enrichments;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
