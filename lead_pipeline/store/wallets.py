"""A buyer's wallet as it is shown: what it holds, its bounds and its movements, newest first. Moves nothing."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from lead_pipeline.errors import NotFound


@dataclass(frozen=True)
class Wallet:
    """Amounts in minor units of `currency`. Limits and the recharge are None where there are none."""

    buyer_id: str
    currency: str
    time_zone: str
    balance_minor: int
    weekly_limit_minor: int | None
    monthly_limit_minor: int | None
    recharge_threshold_minor: int | None
    recharge_amount_minor: int | None
    spent_week_minor: int
    spent_month_minor: int


@dataclass(frozen=True)
class Movement:
    """A posting of a wallet with its entry. `amount_minor` is negative where money left."""

    entry_id: int
    kind: str
    amount_minor: int
    reason: str
    lead_id: str | None
    occurred_at: datetime


def read_wallet(conn: psycopg.Connection, buyer_id: str, now: datetime) -> Wallet:
    """A buyer's wallet; what it spent is of the week and month of `now` where the seller is. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Wallet)) as cursor:
        found = cursor.execute(
            """
            SELECT b.buyer_id::text, s.currency, w.time_zone, coalesce(a.balance_minor, 0) AS balance_minor,
                b.weekly_limit_minor, b.monthly_limit_minor, b.recharge_threshold_minor, b.recharge_amount_minor,
                coalesce(max(p.spent_minor) FILTER (WHERE p.period = 'week'), 0) AS spent_week_minor,
                coalesce(max(p.spent_minor) FILTER (WHERE p.period = 'month'), 0) AS spent_month_minor
            FROM market.buyers AS b
            JOIN market.sellers AS s USING (workspace_id)
            JOIN core.workspaces AS w USING (workspace_id)
            LEFT JOIN market.ledger_accounts AS a
                ON a.workspace_id = b.workspace_id AND a.kind = 'wallet' AND a.buyer_id = b.buyer_id
            LEFT JOIN market.spending AS p ON p.buyer_id = b.buyer_id
                AND p.starts_on = date_trunc(p.period, %(now)s AT TIME ZONE w.time_zone)::date
            WHERE b.buyer_id = %(buyer)s
            GROUP BY b.buyer_id, s.currency, w.time_zone, a.balance_minor
            """,
            {"buyer": buyer_id, "now": now},
        ).fetchone()
    if found is None:
        raise NotFound(f"no buyer {buyer_id}. GET /api/buyers lists those there are.")
    return found


def list_movements(
    conn: psycopg.Connection, buyer_id: str, *, before: int | None, limit: int
) -> tuple[list[Movement], int | None]:
    """The next movements of a buyer's wallet by entry, newest first, and what to ask the next page `before`."""
    with conn.cursor(row_factory=class_row(Movement)) as cursor:
        rows = cursor.execute(
            """
            SELECT e.entry_id, e.kind, p.amount_minor, e.reason, e.lead_id::text, e.occurred_at
            FROM market.ledger_accounts AS a
            JOIN market.ledger_postings AS p USING (account_id)
            JOIN market.ledger_entries AS e USING (entry_id)
            WHERE a.kind = 'wallet' AND a.buyer_id = %(buyer)s
                AND (%(before)s::bigint IS NULL OR p.entry_id < %(before)s)
            ORDER BY p.entry_id DESC LIMIT %(limit)s
            """,
            {"buyer": buyer_id, "before": before, "limit": limit + 1},
        ).fetchall()
    return rows[:limit], rows[limit - 1].entry_id if len(rows) > limit else None
