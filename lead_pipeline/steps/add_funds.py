"""A buyer adds funds: written down first, then its primary card is charged. The same key again is the same payment."""

import psycopg

from lead_pipeline.errors import Conflict, NotFound
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.settle_payments import settle_payment
from lead_pipeline.store import payments as store
from lead_pipeline.store.payment_methods import list_methods, primary_of
from lead_pipeline.store.payments import Payment
from lead_pipeline.vendors.stripe_api import StripeApi


def add_funds(
    conn: psycopg.Connection, stripe: StripeApi, buyer_id: str, amount_minor: int, *, key: str | None, run: Run
) -> Payment:
    """Charge a buyer's primary card; the payment as it stands then, open where Stripe's answer is not known yet.

    `conn` commits by itself. `key` is the client's own name for it. Raises Conflict where the key named another
    amount before, NotFound where no card is primary.
    """
    known = None if key is None else store.find_by_key(conn, buyer_id, key)
    if known is None:
        card = primary_of(list_methods(conn, buyer_id))
        if card is None:
            raise NotFound("no card is primary. Add one: POST /api/payments/methods.")
        payment_id = store.insert_fund(
            conn, buyer_id=buyer_id, amount_minor=amount_minor, payment_method_id=card.payment_method_id,
            client_key=key, now=run.clock(),
        )  # fmt: skip
        known = store.read_payment(conn, payment_id)
    if known.amount_minor != amount_minor:
        raise Conflict("this Idempotency-Key named another amount before. Send each payment under its own key.")
    return settle_payment(conn, stripe, known.payment_id, run)
