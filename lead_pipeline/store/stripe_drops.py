"""Landed events of Stripe in `raw.drops`: which wait, and that one is done with, and why it changed nothing."""

from datetime import datetime

import psycopg

from lead_pipeline.domain.stripe_events import SOURCE
from lead_pipeline.store.drops import advance


def waiting_events(conn: psycopg.Connection, *, landed_by: datetime, limit: int = 500) -> list[int]:
    """Ids of events that were landed by then and not applied, oldest first."""
    rows = conn.execute(
        "SELECT drop_id FROM raw.drops WHERE stage = 'landed' AND source = %s AND received_at <= %s "
        "ORDER BY drop_id LIMIT %s",
        [SOURCE, landed_by, limit],
    )
    return [row[0] for row in rows]


def settle_event(conn: psycopg.Connection, drop_id: int, words: str | None) -> None:
    """An event is applied, in the transaction that applied it. `words`: why it changed nothing."""
    advance(conn, [drop_id], stage="kept")
    if words is not None:
        conn.execute("UPDATE raw.drops SET error = %s WHERE drop_id = %s", [words, drop_id])
