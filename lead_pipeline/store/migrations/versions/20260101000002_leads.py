"""Leads, their later sightings, and the rows that were refused."""

from alembic import op

revision = "20260101000002"
down_revision = "20260101000001"

UP = """
CREATE TYPE core.lead_type AS ENUM ('INDIVIDUAL', 'COMPANY');

CREATE TABLE core.leads (
    lead_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    drop_id bigint NOT NULL,
    row_no bigint NOT NULL,
    fingerprint uuid NOT NULL,
    type core.lead_type NOT NULL,
    country_inferred boolean NOT NULL,
    employee_count int,
    revenue bigint,
    received_at timestamptz NOT NULL,
    day date NOT NULL,
    full_name text,
    first_name text,
    last_name text,
    job_title text,
    email text,
    phone text,
    company_name text,
    domain text,
    website text,
    linkedin_url text,
    industry text,
    industry_group text,
    country text,
    state text,
    region text,
    city text,
    postal_code text,
    country_raw text,
    state_raw text,
    flags text [] NOT NULL,
    attributes jsonb,
    signals jsonb,
    CONSTRAINT leads_fingerprint UNIQUE (workspace_id, fingerprint)
);
CREATE INDEX leads_drop ON core.leads (drop_id, row_no);

CREATE TABLE core.lead_sightings (
    drop_id bigint NOT NULL,
    row_no bigint NOT NULL,
    lead_id uuid NOT NULL,
    PRIMARY KEY (drop_id, row_no)
);
CREATE INDEX lead_sightings_lead ON core.lead_sightings (lead_id);

CREATE TABLE core.quarantined_rows (
    drop_id bigint NOT NULL REFERENCES raw.drops,
    row_no bigint NOT NULL,
    row jsonb NOT NULL,
    reasons jsonb NOT NULL CHECK (jsonb_array_length(reasons) > 0),
    contract_version text NOT NULL,
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'repaired', 'discarded')),
    repaired_lead_id uuid,
    quarantined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (drop_id, row_no)
);

COMMENT ON TABLE core.leads IS 'One row per lead and workspace, as first received. Insert-only.';
COMMENT ON COLUMN core.leads.lead_id IS 'UUIDv7 layout: receive time, drop id, row number; the same on a rebuild.';
COMMENT ON COLUMN core.leads.workspace_id IS 'Where it was received. The owner is the latest assignment.';
COMMENT ON TABLE core.lead_sightings IS 'One row per later arrival of a known lead.';
COMMENT ON TABLE core.quarantined_rows IS 'One row per refused row, kept whole with every reason.';
"""

DOWN = """
DROP TABLE core.quarantined_rows, core.lead_sightings, core.leads;
DROP TYPE core.lead_type;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
