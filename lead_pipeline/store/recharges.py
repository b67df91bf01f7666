"""Recharges of wallets that run low: asked for beside the decision that emptied them, and again after a declined card.

Only rows of `market.payments`, `market.notices` and intents of telling of them are written here. Who asks Stripe is in
`steps.recharge`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from lead_pipeline.domain.money import Money
from lead_pipeline.store.intents import intend_notices
from lead_pipeline.store.payments import Payment

CHANNEL = "wallets"
"""What Postgres notifies of, once a transaction has committed: a recharge that waits, a wallet that was credited."""
# A declined card is not asked again before its time, unless it is another card by now.
_REQUEST = """
INSERT INTO market.payments
    (workspace_id, buyer_id, kind, amount_minor, currency, payment_method_id, attempts, created_at)
SELECT b.workspace_id, b.buyer_id, 'recharge', b.recharge_amount_minor, s.currency, m.payment_method_id,
    CASE WHEN last.state = 'failed' AND last.payment_method_id = m.payment_method_id THEN last.attempts ELSE 0 END,
    %(now)s
FROM market.buyers AS b
JOIN market.sellers AS s USING (workspace_id)
JOIN market.payment_methods AS m ON m.buyer_id = b.buyer_id AND m.is_primary
LEFT JOIN LATERAL (
    SELECT p.state, p.payment_method_id, p.attempts, p.next_attempt_at FROM market.payments AS p
    WHERE p.buyer_id = b.buyer_id AND p.kind = 'recharge' ORDER BY p.created_at DESC, p.payment_id DESC LIMIT 1
) AS last ON true
WHERE b.buyer_id = ANY(%(buyers)s::uuid[]) AND b.recharge_threshold_minor IS NOT NULL AND b.deleted_at IS NULL
    AND b.status = 'ACTIVE'
    AND (last.state IS DISTINCT FROM 'failed' OR last.payment_method_id <> m.payment_method_id
        OR last.next_attempt_at <= %(now)s)
ORDER BY b.buyer_id
ON CONFLICT DO NOTHING
RETURNING payment_id::text
"""
# One a day, and one more after each time the wallet was funded.
_LOW = """
SELECT b.workspace_id::text, b.buyer_id::text, format('low_balance/%%s/%%s/%%s', b.buyer_id,
        (SELECT p.payment_id FROM market.payments AS p WHERE p.buyer_id = b.buyer_id AND p.state = 'succeeded'
        ORDER BY p.created_at DESC, p.payment_id DESC LIMIT 1), (%(now)s AT TIME ZONE 'UTC')::date) AS key,
    coalesce(a.balance_minor, 0), s.currency
FROM market.buyers AS b
JOIN market.sellers AS s USING (workspace_id)
LEFT JOIN market.ledger_accounts AS a
    ON a.workspace_id = b.workspace_id AND a.kind = 'wallet' AND a.buyer_id = b.buyer_id
WHERE b.buyer_id = ANY(%(buyers)s::uuid[])
ORDER BY b.buyer_id
"""
_TELL = """
INSERT INTO market.notices (workspace_id, buyer_id, kind, key, detail, created_at)
SELECT workspace_id, buyer_id, 'low_balance', key, detail, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::jsonb[]) AS low (workspace_id, buyer_id, key, detail)
ON CONFLICT DO NOTHING
"""


def request_recharges(conn: psycopg.Connection, buyer_ids: Sequence[str], now: datetime, *, run_id: str) -> list[str]:
    """Ask for one recharge of each buyer's wallet, and tell the buyers that it runs low.

    In the caller's transaction, with the sellers locked; the caller knows that these wallets are below their
    thresholds or refused a lead. Nothing is asked for where a recharge is in flight, where none is set up or no card is
    primary, and where the card was declined and its time has not come. Returns the ids of the new payments.
    """
    if not buyer_ids:
        return []
    given = {"buyers": sorted(set(buyer_ids)), "now": now}
    _tell_low(conn, given, now, run_id)
    asked = [row[0] for row in conn.execute(_REQUEST, given)]
    if asked:
        conn.execute("SELECT pg_notify(%s, 'recharge')", [CHANNEL])
    return asked


def tell_credited(conn: psycopg.Connection, payment: Payment, now: datetime, *, run_id: str) -> None:
    """Tell a buyer that its wallet was recharged, and whoever listens that leads which waited may be sold now."""
    if payment.kind == "recharge":
        _tell(conn, payment, "recharged", {}, now=now, run_id=run_id)
    conn.execute("SELECT pg_notify(%s, 'credit')", [CHANNEL])


def tell_declined(
    conn: psycopg.Connection, payment: Payment, reason: str, again_at: datetime | None, now: datetime, *, run_id: str
) -> None:
    """Tell a buyer that its card was declined, with the card's words and when it is tried again."""
    again = None if again_at is None else again_at.isoformat()
    more = {"reason": reason, "payment_method_id": payment.payment_method_id, "next_attempt_at": again}
    _tell(conn, payment, "card_declined", more, now=now, run_id=run_id)


def forgive(conn: psycopg.Connection, buyer_id: str, now: datetime) -> None:
    """Let a recharge be asked for at once, as after a first decline: the buyer changed what it is about."""
    conn.execute(
        """
        UPDATE market.payments SET attempts = 0, next_attempt_at = %(now)s
        WHERE buyer_id = %(buyer)s AND kind = 'recharge' AND state = 'failed'
            AND (next_attempt_at IS NULL OR next_attempt_at > %(now)s)
        """,
        {"buyer": buyer_id, "now": now},
    )


def low_wallets(conn: psycopg.Connection, buyer_id: str | None = None) -> dict[str, list[str]]:
    """Workspace to those of its buyers (or just this one) whose wallet is below its threshold."""
    found: dict[str, list[str]] = {}
    for workspace, buyer in conn.execute(
        """
        SELECT b.workspace_id::text, b.buyer_id::text FROM market.buyers AS b
        LEFT JOIN market.ledger_accounts AS a
            ON a.workspace_id = b.workspace_id AND a.kind = 'wallet' AND a.buyer_id = b.buyer_id
        WHERE b.recharge_threshold_minor > coalesce(a.balance_minor, 0) AND b.deleted_at IS NULL
            AND (%(buyer)s::uuid IS NULL OR b.buyer_id = %(buyer)s) ORDER BY b.workspace_id, b.buyer_id
        """,
        {"buyer": buyer_id},
    ):
        found.setdefault(workspace, []).append(buyer)
    return found


def _tell(
    conn: psycopg.Connection, payment: Payment, kind: str, more: Mapping[str, str | None], *, now: datetime, run_id: str
) -> None:
    key = f"{kind}/{payment.payment_id}"
    detail = {"amount": str(Money(payment.amount_minor, payment.currency)), "payment_id": payment.payment_id, **more}
    conn.execute(
        """
        INSERT INTO market.notices (workspace_id, buyer_id, kind, key, detail, created_at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [payment.workspace_id, payment.buyer_id, kind, key, Jsonb(detail), now],
    )
    intend_notices(conn, [key], now=now, run_id=run_id)


def _tell_low(conn: psycopg.Connection, given: Mapping[str, Any], now: datetime, run_id: str) -> None:
    low = conn.execute(_LOW, given).fetchall()
    details = [json.dumps({"balance": str(Money(balance, currency))}) for *_, balance, currency in low]
    conn.execute(_TELL, [now, [row[0] for row in low], [row[1] for row in low], [row[2] for row in low], details])
    intend_notices(conn, [row[2] for row in low], now=now, run_id=run_id)
