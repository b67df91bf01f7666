"""The cards of a buyer: added through Stripe, listed by us, one of them primary. No card number comes past here."""

import psycopg

from lead_pipeline.errors import Conflict, NotFound, VendorRefused
from lead_pipeline.steps.run import Run
from lead_pipeline.store import payment_methods as store
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.payment_methods import Payer, PaymentMethod
from lead_pipeline.store.recharges import forgive, low_wallets, request_recharges
from lead_pipeline.vendors.stripe_api import StripeApi
from lead_pipeline.vendors.stripe_objects import Card, SetupIntent


def begin_card(conn: psycopg.Connection, stripe: StripeApi, buyer_id: str) -> SetupIntent:
    """What a browser needs to add a card of a buyer. `conn` commits by itself, here and below."""
    return stripe.create_setup_intent(_customer(conn, stripe, store.read_payer(conn, buyer_id)))


def add_card(
    conn: psycopg.Connection, stripe: StripeApi, buyer_id: str, payment_method_id: str, run: Run
) -> PaymentMethod:
    """Make a card of Stripe's a buyer's own; the first one is its primary one. The same card again changes nothing.

    Raises NotFound for one that is unknown or another buyer's, PaymentRefused where its bank says no.
    """
    payer = store.read_payer(conn, buyer_id)
    customer = _customer(conn, stripe, payer)
    card = _card(stripe, payment_method_id)
    if card.customer is None:
        card, customer = _attached(conn, stripe, payer, card.payment_method_id, customer)
    elif card.customer != customer:
        raise _unknown(payment_method_id)
    with conn.transaction():
        lock_sellers(conn, [payer.workspace_id])
        is_kept = store.save_method(
            conn, payer, payment_method_id=card.payment_method_id, brand=card.brand, last4=card.last4,
            exp_month=card.exp_month, exp_year=card.exp_year, now=run.clock(),
        )  # fmt: skip
        if not is_kept:
            raise _unknown(payment_method_id)
        _recharge_if_low(conn, buyer_id, run)
    return store.find_method(conn, buyer_id, card.payment_method_id)


def choose_card(conn: psycopg.Connection, buyer_id: str, payment_method_id: str, run: Run) -> PaymentMethod:
    """Charge this card of a buyer where none is named. Raises NotFound for another buyer's."""
    payer = store.read_payer(conn, buyer_id)
    with conn.transaction():
        lock_sellers(conn, [payer.workspace_id])
        store.find_method(conn, buyer_id, payment_method_id)
        store.make_primary(conn, buyer_id, payment_method_id)
        _recharge_if_low(conn, buyer_id, run)
    return store.find_method(conn, buyer_id, payment_method_id)


def remove_card(conn: psycopg.Connection, stripe: StripeApi, buyer_id: str, payment_method_id: str) -> None:
    """Forget a card, at Stripe and here; a charge of it that is under way ends as it ends. Raises NotFound.

    Raises Conflict for the primary card while there are others: which one comes after it is the buyer's to say.
    """
    methods = store.list_methods(conn, buyer_id)
    method = store.find_method(conn, buyer_id, payment_method_id)
    if method.is_primary and len(methods) > 1:
        raise Conflict("it is the primary card. Make another one primary, then remove this one.")
    try:
        stripe.detach(payment_method_id)
    except VendorRefused as refused:
        if refused.status in (401, 403):
            raise
        # Stripe has let go of it before, or has forgotten it
    store.delete_method(conn, buyer_id, payment_method_id)


def change_recharge(
    conn: psycopg.Connection, buyer_id: str, *, threshold_minor: int | None, amount_minor: int | None, run: Run
) -> None:
    """Recharge a buyer's wallet by that amount below that threshold; both None: never. Asks at once where it is low."""
    payer = store.read_payer(conn, buyer_id)
    with conn.transaction():
        lock_sellers(conn, [payer.workspace_id])
        store.save_recharge(conn, buyer_id, threshold_minor=threshold_minor, amount_minor=amount_minor)
        forgive(conn, buyer_id, run.clock())
        _recharge_if_low(conn, buyer_id, run)


def _recharge_if_low(conn: psycopg.Connection, buyer_id: str, run: Run) -> None:
    for low in low_wallets(conn, buyer_id).values():
        request_recharges(conn, low, run.clock(), run_id=run.run_id)


def _customer(conn: psycopg.Connection, stripe: StripeApi, payer: Payer) -> str:
    """Who a buyer is at Stripe, made where it is nobody yet."""
    return payer.stripe_customer or _new_customer(conn, stripe, payer)


def _new_customer(conn: psycopg.Connection, stripe: StripeApi, payer: Payer) -> str:
    made = stripe.create_customer(
        buyer_id=payer.buyer_id, workspace_id=payer.workspace_id, name=payer.name, instead_of=payer.stripe_customer
    )
    return store.note_customer(conn, payer.buyer_id, made, instead_of=payer.stripe_customer)


def _attached(
    conn: psycopg.Connection, stripe: StripeApi, payer: Payer, payment_method_id: str, customer: str
) -> tuple[Card, str]:
    """The card as the customer's, who is made anew where Stripe has forgotten it, as a sandbox that ended has."""
    try:
        return stripe.attach(payment_method_id, customer), customer
    except VendorRefused as refused:
        if refused.status != 404 or payer.stripe_customer is None:
            raise
    anew = _new_customer(conn, stripe, payer)
    return stripe.attach(payment_method_id, anew), anew


def _card(stripe: StripeApi, payment_method_id: str) -> Card:
    try:
        return stripe.card(payment_method_id)
    except VendorRefused as refused:
        if refused.status == 404:
            raise _unknown(payment_method_id) from None
        raise


def _unknown(payment_method_id: str) -> NotFound:
    return NotFound(f"no card {payment_method_id}. Add one with the setup intent of POST /api/payments/setup-intent.")
