"""The C2S chain: events, enrichments of a party, the persons found, and messages to the CRM."""

from alembic import op

revision = "20260101000012"
down_revision = "20260101000011"

UP = """
CREATE TABLE core.party_enrichments (
    enrichment_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL REFERENCES core.workspaces,
    crm_lead_id text NOT NULL,
    contact_key bytea NOT NULL CHECK (length(contact_key) = 32),
    first_drop_id bigint NOT NULL REFERENCES raw.drops,
    day date NOT NULL,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed', 'failed')),
    reason text,
    same_person boolean,
    validations_off text [] NOT NULL DEFAULT '{}',
    validations_used text [] NOT NULL DEFAULT '{}' CHECK (validations_used <@ validations_off),
    attempts int NOT NULL DEFAULT 0,
    run_id text NOT NULL,
    requested_at timestamptz NOT NULL,
    next_attempt_at timestamptz,
    looked_up_at timestamptz,
    settled_at timestamptz,
    UNIQUE (workspace_id, crm_lead_id, contact_key),
    CHECK ((status = 'pending') = (settled_at IS NULL)),
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
    CHECK (status <> 'failed' OR reason IS NOT NULL)
);
CREATE INDEX party_enrichments_waiting ON core.party_enrichments (day, seq) WHERE status = 'pending';
CREATE INDEX party_enrichments_day ON core.party_enrichments (day, status);
COMMENT ON TABLE core.party_enrichments IS
'One row per lead of the CRM and distinct contact information: pending until it is settled once.';
COMMENT ON COLUMN core.party_enrichments.enrichment_id IS 'Follows from workspace, lead and contact_key.';
COMMENT ON COLUMN core.party_enrichments.contact_key IS
'Keyed digest of the contacts in normal form, in whatever order: other contacts are another enrichment.';
COMMENT ON COLUMN core.party_enrichments.reason IS
'Why it failed; while it is pending, what went wrong last. Without personal data.';
COMMENT ON COLUMN core.party_enrichments.same_person IS
'Whether a phone and the e-mail gave the same CPF; null where not both gave any.';
COMMENT ON COLUMN core.party_enrichments.validations_off IS 'Checks that were switched off when it was looked up.';
COMMENT ON COLUMN core.party_enrichments.validations_used IS
'Those of them without which a contact would not have been looked up.';
COMMENT ON COLUMN core.party_enrichments.attempts IS 'How often it could not be finished; three fail it.';

CREATE TABLE core.crm_events (
    drop_id bigint PRIMARY KEY REFERENCES raw.drops,
    enrichment_id uuid REFERENCES core.party_enrichments,
    verdict text NOT NULL CHECK (verdict IN ('enrich', 'unchanged', 'no_action', 'refused')),
    reason text,
    noted_at timestamptz NOT NULL,
    CHECK ((verdict IN ('enrich', 'unchanged')) = (enrichment_id IS NOT NULL)),
    CHECK ((verdict = 'refused') = (reason IS NOT NULL))
);
CREATE INDEX crm_events_enrichment ON core.crm_events (enrichment_id) WHERE enrichment_id IS NOT NULL;
COMMENT ON TABLE core.crm_events IS
'One row per event of the CRM that was taken up: it asks for an enrichment, changes no contact, or asks for nothing.';

CREATE TABLE core.contact_lookups (
    enrichment_id uuid NOT NULL REFERENCES core.party_enrichments,
    contact_no smallint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('email', 'phone')),
    contact_masked text NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('asked', 'skipped')),
    reason text,
    found boolean,
    answer_drop_id bigint REFERENCES raw.drops,
    PRIMARY KEY (enrichment_id, contact_no),
    CHECK (verdict = 'asked' OR reason IS NOT NULL),
    CHECK ((verdict = 'asked') = (found IS NOT NULL))
);
COMMENT ON TABLE core.contact_lookups IS 'One row per contact of an enrichment: looked up, or skipped with the reason.';
COMMENT ON COLUMN core.contact_lookups.contact_masked IS 'As people are shown it; the contact itself is in the drop.';

CREATE TABLE core.parties (
    party_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES core.workspaces,
    cpf_digest bytea NOT NULL CHECK (length(cpf_digest) = 32),
    cpf_masked text NOT NULL CHECK (cpf_masked LIKE '***.***.___-**'),
    person_sealed bytea NOT NULL,
    answer_drop_id bigint REFERENCES raw.drops,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (workspace_id, cpf_digest)
);
COMMENT ON TABLE core.parties IS
'One row per person and workspace that contacts of the CRM''s leads belong to. The person is sealed.';
COMMENT ON COLUMN core.parties.party_id IS 'Follows from workspace and CPF.';
COMMENT ON COLUMN core.parties.cpf_digest IS 'Keyed digest of the CPF.';
COMMENT ON COLUMN core.parties.person_sealed IS 'JSON of the person as last told, encrypted (PERSONAL_DATA_KEYS).';

CREATE TABLE core.party_links (
    enrichment_id uuid NOT NULL REFERENCES core.party_enrichments,
    party_id uuid NOT NULL REFERENCES core.parties,
    found_by text [] NOT NULL CHECK (found_by <@ ARRAY['email', 'phone'] AND cardinality(found_by) > 0),
    PRIMARY KEY (enrichment_id, party_id)
);
CREATE INDEX party_links_party ON core.party_links (party_id);
COMMENT ON TABLE core.party_links IS 'One row per enrichment and person that it found.';
COMMENT ON COLUMN core.party_links.found_by IS 'Kinds of contact that gave the CPF.';

-- No foreign key to the enrichment: what was sent stays known when enrichments are made anew from the drops.
CREATE TABLE outbound.crm_messages (
    message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    enrichment_id uuid NOT NULL UNIQUE,
    workspace_id uuid NOT NULL REFERENCES core.workspaces,
    crm_lead_id text NOT NULL,
    reference text NOT NULL UNIQUE,
    body_sealed bytea NOT NULL,
    state text NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'unknown', 'sent', 'failed')),
    attempts int NOT NULL DEFAULT 0,
    error text,
    intended_at timestamptz NOT NULL,
    attempted_at timestamptz,
    sent_at timestamptz,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CHECK (state = 'intended' OR attempted_at IS NOT NULL)
);
CREATE INDEX crm_messages_lead ON outbound.crm_messages (workspace_id, crm_lead_id);
COMMENT ON TABLE outbound.crm_messages IS 'One row per message to a lead of the CRM, written down before it is sent.';
COMMENT ON COLUMN outbound.crm_messages.reference IS
'Goes with the message, and follows from the enrichment: by it the CRM is asked whether it has the message.';
COMMENT ON COLUMN outbound.crm_messages.state IS
'intended: surely not sent; unknown: a send was begun and its outcome is not known; sent; failed: the CRM refused it.';
COMMENT ON COLUMN outbound.crm_messages.attempts IS 'Sends that were begun.';

CREATE TABLE core.digest_key (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32)
);
COMMENT ON TABLE core.digest_key IS 'At most one row: a digest of a fixed word, by which another key is noticed.';

-- Sealed columns and digests are for the owner only.
GRANT SELECT (
    enrichment_id, workspace_id, crm_lead_id, day, status, reason, same_person, validations_off, validations_used,
    attempts, requested_at, next_attempt_at, settled_at
) ON core.party_enrichments TO lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT (party_id, workspace_id, cpf_masked, created_at, updated_at) ON core.parties
TO lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT (
    message_id, enrichment_id, workspace_id, crm_lead_id, reference, state, attempts, error, intended_at, sent_at
) ON outbound.crm_messages TO lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT ON core.contact_lookups, core.party_links TO lead_pipeline_api, lead_pipeline_analyst;

DO $$
DECLARE
    own record;
BEGIN
    FOR own IN SELECT * FROM (VALUES
        ('core.party_enrichments', 'workspace_id = core.current_workspace()'),
        ('core.parties', 'workspace_id = core.current_workspace()'),
        ('outbound.crm_messages', 'workspace_id = core.current_workspace()'),
        ('core.contact_lookups',
            'EXISTS (SELECT 1 FROM core.party_enrichments e WHERE e.enrichment_id = contact_lookups.enrichment_id)'),
        ('core.party_links',
            'EXISTS (SELECT 1 FROM core.party_enrichments e WHERE e.enrichment_id = party_links.enrichment_id)')
    ) AS tables (name, condition) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', own.name);
        EXECUTE format('CREATE POLICY own_workspace ON %s FOR SELECT '
            'TO lead_pipeline_api, lead_pipeline_analyst USING (%s)', own.name, own.condition);
    END LOOP;
END $$;

-- Leads that were routed before there was a chain are not written to now, days later.
INSERT INTO core.crm_events (drop_id, verdict, noted_at)
SELECT drop_id, 'no_action', coalesce(settled_at, received_at) FROM raw.drops
WHERE source = 'c2s' AND kind = 'webhook' AND stage IN ('routed', 'kept');
CREATE OR REPLACE VIEW core.webhook_events WITH (security_invoker = true) AS
SELECT
    d.drop_id,
    CASE WHEN d.external_id LIKE 'event/%%' THEN split_part(d.external_id, '/', 3) END AS lead_id,
    d.event_type AS hook_action,
    CASE
        WHEN d.stage = 'quarantined' OR e.verdict = 'refused' OR p.status = 'failed' THEN 'failed'
        WHEN d.stage = 'kept' OR e.verdict IN ('unchanged', 'no_action') OR p.status = 'completed' THEN 'completed'
        ELSE 'pending'
    END AS status,
    d.received_at,
    CASE
        WHEN d.stage IN ('quarantined', 'kept') THEN d.settled_at
        WHEN e.verdict = 'enrich' THEN p.settled_at
        ELSE e.noted_at
    END AS processed_at,
    coalesce(d.error, e.reason, p.reason, q.reasons -> 0 ->> 'check') AS error_message,
    d.workspace_id
FROM raw.drops d
LEFT JOIN core.crm_events e ON e.drop_id = d.drop_id
LEFT JOIN core.party_enrichments p ON p.enrichment_id = e.enrichment_id AND e.verdict = 'enrich'
LEFT JOIN core.quarantined_rows q ON q.drop_id = d.drop_id AND q.row_no = 0
WHERE d.source = 'c2s' AND d.kind = 'webhook';
COMMENT ON VIEW core.webhook_events IS
'One row per event of the CRM, with what became of it: completed once its lead is enriched and told, or needs nothing.';
"""

DOWN = """
-- What dbt built hangs on the tables and views that go; dbt builds it again.
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
CREATE OR REPLACE VIEW core.webhook_events WITH (security_invoker = true) AS
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
DROP TABLE
outbound.crm_messages, core.party_links, core.parties, core.contact_lookups, core.crm_events, core.party_enrichments,
core.digest_key;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
