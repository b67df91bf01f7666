"""What became of a payment, written down once: the wallet credited, or the card's words and when it is tried again.

Told by whoever asked Stripe and by Stripe's events, at once and as often as they like. Asks nobody.
"""

from datetime import timedelta

import psycopg

from lead_pipeline.domain.card_amounts import stripe_amount
from lead_pipeline.errors import PermanentError
from lead_pipeline.steps.move_money import fund
from lead_pipeline.steps.run import Run
from lead_pipeline.store import payments as store
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.payments import Payment
from lead_pipeline.store.recharges import tell_credited, tell_declined
from lead_pipeline.vendors.stripe_objects import Intent

PAUSES = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""Before a declined card is tried again, by how often it was declined; after that only once something changed."""
SUCCEEDED, DECLINED = "succeeded", "requires_payment_method"
_ENDED = frozenset({SUCCEEDED, DECLINED, "canceled"})


def conclude(conn: psycopg.Connection, payment_id: str, intent: Intent, run: Run) -> bool:
    """Write down what a charge at Stripe says became of a payment, in a transaction. False where that is still open.

    A payment that failed and was charged all the same succeeds. Raises PermanentError where the charge is not its own.
    """
    if intent.status not in _ENDED:
        return False
    now = run.clock()
    with conn.transaction():
        held = _hold(conn, payment_id)
        _check(held, intent)
        if intent.status == SUCCEEDED and held.state != "succeeded":
            store.note_intent(conn, payment_id, intent.intent_id)
            store.mark_succeeded(conn, payment_id, now)
            fund(
                conn,
                workspace_id=held.workspace_id,
                buyer_id=held.buyer_id,
                amount_minor=held.amount_minor,
                key=f"payment/{payment_id}",
                reason="funds added" if held.kind == "fund" else "recharge",
                run=run,
            )
            tell_credited(conn, held, now, run_id=run.run_id)
        elif intent.status != SUCCEEDED and held.is_open:
            _fail(conn, held, intent.failure or "the charge was ended before it was made.", run, is_declined=True)
    return True


def end_unpaid(conn: psycopg.Connection, payment_id: str, reason: str, run: Run, *, is_declined: bool) -> None:
    """Close an open payment of which it is certain that nothing was charged, and nothing will be."""
    with conn.transaction():
        held = _hold(conn, payment_id)
        if held.is_open:
            _fail(conn, held, reason, run, is_declined=is_declined)


def _hold(conn: psycopg.Connection, payment_id: str) -> Payment:
    lock_sellers(conn, [store.read_payment(conn, payment_id).workspace_id])
    return store.read_payment(conn, payment_id, lock=True)


def _check(held: Payment, intent: Intent) -> None:
    expected = stripe_amount(held.amount_minor, held.currency)
    if (intent.amount, intent.currency) != expected or held.stripe_intent not in (None, intent.intent_id):
        raise PermanentError(
            f"charge {intent.intent_id} is not that of payment {held.payment_id}: another id, amount or currency. "
            "Look both up in Stripe's dashboard; refund what was charged and is nobody's."
        )


def _fail(conn: psycopg.Connection, held: Payment, reason: str, run: Run, *, is_declined: bool) -> None:
    """Close a locked payment. A recharge whose card was declined is due again after a growing pause, or never."""
    now, attempts = run.clock(), held.attempts + int(is_declined)
    pause = timedelta(0) if not is_declined else PAUSES[attempts - 1] if attempts <= len(PAUSES) else None
    again_at = None if held.kind == "fund" or pause is None else now + pause
    store.mark_failed(conn, held.payment_id, reason, attempts=attempts, again_at=again_at, now=now)
    if is_declined:
        tell_declined(conn, held, reason, again_at, now, run_id=run.run_id)
