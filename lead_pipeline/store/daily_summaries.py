"""What is told to buyers each day: who is still owed a summary, and the facts of their day. Writes nothing.

A buyer's day is what it bought in it, at the prices it was charged: a later refund is told by its own notice. A day on
which it bought nothing is not told of; what it bought does not change any more, so no later look finds otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.deliveries import HOT_SCORE
from lead_pipeline.domain.local_days import LocalDay
from lead_pipeline.store.intents import CONTENT_VERSION

KIND = "daily_summary"
Clock = tuple[str, int]
"""The zone that a receiver's clock shows, as it is stored, and its summary hour."""

_RECEIVERS = f"""
    SELECT r.destination_id, r.workspace_id, r.buyer_id, r.channel, coalesce(r.time_zone, w.time_zone) AS clock,
        r.summary_hour
    FROM outbound.receivers r JOIN core.workspaces w USING (workspace_id)
    JOIN market.buyers b ON b.buyer_id = r.buyer_id AND b.deleted_at IS NULL
    WHERE r.kinds @> '{{{KIND}}}'
"""  # noqa: S608 - constants
# Another wording is another message, but nobody is told of one day twice: every version is looked for.
_OWED = f"""
    owed AS MATERIALIZED (
        SELECT r.*, d.day, d.zone, d.since, d.until FROM ({_RECEIVERS}) r
        JOIN unnest(%(clocks)s::text[], %(hours)s::int[], %(days)s::date[], %(zones)s::text[],
            %(sinces)s::timestamptz[], %(untils)s::timestamptz[]) AS d (clock, summary_hour, day, zone, since, until)
            ON d.clock = r.clock AND d.summary_hour = r.summary_hour
        WHERE NOT EXISTS (
            SELECT 1 FROM generate_series(1, %(version)s) v JOIN outbound.deliveries told
            ON told.delivery_id = outbound.delivery_id('{KIND}', 'summary/' || d.day, r.destination_id, v)
        ) AND EXISTS (
            SELECT 1 FROM core.lead_assignments a JOIN market.campaign_leads l ON l.lead_id = a.lead_id
            WHERE a.destination_kind = 'buyer' AND a.destination_id = r.buyer_id
            AND a.decided_at >= d.since AND a.decided_at < d.until
        )
    )
"""  # noqa: S608 - constants
# Facts are read receiver by receiver, by index: planners take the joins of such sets for a row each.
_FACTS = f"""
    WITH {_OWED}
    SELECT n.destination_id::text, n.workspace_id::text, n.buyer_id::text, n.channel, n.day, n.zone AS time_zone,
        s.currency, coalesce(a.balance_minor, 0) AS balance_minor, t.leads, t.spent_minor, t.hot, t.campaigns
    FROM (SELECT * FROM owed ORDER BY destination_id LIMIT %(limit)s) n
    JOIN market.sellers s ON s.workspace_id = n.workspace_id
    LEFT JOIN market.ledger_accounts a
        ON a.workspace_id = n.workspace_id AND a.kind = 'wallet' AND a.buyer_id = n.buyer_id
    CROSS JOIN LATERAL (
        SELECT sum(leads)::int AS leads, sum(spent)::bigint AS spent_minor, sum(hot)::int AS hot, jsonb_agg(
            jsonb_build_object('name', name, 'leads', leads, 'spent_minor', spent) ORDER BY name, campaign_id
        ) AS campaigns
        FROM (
            SELECT c.campaign_id, c.name, count(*) AS leads, sum(a.price_minor)::bigint AS spent,
                count(*) FILTER (WHERE l.lead_score >= %(hot)s) AS hot
            FROM core.lead_assignments a JOIN market.campaign_leads l ON l.lead_id = a.lead_id
            JOIN market.campaigns c USING (campaign_id)
            WHERE a.destination_kind = 'buyer' AND a.destination_id = n.buyer_id
                AND a.decided_at >= n.since AND a.decided_at < n.until
            GROUP BY c.campaign_id, c.name
        ) sold
    ) t
    ORDER BY n.destination_id
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class Summary:
    """One receiver's day. Amounts in minor units of `currency`; the balance is that of now.

    `campaigns` are `name`, `leads`, `spent_minor` each, by name.
    """

    destination_id: str
    workspace_id: str
    buyer_id: str
    channel: str
    day: date
    time_zone: str
    currency: str
    balance_minor: int
    leads: int
    spent_minor: int
    hot: int
    campaigns: Sequence[Mapping[str, Any]]


def clocks(conn: psycopg.Connection) -> list[Clock]:
    """Each different clock and hour by which buyers' receivers want summaries."""
    return conn.execute(f"SELECT DISTINCT clock, summary_hour FROM ({_RECEIVERS}) r ORDER BY 1, 2").fetchall()  # noqa: S608


def summaries_owed(conn: psycopg.Connection, days: Mapping[Clock, LocalDay], *, limit: int) -> list[Summary]:
    """Facts for whoever is owed a summary of the day of its clock, bought something then and was not told; at most
    `limit`.
    """
    with conn.cursor(row_factory=class_row(Summary)) as cursor:
        return cursor.execute(_FACTS, {**_params(days), "limit": limit, "hot": HOT_SCORE}).fetchall()


def count_owed(conn: psycopg.Connection, days: Mapping[Clock, LocalDay]) -> int:
    """How many receivers `summaries_owed` would find."""
    row = conn.execute(f"WITH {_OWED} SELECT count(*) FROM owed", _params(days)).fetchone()  # noqa: S608 - constants
    assert row is not None
    return int(row[0])


def _params(days: Mapping[Clock, LocalDay]) -> dict[str, Any]:
    return {
        "clocks": [clock for clock, _ in days],
        "hours": [hour for _, hour in days],
        "days": [day.day for day in days.values()],
        "zones": [day.time_zone for day in days.values()],
        "sinces": [day.since for day in days.values()],
        "untils": [day.until for day in days.values()],
        "version": CONTENT_VERSION,
    }
