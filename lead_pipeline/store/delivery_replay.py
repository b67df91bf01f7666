"""Messages that have ended without arriving, put back to be sent: the same rows, so under the same idempotency keys.

Their attempts stay, and so does the last error until the next one; the schedule begins anew.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.store.delivery_history import Filter

ENDED = ("failed", "dead", "skipped")
MOST = 10_000
"""Messages that one replay puts back; the oldest first."""


@dataclass(frozen=True)
class Replayed:
    """Of a replay of many: how many fit, how many were put back, and how many no longer have whom to go to.

    What is left, fits, and has whom to go to is put back by the same replay again.
    """

    matched: int
    replayed: int
    unreachable: int


_REACHABLE = """
    EXISTS (
        SELECT 1 FROM outbound.destinations x
        WHERE x.destination_id = d.destination_id AND x.deleted_at IS NULL AND x.status = 'active'
    )
"""
_BACK = """
    UPDATE outbound.deliveries r SET state = 'intended', attempts = 0, next_attempt_at = %s, settled_at = NULL,
        provider_id = NULL, replays = r.replays + 1, replayed_at = %s, replayed_by = %s
    FROM chosen WHERE chosen.delivery_id = r.delivery_id
"""


def is_reachable(conn: psycopg.Connection, delivery_id: str) -> bool:
    """Whether there still is whom a message goes to, and is sent to."""
    row = conn.execute(
        f"SELECT 1 FROM outbound.deliveries d WHERE d.delivery_id = %s AND {_REACHABLE}",  # noqa: S608 - constants
        [delivery_id],
    ).fetchone()
    return row is not None


def replay_one(conn: psycopg.Connection, delivery_id: str, *, by: str, now: datetime) -> bool:
    """Put one message back. False where it is in none of the states of ENDED, or nobody is there for it."""
    done = conn.execute(
        f"""
        WITH chosen AS (
            SELECT d.delivery_id FROM outbound.deliveries d
            WHERE d.delivery_id = %s AND d.state = ANY(%s) AND {_REACHABLE} FOR UPDATE OF d
        )
        {_BACK}
        """,  # noqa: S608 - constants
        [delivery_id, list(ENDED), now, now, by],
    )
    return done.rowcount == 1


def replay_many(
    conn: psycopg.Connection,
    wanted: Filter,
    *,
    workspace_id: str | None,
    buyer_id: str | None,
    by: str,
    now: datetime,
    dry_run: bool,
    most: int = MOST,
) -> Replayed:
    """Put back the messages of a buyer, else of a workspace, else of all, that fit; those in a state of ENDED only.

    A dry run tells how many it would be, and changes nothing.
    """
    whose = {"d.workspace_id = %s": workspace_id, "d.buyer_id = %s": buyer_id, "d.state = ANY(%s)": list(ENDED)}
    given = {name: value for name, value in {**whose, **wanted.conditions()}.items() if value is not None}
    conditions, values = " AND ".join(given), list(given.values())
    row = conn.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {_REACHABLE}) "  # noqa: S608 - conditions are constants
        f"FROM outbound.deliveries d WHERE {conditions}",
        values,
    ).fetchone()
    assert row is not None
    matched, reachable = row
    if dry_run:
        return Replayed(matched, min(reachable, most), matched - reachable)
    done = conn.execute(
        f"""
        WITH chosen AS (
            SELECT d.delivery_id FROM outbound.deliveries d WHERE {conditions} AND {_REACHABLE}
            ORDER BY d.intended_at, d.delivery_id LIMIT %s FOR UPDATE OF d SKIP LOCKED
        )
        {_BACK}
        """,  # noqa: S608 - conditions are constants
        [*values, most, now, now, by],
    )
    return Replayed(matched, done.rowcount, matched - reachable)
