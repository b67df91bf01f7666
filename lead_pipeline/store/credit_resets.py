"""`market.credit_resets`: the users' daily credits set back, once a UTC day, with how many there were."""

from dataclasses import dataclass
from datetime import date, datetime

import psycopg

_RESET = """
    WITH used AS (
        SELECT user_id, daily_credits_used FROM core.users
        WHERE daily_credits_used > 0 AND NOT EXISTS (SELECT 1 FROM market.credit_resets WHERE day = %(day)s)
        ORDER BY user_id FOR UPDATE
    ), reset AS (
        UPDATE core.users u SET daily_credits_used = 0 FROM used WHERE u.user_id = used.user_id
    )
    INSERT INTO market.credit_resets (day, users, credits, run_id, reset_at)
    SELECT %(day)s, count(*), coalesce(sum(daily_credits_used), 0), %(run_id)s, %(now)s FROM used
    ON CONFLICT (day) DO NOTHING
    RETURNING users, credits
"""


@dataclass(frozen=True)
class Reset:
    """What one reset took back: `users` had used any, `credits` in all."""

    users: int
    credits: int


def take_turn(conn: psycopg.Connection) -> None:
    """Let no other process reset until the caller's transaction ends."""
    conn.execute("LOCK TABLE market.credit_resets IN SHARE ROW EXCLUSIVE MODE")


def reset_credits(conn: psycopg.Connection, day: date, *, now: datetime, run_id: str) -> Reset | None:
    """Reset all users for a day and write it down; None, and nothing done, where that day's is written down already.

    The caller has taken its turn in the same transaction.
    """
    row = conn.execute(_RESET, {"day": day, "now": now, "run_id": run_id}).fetchone()
    return None if row is None else Reset(*row)


def is_reset(conn: psycopg.Connection, day: date) -> bool:
    """Whether the reset of a day is written down."""
    return conn.execute("SELECT 1 FROM market.credit_resets WHERE day = %s", [day]).fetchone() is not None
