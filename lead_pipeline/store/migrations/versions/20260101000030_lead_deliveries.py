"""Deliveries in what users know of a lead; drops whose routed leads were told of. Views are made anew.

`l.*` stands for the columns that leads have by now: the overview shows what was added to them since it was first made.
"""

from alembic import op

revision = "20260101000030"
down_revision = "20260101000029"

FUNCTIONS = """
CREATE FUNCTION core.get_leads_by_intent_score(_workspace_id uuid, _score text)
RETURNS SETOF core.lead_overview LANGUAGE sql STABLE AS $$
    SELECT o.* FROM core.lead_overview o
    WHERE o.workspace_id = _workspace_id AND o.intent_score = _score
    ORDER BY o.received_at DESC, o.lead_id
$$;
CREATE FUNCTION core.get_leads_ready_for_upload(_workspace_id uuid, _min_score text)
RETURNS SETOF core.lead_overview LANGUAGE sql STABLE AS $$
    SELECT o.* FROM core.lead_overview o
    WHERE o.workspace_id = _workspace_id
        AND core.band_rank(o.intent_score) >= core.band_rank(_min_score)
        AND o.enrichment_status IN ('completed', 'skipped')
        AND NOT EXISTS (SELECT 1 FROM outbound.platform_uploads u WHERE u.lead_id = o.lead_id)
    ORDER BY core.band_rank(o.intent_score) DESC, o.received_at, o.lead_id
$$;
"""
OVERVIEW = """
DROP FUNCTION core.get_leads_ready_for_upload(uuid, text), core.get_leads_by_intent_score(uuid, text);
DROP VIEW core.lead_overview;
CREATE VIEW core.lead_overview WITH (security_invoker = true) AS
SELECT
    {columns},
    CASE WHEN s.lead_id IS NOT NULL THEN jsonb_build_object(
        'score', s.band, 'signals', coalesce(l.signals, '[]'), 'last_updated', s.scored_at
    ) END AS intent_data,
    s.band AS intent_score,
    a.destination_id AS destination_workspace_id,
    a.rule_id AS routing_rule_id,
    CASE WHEN a.lead_id IS NOT NULL THEN jsonb_build_object(
        'routing_reason', a.reason, 'rule_version', a.rule_version,
        'rule_set_version', a.rule_set_version, 'decided_at', a.decided_at
    ) END AS routing_metadata,
    r.actions -> 'tag_with' AS tags,
    e.status AS enrichment_status,
    e.reason AS enrichment_reason,
    e.settled_at AS enriched_at,
    coalesce(u.status = 'confirmed', false) AS platform_uploaded,
    CASE WHEN u.status = 'confirmed' THEN u.settled_at END AS platform_uploaded_at,
    CASE WHEN u.status = 'confirmed' THEN b.platform END AS platform_name{more}
FROM core.leads l
LEFT JOIN core.intent_scores s USING (lead_id)
LEFT JOIN LATERAL (
    SELECT x.* FROM core.lead_assignments x
    WHERE x.lead_id = l.lead_id AND x.destination_kind = 'workspace' ORDER BY x.seq DESC LIMIT 1
) a ON true
LEFT JOIN core.lead_routing_rules r ON r.rule_id = a.rule_id AND r.version = a.rule_version
LEFT JOIN core.enrichments e ON e.lead_id = l.lead_id AND e.vendor = 'clay'
LEFT JOIN outbound.platform_uploads u ON u.lead_id = l.lead_id
LEFT JOIN outbound.upload_batches b ON b.batch_key = u.batch_key{joins};
COMMENT ON VIEW core.lead_overview IS 'One row per lead: what was received, and what every stage made of it.';
GRANT SELECT ON core.lead_overview TO lead_pipeline_api, lead_pipeline_analyst;
"""
EVENTS = """
CREATE OR REPLACE VIEW core.lead_events WITH (security_invoker = true) AS
SELECT l.lead_id, l.received_at AS happened_at, 1 AS step, 'received' AS event, NULL AS run_id,
    jsonb_build_object('drop_id', l.drop_id, 'row_no', l.row_no) AS detail FROM core.leads l
UNION ALL
SELECT g.lead_id, d.received_at, 2, 'seen again', NULL,
    jsonb_build_object('drop_id', g.drop_id, 'row_no', g.row_no)
FROM core.lead_sightings g JOIN raw.drops d USING (drop_id)
UNION ALL
SELECT s.lead_id, s.scored_at, 3, 'scored', s.run_id,
    jsonb_build_object('band', s.band, 'high', s.high_count, 'medium', s.medium_count, 'low', s.low_count)
FROM core.intent_scores s
UNION ALL
SELECT a.lead_id, a.decided_at, 4, 'routed', a.run_id,
    jsonb_build_object('destination', a.destination_id, 'reason', a.reason, 'rule_set', a.rule_set_version)
FROM core.lead_assignments a
UNION ALL
SELECT e.lead_id, coalesce(e.settled_at, e.requested_at), 5, 'enrichment ' || e.status, e.run_id,
    jsonb_build_object('vendor', e.vendor, 'contacts', e.contacts_found, 'reason', e.reason)
FROM core.enrichments e
UNION ALL
SELECT u.lead_id, coalesce(u.settled_at, b.intended_at), 6, 'upload ' || u.status, b.run_id,
    jsonb_build_object('platform', b.platform, 'batch', b.batch_key, 'reason', u.reason)
FROM outbound.platform_uploads u JOIN outbound.upload_batches b USING (batch_key)
"""
DELIVERED = """
UNION ALL
SELECT d.lead_id, coalesce(d.settled_at, d.attempted_at, d.intended_at), 7, 'delivery ' || d.state, d.run_id,
    jsonb_build_object('channel', d.channel, 'kind', d.kind, 'delivery_id', d.delivery_id, 'attempts', d.attempts,
        'error', d.error)
FROM outbound.deliveries d WHERE d.lead_id IS NOT NULL
"""
MORE = """,
    d.status AS delivery_status,
    d.delivered_at"""
JOINS = """
LEFT JOIN LATERAL (
    SELECT
        CASE
            WHEN count(*) = 0 THEN NULL
            WHEN bool_or(x.state IN ('intended', 'sent', 'unknown')) THEN 'pending'
            WHEN bool_or(x.state = 'confirmed') THEN 'delivered'
            WHEN bool_and(x.state = 'skipped') THEN 'skipped'
            ELSE 'failed'
        END AS status,
        max(x.settled_at) FILTER (WHERE x.state = 'confirmed') AS delivered_at
    FROM outbound.deliveries x WHERE x.lead_id = l.lead_id AND x.kind IN ('new_lead', 'hot_lead')
) d ON true"""
# The columns of core.leads of the day on which the overview was first made.
FIRST_COLUMNS = (
    "lead_id, workspace_id, drop_id, row_no, fingerprint, type, country_inferred, employee_count, revenue, "
    "received_at, day, full_name, first_name, last_name, job_title, email, phone, company_name, domain, website, "
    "linkedin_url, industry, industry_group, country, state, region, city, postal_code, country_raw, state_raw, flags, "
    "attributes, signals"
)
TABLES = """
CREATE TABLE outbound.routed_drops (
    drop_id bigint PRIMARY KEY,
    messages int NOT NULL,
    run_id text NOT NULL,
    noted_at timestamptz NOT NULL
);
COMMENT ON TABLE outbound.routed_drops IS
'One row per drop whose leads are routed and whose rules were asked whether somebody is told (notify_via).';
-- Nobody is told of what was routed before.
INSERT INTO outbound.routed_drops (drop_id, messages, run_id, noted_at)
SELECT drop_id, 0, 'migration', now() FROM raw.drops WHERE stage = 'routed';
"""


def _columns(names: str) -> str:
    return ", ".join(f"l.{name.strip()}" for name in names.split(","))


def upgrade() -> None:
    op.execute(OVERVIEW.format(columns="l.*", more=MORE, joins=JOINS) + FUNCTIONS + EVENTS + DELIVERED + ";" + TABLES)


def downgrade() -> None:
    # What dbt built may hang on the views that go; dbt builds it again.
    op.execute("DROP SCHEMA IF EXISTS analytics CASCADE; CREATE SCHEMA analytics; DROP TABLE outbound.routed_drops;")
    op.execute(OVERVIEW.format(columns=_columns(FIRST_COLUMNS), more="", joins="") + FUNCTIONS + EVENTS + ";")
