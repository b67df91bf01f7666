"""`market.payments`: what a card is charged, from the intent that is written first to how it ended. Asks nobody.

States: intended (Stripe was not asked), asked (it may have been), unknown (it was, and the answer is not known),
succeeded and failed. Only a payment that one session holds is asked about, so that no two processes do so at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from lead_pipeline.errors import NotFound

OPEN = ("intended", "asked", "unknown")


@dataclass(frozen=True)
class Payment:
    """A payment as it stands. `attempts`: how often in a row the card was declined; `failure`: why it was."""

    payment_id: str
    workspace_id: str
    buyer_id: str
    kind: str
    amount_minor: int
    currency: str
    payment_method_id: str
    state: str
    stripe_intent: str | None
    stripe_customer: str | None
    failure: str | None
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    settled_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it is not known how it ends."""
        return self.state in OPEN


_SELECT = """
    SELECT p.payment_id::text, p.workspace_id::text, p.buyer_id::text, p.kind, p.amount_minor, p.currency,
        p.payment_method_id, p.state, p.stripe_intent, b.stripe_customer, p.failure, p.attempts, p.next_attempt_at,
        p.created_at, p.settled_at
    FROM market.payments AS p JOIN market.buyers AS b USING (buyer_id)
"""
_LOCK = "hashtextextended('market.payments/' || %s, 0)"


def insert_fund(
    conn: psycopg.Connection,
    *,
    buyer_id: str,
    amount_minor: int,
    payment_method_id: str,
    client_key: str | None,
    now: datetime,
) -> str:
    """Write down that a buyer wants to add funds; its id. Of one `client_key` of a buyer there is one payment."""
    row = conn.execute(
        """
        INSERT INTO market.payments
            (workspace_id, buyer_id, kind, amount_minor, currency, payment_method_id, client_key, created_at)
        SELECT b.workspace_id, b.buyer_id, 'fund', %(amount)s, s.currency, %(card)s, %(key)s, %(now)s
        FROM market.buyers AS b JOIN market.sellers AS s USING (workspace_id) WHERE b.buyer_id = %(buyer)s
        ON CONFLICT (buyer_id, client_key) DO UPDATE SET client_key = excluded.client_key RETURNING payment_id::text
        """,
        {"buyer": buyer_id, "amount": amount_minor, "card": payment_method_id, "key": client_key, "now": now},
    ).fetchone()
    if row is None:
        raise NotFound(f"no buyer {buyer_id}. Sign in as one.")
    return str(row[0])


def read_payment(conn: psycopg.Connection, payment_id: str, *, lock: bool = False) -> Payment:
    """A payment as it stands; with `lock`, held until the transaction ends. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Payment)) as cursor:
        ending = " FOR UPDATE OF p" if lock else ""
        found = cursor.execute(f"{_SELECT} WHERE p.payment_id = %s{ending}", [payment_id]).fetchone()
    if found is None:
        raise NotFound(f"no payment {payment_id}.")
    return found


def find_by_key(conn: psycopg.Connection, buyer_id: str, client_key: str) -> Payment | None:
    """The payment that a buyer's own key names."""
    with conn.cursor(row_factory=class_row(Payment)) as cursor:
        return cursor.execute(
            f"{_SELECT} WHERE p.buyer_id = %s AND p.client_key = %s", [buyer_id, client_key]
        ).fetchone()


def find_by_intent(conn: psycopg.Connection, payment_id: str | None, intent_id: str) -> Payment | None:
    """The payment that a charge of Stripe belongs to, by what the charge says of itself or by its own id."""
    with conn.cursor(row_factory=class_row(Payment)) as cursor:
        return cursor.execute(
            f"{_SELECT} WHERE p.payment_id = %s::uuid OR p.stripe_intent = %s "
            "ORDER BY p.stripe_intent IS NOT DISTINCT FROM %s DESC LIMIT 1",
            [payment_id if _is_uuid(payment_id) else None, intent_id, intent_id],
        ).fetchone()


def due_payments(conn: psycopg.Connection, now: datetime, *, older_than: datetime | None = None) -> list[str]:
    """Open payments whose time to be asked about has come, oldest first; those made before `older_than` only."""
    rows = conn.execute(
        """
        SELECT payment_id::text FROM market.payments
        WHERE state IN ('intended', 'asked', 'unknown') AND coalesce(next_attempt_at, created_at) <= %(now)s
            AND (%(older)s::timestamptz IS NULL OR created_at < %(older)s) ORDER BY created_at LIMIT 500
        """,
        {"now": now, "older": older_than},
    )
    return [row[0] for row in rows]


def _is_uuid(text: str | None) -> bool:
    try:
        return text is not None and str(UUID(text)) == text
    except ValueError:
        return False


@contextmanager
def held(session: psycopg.Connection, payment_id: str) -> Iterator[bool]:
    """Be the only one to ask about a payment; False where another session is at it. Waits for nobody.

    `session` commits by itself. The lock outlives its transactions and ends with the process, however that ends.
    """
    row = session.execute(f"SELECT pg_try_advisory_lock({_LOCK})", [payment_id]).fetchone()
    assert row is not None
    try:
        yield row[0]
    finally:
        if row[0] and not session.broken:
            session.execute(f"SELECT pg_advisory_unlock({_LOCK})", [payment_id])


def mark_asked(conn: psycopg.Connection, payment_id: str) -> None:
    """Note, before it is done, that Stripe is asked about an open payment."""
    conn.execute(
        "UPDATE market.payments SET state = 'asked' WHERE payment_id = %s AND state IN ('intended', 'unknown')",
        [payment_id],
    )


def has_card(conn: psycopg.Connection, payment: Payment) -> bool:
    """Whether the card of a payment is still the buyer's."""
    row = conn.execute(
        "SELECT 1 FROM market.payment_methods WHERE payment_method_id = %s AND buyer_id = %s",
        [payment.payment_method_id, payment.buyer_id],
    ).fetchone()
    return row is not None


def note_intent(conn: psycopg.Connection, payment_id: str, intent_id: str) -> str:
    """Tie a payment to its one charge at Stripe, for ever; the id that it is tied to, which may be another's."""
    conn.execute(
        "UPDATE market.payments SET stripe_intent = %s WHERE payment_id = %s AND stripe_intent IS NULL",
        [intent_id, payment_id],
    )
    row = conn.execute("SELECT stripe_intent FROM market.payments WHERE payment_id = %s", [payment_id]).fetchone()
    assert row is not None
    return str(row[0])


def mark_unknown(conn: psycopg.Connection, payment_id: str, reason: str, again_at: datetime) -> None:
    """Note why it is not known how an open payment ended, and when it is asked about again."""
    conn.execute(
        """
        UPDATE market.payments SET state = 'unknown', failure = %s, next_attempt_at = %s
        WHERE payment_id = %s AND state IN ('intended', 'asked', 'unknown')
        """,
        [reason, again_at, payment_id],
    )


def mark_succeeded(conn: psycopg.Connection, payment_id: str, now: datetime) -> None:
    """Settle a locked payment for good."""
    conn.execute(
        """
        UPDATE market.payments SET state = 'succeeded', settled_at = %s, failure = NULL, attempts = 0,
            next_attempt_at = NULL WHERE payment_id = %s
        """,
        [now, payment_id],
    )


def mark_failed(
    conn: psycopg.Connection, payment_id: str, reason: str, *, attempts: int, again_at: datetime | None, now: datetime
) -> None:
    """Close a locked payment that moved nothing. `again_at`: when the card may be tried anew, None: when it changes."""
    conn.execute(
        """
        UPDATE market.payments SET state = 'failed', settled_at = %s, failure = %s, attempts = %s, next_attempt_at = %s
        WHERE payment_id = %s
        """,
        [now, reason, attempts, again_at, payment_id],
    )


def last_recharge(conn: psycopg.Connection, buyer_id: str) -> Payment | None:
    """The newest recharge of a buyer's wallet, however it stands."""
    with conn.cursor(row_factory=class_row(Payment)) as cursor:
        return cursor.execute(
            f"{_SELECT} WHERE p.buyer_id = %s AND p.kind = 'recharge' "
            "ORDER BY p.created_at DESC, p.payment_id DESC LIMIT 1",
            [buyer_id],
        ).fetchone()
