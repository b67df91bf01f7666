"""A payment from its intent to its end at Stripe: the card is charged at most once, whatever happens on the way.

A charge is made first and its id committed; only then is it confirmed, by that id. Stripe confirms one charge once, so
a payment is charged once whatever is lost, killed or asked twice, with or without idempotency keys (decision 029).
"""

from dataclasses import replace
from datetime import datetime, timedelta

import psycopg

from lead_pipeline.domain.card_amounts import stripe_amount
from lead_pipeline.errors import OutcomeUnknown, PaymentRefused, PermanentError, VendorRefused, VendorUnavailable
from lead_pipeline.steps.conclude_payment import DECLINED, conclude, end_unpaid
from lead_pipeline.steps.run import Run
from lead_pipeline.store import payments as store
from lead_pipeline.store.payments import Payment
from lead_pipeline.vendors.stripe_api import StripeApi
from lead_pipeline.vendors.stripe_objects import Intent

GIVE_UP = timedelta(hours=1)
"""A charge that was not confirmed by then never is."""
_SHORTEST, _LONGEST = timedelta(seconds=5), timedelta(minutes=10)
_SINCE = timedelta(days=1)  # clocks differ
_CONFIRMABLE, _WANTS_ITS_OWNER = "requires_confirmation", "requires_action"
_OWNER_WANTED = "the card's bank wants its owner to confirm each charge. Use another card."
_ENDED_BY_US = frozenset({_CONFIRMABLE, _WANTS_ITS_OWNER, DECLINED})
_NOT_ABOUT_IT = frozenset({401, 403})  # the key is refused, whatever is asked


def settle_payment(conn: psycopg.Connection, stripe: StripeApi, payment_id: str, run: Run) -> Payment:
    """Bring a payment as far as it goes now; the payment as it stands then. `conn` commits by itself.

    Where another process is at it, or Stripe does not answer, it stays open. Raises NotFound.
    """
    with store.held(conn, payment_id) as is_ours:
        payment = store.read_payment(conn, payment_id)
        if is_ours and payment.is_open:
            _settle_or_wait(conn, stripe, payment, run)
    return store.read_payment(conn, payment_id)


def settle_due(
    conn: psycopg.Connection, stripe: StripeApi, run: Run, *, older_than: datetime | None = None
) -> list[Payment]:
    """Bring every open payment whose time has come as far as it goes. Returns them as they stand then."""
    due = store.due_payments(conn, run.clock(), older_than=older_than)
    return [settle_payment(conn, stripe, payment_id, run) for payment_id in due]


def _settle_or_wait(conn: psycopg.Connection, stripe: StripeApi, payment: Payment, run: Run) -> None:
    try:
        _ask(conn, stripe, payment, run)
    except VendorRefused as refused:
        held, now = store.read_payment(conn, payment.payment_id), run.clock()
        # Without a charge that was tied to it, nothing was confirmed. One that Stripe has forgotten never will be.
        is_over = held.stripe_intent is None or (refused.status == 404 and now - held.created_at > GIVE_UP)
        if is_over and refused.status not in _NOT_ABOUT_IT:
            end_unpaid(conn, held.payment_id, str(refused), run, is_declined=True)
        else:
            store.mark_unknown(conn, held.payment_id, str(refused), now + _pause(held, now))
    except (OutcomeUnknown, VendorUnavailable, PermanentError) as error:
        now = run.clock()
        store.mark_unknown(conn, payment.payment_id, str(error), now + _pause(payment, now))


def _ask(conn: psycopg.Connection, stripe: StripeApi, payment: Payment, run: Run) -> None:
    reason = _why_not(conn, payment, run.clock())
    if reason is not None and payment.state == "intended":
        end_unpaid(conn, payment.payment_id, reason, run, is_declined=False)
        return
    store.mark_asked(conn, payment.payment_id)
    intent = _intent_of(conn, stripe, payment, may_make=reason is None)
    is_declined = False
    if intent is not None and intent.status == _CONFIRMABLE and reason is None:
        intent, reason, is_declined = _confirm(stripe, intent)
    if intent is None or intent.status in _ENDED_BY_US:
        if intent is not None and intent.status != DECLINED:
            stripe.cancel(intent.intent_id)
        words = reason or (None if intent is None else intent.failure) or _OWNER_WANTED
        end_unpaid(conn, payment.payment_id, words, run, is_declined=is_declined or reason is None)
    elif not conclude(conn, payment.payment_id, intent, run):
        raise OutcomeUnknown(f"Stripe says that the charge is {intent.status}.")


def _confirm(stripe: StripeApi, intent: Intent) -> tuple[Intent, str | None, bool]:
    """The charge after it was confirmed, why it was not made, and whether that was the card's doing."""
    try:
        return stripe.confirm(intent.intent_id), None, False
    except PaymentRefused as declined:
        return replace(intent, status=DECLINED), str(declined), True
    except VendorRefused as refused:
        if refused.status in _NOT_ABOUT_IT:
            raise
        return stripe.intent(intent.intent_id), str(refused), True  # it may have been confirmed before


def _why_not(conn: psycopg.Connection, payment: Payment, now: datetime) -> str | None:
    """Why a charge that is not confirmed may not be confirmed any more; None where it may."""
    if not store.has_card(conn, payment) or payment.stripe_customer is None:
        return "the card was removed before it was charged."
    if now - payment.created_at > GIVE_UP:
        return "Stripe could not be reached in time; nothing was charged."
    return None


def _intent_of(conn: psycopg.Connection, stripe: StripeApi, payment: Payment, *, may_make: bool) -> Intent | None:
    """The one charge of a payment: the one it is tied to, else the one that an answer was lost of, else a new one.

    None where there is none and none may be made, or none can be.
    """
    if payment.stripe_intent is not None:
        return stripe.intent(payment.stripe_intent)
    if payment.stripe_customer is None:
        return None
    lost = [] if payment.state == "intended" else _lost(stripe, payment, payment.stripe_customer)
    if not lost and not may_make:
        return None
    intent = lost[0] if lost else _make(stripe, payment, payment.stripe_customer)
    tied = store.note_intent(conn, payment.payment_id, intent.intent_id)
    return intent if tied == intent.intent_id else stripe.intent(tied)


def _make(stripe: StripeApi, payment: Payment, customer: str) -> Intent:
    amount, currency = stripe_amount(payment.amount_minor, payment.currency)
    return stripe.create_intent(
        payment_id=payment.payment_id,
        customer=customer,
        card=payment.payment_method_id,
        amount=amount,
        currency=currency,
        about={"buyer_id": payment.buyer_id, "workspace_id": payment.workspace_id},
    )


def _lost(stripe: StripeApi, payment: Payment, customer: str) -> list[Intent]:
    since = int((payment.created_at - _SINCE).timestamp())
    return [one for one in stripe.intents_of(customer, since=since) if one.payment_id == payment.payment_id]


def _pause(payment: Payment, now: datetime) -> timedelta:
    """As long again as it has been open."""
    return min(max(now - payment.created_at, _SHORTEST), _LONGEST)
