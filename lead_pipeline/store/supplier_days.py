"""`market.supplier_days`: what became of suppliers' leads, added up day by day. Scores nothing.

A day is over at midnight in UTC and does not change any more, so its history is the same whoever asks, and when.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

import psycopg

OUTCOMES = ("accepted", "duplicate", "refused")
Day = tuple[str, date]
"""A supplier's id and a UTC day."""


class History(NamedTuple):
    """A supplier's leads of the days before a day: all, and those that were duplicates, refused or refunded."""

    sent: int
    faulty: int


def add_outcomes(conn: psycopg.Connection, found: Mapping[Day, Counter[str]]) -> None:
    """Add to the days: how many leads had each of OUTCOMES."""
    if not found:
        return
    days = sorted(found)
    counts = [[found[day][outcome] for day in days] for outcome in OUTCOMES]
    conn.execute(
        """
        INSERT INTO market.supplier_days AS d (supplier_id, day, accepted, duplicate, refused)
        SELECT n.* FROM unnest(%s::uuid[], %s::date[], %s::int[], %s::int[], %s::int[])
            AS n (supplier_id, day, accepted, duplicate, refused)
        JOIN market.suppliers USING (supplier_id) ORDER BY n.supplier_id, n.day
        ON CONFLICT (supplier_id, day) DO UPDATE SET accepted = d.accepted + excluded.accepted,
            duplicate = d.duplicate + excluded.duplicate, refused = d.refused + excluded.refused
        """,
        [[supplier_id for supplier_id, _ in days], [day for _, day in days], *counts],
    )


def histories(conn: psycopg.Connection, asked: Collection[Day], *, days: int) -> dict[Day, History]:
    """What became of each supplier's leads in so many days before the day. A refund counts on the day it was made."""
    wanted = sorted(set(asked))
    rows = conn.execute(
        """
        SELECT n.supplier_id::text, n.day,
            coalesce(d.sent, 0)::int, coalesce(d.faulty, 0)::int + coalesce(r.refunded, 0)::int
        FROM unnest(%(suppliers)s::uuid[], %(days)s::date[]) AS n (supplier_id, day)
        JOIN market.suppliers s ON s.supplier_id = n.supplier_id
        LEFT JOIN LATERAL (
            SELECT sum(accepted + duplicate + refused) AS sent, sum(duplicate + refused) AS faulty
            FROM market.supplier_days o
            WHERE o.supplier_id = n.supplier_id AND o.day < n.day AND o.day >= n.day - %(before)s::int
        ) d ON true
        LEFT JOIN LATERAL (
            SELECT count(DISTINCT e.lead_id) AS refunded
            FROM market.ledger_entries e JOIN market.campaign_leads l ON l.lead_id = e.lead_id
            WHERE e.workspace_id = s.workspace_id AND e.kind <> 'charge' AND e.kind = 'refund'
                AND e.occurred_at < n.day::timestamp AT TIME ZONE 'UTC'
                AND e.occurred_at >= (n.day - %(before)s::int)::timestamp AT TIME ZONE 'UTC'
                AND l.supplier_id = n.supplier_id
        ) r ON true
        """,
        {
            "suppliers": [supplier_id for supplier_id, _ in wanted],
            "days": [day for _, day in wanted],
            "before": days,
        },
    ).fetchall()
    return {(supplier_id, day): History(sent, faulty) for supplier_id, day, sent, faulty in rows}
