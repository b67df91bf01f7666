"""A buyer's statement: what its wallet held, every line that moved it, and what it held then."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.errors import LedgerBroken, NotFound

# The closing balance comes from the account, back from now; the opening one and the lines from the postings. So the
# sum is a proof, and one statement is one snapshot.
_STATEMENT = """
    WITH wallet AS (
        SELECT b.buyer_id, b.name, s.currency, a.account_id, coalesce(a.balance_minor, 0) AS balance_minor
        FROM market.buyers b JOIN market.sellers s USING (workspace_id)
        LEFT JOIN market.ledger_accounts a ON a.buyer_id = b.buyer_id AND a.kind = 'wallet'
        WHERE b.buyer_id = %(buyer_id)s
    ), moved AS (
        SELECT e.entry_id, e.occurred_at, e.kind, e.reason, e.lead_id, p.amount_minor
        FROM wallet JOIN market.ledger_postings p USING (account_id) JOIN market.ledger_entries e USING (entry_id)
    ), ends AS (
        SELECT w.name, w.currency,
            coalesce((SELECT sum(amount_minor) FROM moved WHERE occurred_at < %(since)s), 0)::bigint AS opening_minor,
            (
                w.balance_minor - coalesce((SELECT sum(amount_minor) FROM moved WHERE occurred_at >= %(until)s), 0)
            )::bigint AS closing_minor
        FROM wallet w
    )
    SELECT ends.*, m.entry_id, m.occurred_at, m.kind, m.reason, m.lead_id::text, m.amount_minor,
        (ends.opening_minor + sum(m.amount_minor) OVER (ORDER BY m.occurred_at, m.entry_id))::bigint
    FROM ends LEFT JOIN moved m ON m.occurred_at >= %(since)s AND m.occurred_at < %(until)s
    ORDER BY m.occurred_at, m.entry_id
"""


@dataclass(frozen=True)
class Line:
    """One movement of a wallet, in minor units; `balance_minor` is what the wallet held after it."""

    entry_id: int
    occurred_at: datetime
    kind: str
    reason: str
    lead_id: str | None
    amount_minor: int
    balance_minor: int


@dataclass(frozen=True)
class Statement:
    """A wallet from `since` up to, not with, `until`: opening + lines = closing, in minor units of `currency`."""

    buyer_id: str
    buyer: str
    currency: str
    since: datetime
    until: datetime
    opening_minor: int
    lines: tuple[Line, ...]
    closing_minor: int


def statement(conn: psycopg.Connection, buyer_id: str, since: datetime, until: datetime) -> Statement:
    """The statement of one buyer, lines in the order of their time.

    Raises NotFound for a buyer that this connection does not see, LedgerBroken where the sum is not the balance.
    """
    rows = conn.execute(_STATEMENT, {"buyer_id": buyer_id, "since": since, "until": until}).fetchall()
    if not rows:
        raise NotFound(f"no buyer has the id {buyer_id}. Ask for one of GET /api/buyers.")
    name, currency, opening, closing = rows[0][:4]
    lines = tuple(Line(*row[4:]) for row in rows if row[4] is not None)
    if opening + sum(line.amount_minor for line in lines) != closing:
        raise LedgerBroken(
            f"the statement of buyer {buyer_id} from {since:%Y-%m-%d} opens with {opening} and does not sum to "
            f"its closing {closing}. Run: lead-pipeline ledger verify"
        )
    return Statement(buyer_id, name, currency, since, until, opening, lines, closing)


def buyer_named(conn: psycopg.Connection, name: str) -> str | None:
    """The id of the one buyer with this id or name; None where there is none, or more than one."""
    rows = conn.execute(
        "SELECT buyer_id::text FROM market.buyers WHERE buyer_id::text = %(name)s OR name = %(name)s LIMIT 2",
        {"name": name},
    ).fetchall()
    return rows[0][0] if len(rows) == 1 else None
