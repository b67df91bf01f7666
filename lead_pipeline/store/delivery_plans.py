"""Messages that follow from what is decided already: leads that are enriched, and leads that a rule wants told of.

Their deciding rows are the outbox: ids follow from them, so planning twice writes once. Sales and notices are written
down by whoever decides them (`intents`). A destination is told of nothing that was over before it was made.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from lead_pipeline.store.intents import CONTENT_VERSION

_FRESH_DROPS = """
    SELECT d.drop_id FROM raw.drops d
    WHERE d.stage = 'routed' AND d.accepted_rows > 0 AND d.day {days}
        AND NOT EXISTS (SELECT 1 FROM outbound.routed_drops n WHERE n.drop_id = d.drop_id)
"""
_ENRICHED = """
    FROM core.discovered_leads f
    JOIN core.leads l USING (lead_id)
    JOIN core.intent_scores s USING (lead_id)
    JOIN core.enrichments e ON e.lead_id = f.lead_id AND e.vendor = 'clay' AND e.status IN ('completed', 'skipped')
    JOIN LATERAL (
        SELECT x.destination_id FROM core.lead_assignments x
        WHERE x.lead_id = f.lead_id AND x.destination_kind = 'workspace' ORDER BY x.seq DESC LIMIT 1
    ) a ON true
    JOIN outbound.receivers r ON r.workspace_id = a.destination_id AND r.buyer_id IS NULL
    JOIN outbound.destinations x ON x.destination_id = r.destination_id AND x.created_at <= e.settled_at
    CROSS JOIN LATERAL (
        SELECT CASE WHEN s.band = 'hot' AND r.kinds @> '{{hot_lead}}' THEN 'hot_lead' ELSE 'new_lead' END AS kind,
            'lead/' || f.lead_id AS subject
    ) told
    WHERE f.day {days} AND r.kinds @> ARRAY[told.kind] AND NOT EXISTS (
        SELECT 1 FROM outbound.deliveries d WHERE d.delivery_id
            = outbound.delivery_id(told.kind, told.subject, r.destination_id, %(version)s)
    )
"""


@dataclass(frozen=True)
class RoutedLeads:
    """Leads of fresh drops that one rule took for one workspace. `channels`: how it wants them told of.

    `lead_ids` are the first of them.
    """

    rule_id: str
    rule: str
    destination_workspace_id: str
    channels: list[str]
    count: int
    first_drop: int
    last_drop: int
    lead_ids: list[str]


def lock_planning(conn: psycopg.Connection) -> None:
    """One planner at a time, until the transaction ends."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('outbound.deliveries', 0))")


def intend_enriched(conn: psycopg.Connection, day: date, *, now: datetime, run_id: str) -> int:
    """Write down whom the enriched leads of a day are told to: destinations of the workspace that owns each now.

    A hot lead is told of as hot to whoever wants that, else as new. Returns how many messages are new.
    """
    given = {"day": day, "version": CONTENT_VERSION, "now": now, "run_id": run_id}
    return conn.execute(_INTEND_ENRICHED, given).rowcount


def take_routed(conn: psycopg.Connection, day: date, *, most: int, now: datetime, run_id: str) -> list[RoutedLeads]:
    """Leads of a day's drops that nobody was asked about yet, of rules with notify_via; the drops are noted as told.

    `most`: how many lead ids are named.
    """
    given = {"day": day, "most": most, "now": now, "run_id": run_id}
    return [RoutedLeads(*row) for row in conn.execute(_TAKE_ROUTED, given)]


def days_to_deliver(conn: psycopg.Connection, since: date, now: datetime) -> dict[date, int]:
    """Days with messages that are due, leads that are enriched and not told of, and drops that are routed and new."""
    given: dict[str, Any] = {"since": since, "now": now, "version": CONTENT_VERSION}
    return dict(conn.execute(_DAYS, given).fetchall())


_INTEND_ENRICHED = f"""
INSERT INTO outbound.deliveries
    (delivery_id, workspace_id, destination_id, channel, kind, subject, lead_id, content_version, day, run_id,
    intended_at, next_attempt_at)
SELECT outbound.delivery_id(told.kind, told.subject, r.destination_id, %(version)s), r.workspace_id, r.destination_id,
    r.channel, told.kind, told.subject, f.lead_id, %(version)s, f.day, %(run_id)s, %(now)s, %(now)s
{_ENRICHED.format(days="= %(day)s")}
ON CONFLICT DO NOTHING
"""
_TAKE_ROUTED = f"""
WITH fresh AS (
    INSERT INTO outbound.routed_drops (drop_id, messages, run_id, noted_at)
    SELECT drop_id, 0, %(run_id)s, %(now)s FROM ({_FRESH_DROPS.format(days="= %(day)s")}) n
    ON CONFLICT DO NOTHING RETURNING drop_id
)
SELECT r.rule_id::text, r.rule_name, a.destination_id::text,
    ARRAY(SELECT jsonb_array_elements_text(r.actions -> 'notify_via')), count(*), min(l.drop_id), max(l.drop_id),
    (array_agg(l.lead_id::text ORDER BY l.lead_id))[1:%(most)s]
FROM fresh
JOIN core.leads l USING (drop_id)
JOIN core.lead_assignments a ON a.lead_id = l.lead_id AND a.destination_kind = 'workspace' AND a.seq = 1
JOIN core.lead_routing_rules r ON r.rule_id = a.rule_id AND r.version = a.rule_version
WHERE jsonb_typeof(r.actions -> 'notify_via') = 'array'
GROUP BY r.rule_id, r.rule_name, r.actions, a.destination_id
ORDER BY r.rule_name, a.destination_id
"""  # noqa: S608 - constants
_DAYS = f"""
SELECT day, sum(waiting)::bigint FROM (
    SELECT d.day, count(*) AS waiting FROM outbound.deliveries d JOIN outbound.destinations x USING (destination_id)
    WHERE d.state IN ('intended', 'sent', 'unknown') AND d.next_attempt_at <= %(now)s
        AND (x.retry_at IS NULL OR x.retry_at <= %(now)s)
    GROUP BY d.day
    UNION ALL
    SELECT f.day, count(*) {_ENRICHED.format(days=">= %(since)s")} GROUP BY f.day
    UNION ALL
    SELECT d.day, count(*) FROM raw.drops d WHERE d.drop_id IN ({_FRESH_DROPS.format(days=">= %(since)s")})
    GROUP BY d.day
) waiting GROUP BY day ORDER BY day
"""  # noqa: S608 - constants
