"""Intent scores, and the views and functions that show a lead with every stage's columns."""

from alembic import op

revision = "20260101000007"
down_revision = "20260101000006"

UP = """
CREATE TABLE core.intent_scores (
    lead_id uuid PRIMARY KEY,
    drop_id bigint NOT NULL,
    band text NOT NULL CHECK (band IN ('hot', 'warm', 'cold')),
    high_count smallint NOT NULL,
    medium_count smallint NOT NULL,
    low_count smallint NOT NULL,
    deciding jsonb,
    run_id text NOT NULL,
    scored_at timestamptz NOT NULL
);
COMMENT ON TABLE core.intent_scores IS 'One row per lead: the band, the counts and the signals that decided it.';

-- The lead as users know it: every stage's columns beside one another.
CREATE VIEW core.lead_overview WITH (security_invoker = true) AS
SELECT
    l.*,
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
    CASE WHEN u.status = 'confirmed' THEN b.platform END AS platform_name
FROM core.leads l
LEFT JOIN core.intent_scores s USING (lead_id)
LEFT JOIN LATERAL (
    SELECT x.* FROM core.lead_assignments x
    WHERE x.lead_id = l.lead_id AND x.destination_kind = 'workspace' ORDER BY x.seq DESC LIMIT 1
) a ON true
LEFT JOIN core.lead_routing_rules r ON r.rule_id = a.rule_id AND r.version = a.rule_version
LEFT JOIN core.enrichments e ON e.lead_id = l.lead_id AND e.vendor = 'clay'
LEFT JOIN outbound.platform_uploads u ON u.lead_id = l.lead_id
LEFT JOIN outbound.upload_batches b ON b.batch_key = u.batch_key;

CREATE VIEW core.lead_events WITH (security_invoker = true) AS
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
FROM outbound.platform_uploads u JOIN outbound.upload_batches b USING (batch_key);

CREATE VIEW core.lead_intent_breakdown WITH (security_invoker = true) AS
SELECT
    l.workspace_id,
    count(*) FILTER (WHERE s.band = 'hot') AS hot_count,
    count(*) FILTER (WHERE s.band = 'warm') AS warm_count,
    count(*) FILTER (WHERE s.band = 'cold') AS cold_count,
    count(*) AS total_count,
    round(100.0 * count(*) FILTER (WHERE s.band = 'hot') / nullif(count(*), 0), 2) AS hot_percentage,
    round(100.0 * count(*) FILTER (WHERE s.band = 'warm') / nullif(count(*), 0), 2) AS warm_percentage
FROM core.leads l JOIN core.intent_scores s USING (lead_id)
GROUP BY l.workspace_id;

COMMENT ON VIEW core.lead_overview IS 'One row per lead: what was received, and what every stage made of it.';
COMMENT ON VIEW core.lead_events IS 'One row per thing that happened to a lead; step orders what has one time.';
COMMENT ON VIEW core.lead_intent_breakdown IS 'One row per workspace that has scored leads: counts and shares by band.';

CREATE FUNCTION core.band_rank(_band text) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE _band WHEN 'hot' THEN 3 WHEN 'warm' THEN 2 WHEN 'cold' THEN 1 END $$;

CREATE FUNCTION core.get_leads_by_intent_score(_workspace_id uuid, _score text)
RETURNS SETOF core.lead_overview LANGUAGE sql STABLE AS $$
    SELECT o.* FROM core.lead_overview o
    WHERE o.workspace_id = _workspace_id AND o.intent_score = _score
    ORDER BY o.received_at DESC, o.lead_id
$$;

CREATE FUNCTION core.get_platform_upload_stats(_workspace_id uuid)
RETURNS TABLE (platform_name text, uploaded bigint, rejected bigint, waiting bigint, last_uploaded_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT b.platform,
        count(*) FILTER (WHERE u.status = 'confirmed'),
        count(*) FILTER (WHERE u.status IN ('rejected', 'failed')),
        count(*) FILTER (WHERE u.status = 'intended'),
        max(u.settled_at) FILTER (WHERE u.status = 'confirmed')
    FROM outbound.platform_uploads u JOIN outbound.upload_batches b USING (batch_key)
    WHERE b.workspace_id = _workspace_id GROUP BY b.platform ORDER BY b.platform
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

DOWN = """
DROP FUNCTION core.get_leads_ready_for_upload(uuid, text), core.get_platform_upload_stats(uuid),
core.get_leads_by_intent_score(uuid, text), core.band_rank(text);
DROP VIEW core.lead_intent_breakdown, core.lead_events, core.lead_overview;
DROP TABLE core.intent_scores;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
