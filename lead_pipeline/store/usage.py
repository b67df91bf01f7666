"""`outbound.usage_log` and `outbound.usage_statements`: what each message cost, and a month's costs once it is over.

What a message costs is reckoned in `domain.usage`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from lead_pipeline.domain.usage import price_of

_CLOSING = "hashtextextended('outbound.usage_statements', 0)"


@dataclass(frozen=True)
class Used:
    """A message that a provider took. `unit_cost` is of one unit, in the currency of its workspace."""

    delivery_id: str
    provider: str
    units: int
    unit_cost: Decimal


@dataclass(frozen=True)
class UsageLine:
    """What the messages of a month cost on one channel, to one buyer; `buyer_id` is None of the seller's own."""

    channel: str
    buyer_id: str | None
    buyer: str | None
    currency: str
    deliveries: int
    units: int
    base_micros: int
    markup_micros: int


@dataclass(frozen=True)
class StatementLine:
    """What one channel cost in a month, whose first day `month` is."""

    workspace_id: str
    month: date
    channel: str
    currency: str
    deliveries: int
    units: int
    base_micros: int
    markup_micros: int


@dataclass(frozen=True)
class ClosedLine(StatementLine):
    """The same in whole minor units too, for good."""

    total_minor: int
    closed_at: datetime


_SUMS = """
    count(*) AS deliveries, sum(u.units)::int AS units, sum(u.base_micros)::bigint AS base_micros,
    sum(u.markup_micros)::bigint AS markup_micros
"""
_BETWEEN = f"""
SELECT u.channel, u.buyer_id::text, b.name AS buyer, u.currency, {_SUMS}
FROM outbound.usage_log u LEFT JOIN market.buyers b ON b.buyer_id = u.buyer_id
WHERE u.workspace_id = %s AND u.occurred_at >= %s AND u.occurred_at < %s
GROUP BY u.channel, u.buyer_id, b.name, u.currency
ORDER BY u.currency, u.channel, b.name NULLS FIRST, u.buyer_id
"""  # noqa: S608 - constants
_UNCLOSED = f"""
SELECT u.workspace_id::text, date_trunc('month', u.occurred_at AT TIME ZONE 'UTC')::date AS month, u.channel,
    u.currency, {_SUMS}
FROM outbound.usage_log u
WHERE u.occurred_at < %(before)s AND u.occurred_at >= coalesce(
    (SELECT (max(s.month) + interval '1 month') AT TIME ZONE 'UTC' FROM outbound.usage_statements s), '-infinity'
)
GROUP BY 1, 2, 3, 4 ORDER BY 2, 1, 4, 3
"""  # noqa: S608 - constants


def note_usage(conn: psycopg.Connection, used: Sequence[Used], *, now: datetime, run_id: str) -> int:
    """Note what messages cost, in the transaction that settles them. A message costs once, however often it is noted.

    Markup and currency are the seller's; a workspace that sells nothing has no markup, and USD. Returns how many are
    new.
    """
    if not used:
        return 0
    found = conn.execute(
        """
        SELECT d.delivery_id::text, d.workspace_id::text, d.buyer_id::text, d.channel, coalesce(s.currency, 'USD'),
            CASE WHEN s.workspace_id IS NULL THEN 0 WHEN d.channel = 'sms' THEN s.sms_markup_percent
                ELSE s.email_markup_percent END
        FROM outbound.deliveries d LEFT JOIN market.sellers s USING (workspace_id)
        WHERE d.delivery_id = ANY(%s::uuid[]) AND d.channel IN ('email', 'sms')
        """,
        [[one.delivery_id for one in used]],
    )
    of = {one.delivery_id: one for one in used}
    rows = []
    for delivery_id, workspace_id, buyer_id, channel, currency, percent in found:
        one = of[delivery_id]
        price = price_of(one.unit_cost, one.units, percent)
        rows.append(
            {
                "delivery_id": delivery_id,
                "workspace_id": workspace_id,
                "buyer_id": buyer_id,
                "channel": channel,
                "provider": one.provider,
                "units": one.units,
                "currency": currency,
                "base_micros": price.base_micros,
                "markup_percent": str(percent),
                "markup_micros": price.markup_micros,
                "run_id": run_id,
                "occurred_at": now.isoformat(),
            }
        )
    return conn.execute(
        "INSERT INTO outbound.usage_log SELECT * FROM jsonb_populate_recordset(NULL::outbound.usage_log, %s) "
        "ON CONFLICT DO NOTHING",
        [Jsonb(rows)],
    ).rowcount


def usage_between(conn: psycopg.Connection, workspace_id: str, since: datetime, until: datetime) -> list[UsageLine]:
    """A workspace's costs from `since` up to, not with, `until`: by channel, then by buyer, the seller's own first."""
    with conn.cursor(row_factory=class_row(UsageLine)) as cursor:
        return cursor.execute(_BETWEEN, [workspace_id, since, until]).fetchall()


def unclosed(conn: psycopg.Connection, before: datetime) -> list[StatementLine]:
    """Sums of the months that came after the last closed one and had ended by `before`, the first of a month in UTC.

    In the caller's transaction, which has the closing to itself until it ends.
    """
    conn.execute(f"SELECT pg_advisory_xact_lock({_CLOSING})")
    with conn.cursor(row_factory=class_row(StatementLine)) as cursor:
        return cursor.execute(_UNCLOSED, {"before": before}).fetchall()


def save_closed(conn: psycopg.Connection, lines: Sequence[ClosedLine], *, run_id: str) -> None:
    """Write closed months down, in the transaction in which they were found."""
    rows = [
        {
            **vars(line),
            "month": line.month.isoformat(),
            "closed_at": line.closed_at.isoformat(),
            "run_id": run_id,
        }
        for line in lines
    ]
    conn.execute(
        "INSERT INTO outbound.usage_statements "
        "SELECT * FROM jsonb_populate_recordset(NULL::outbound.usage_statements, %s)",
        [Jsonb(rows)],
    )


def closed_lines(conn: psycopg.Connection, workspace_id: str, months: int) -> list[ClosedLine]:
    """The statements of a workspace's last so many closed months, the latest first."""
    with conn.cursor(row_factory=class_row(ClosedLine)) as cursor:
        return cursor.execute(
            """
            SELECT workspace_id::text, month, channel, currency, deliveries, units, base_micros, markup_micros,
                total_minor, closed_at
            FROM outbound.usage_statements s
            WHERE workspace_id = %(workspace)s AND month IN (
                SELECT DISTINCT m.month FROM outbound.usage_statements m WHERE m.workspace_id = %(workspace)s
                ORDER BY m.month DESC LIMIT %(months)s
            )
            ORDER BY month DESC, channel
            """,
            {"workspace": workspace_id, "months": months},
        ).fetchall()
