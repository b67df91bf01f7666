"""Landed events of Stripe applied: a charge that succeeded or was declined, a seller's subscription that changed.

Each in one transaction with its drop, once, whoever comes first: the request that landed it, the service or a run.
"""

from collections import Counter
from collections.abc import Sequence

import psycopg

from lead_pipeline.domain.stripe_events import SUBSCRIBED, StripeEvent, read_event, read_subscription
from lead_pipeline.errors import PermanentError
from lead_pipeline.steps.conclude_payment import conclude
from lead_pipeline.steps.run import Run
from lead_pipeline.store.drops import lock_drops
from lead_pipeline.store.payments import find_by_intent
from lead_pipeline.store.seller_subscriptions import save_subscription
from lead_pipeline.store.stripe_drops import settle_event
from lead_pipeline.vendors.stripe_objects import read_intent

_NOT_OURS = "it is about no payment of ours"


def apply_events(conn: psycopg.Connection, drop_ids: Sequence[int], run: Run) -> Counter[str]:
    """Apply those of the drops that wait and that nobody else is at. `conn` commits by itself.

    Returns how many were applied, and how many were kept because they change nothing here, by `applied` and `kept`.
    """
    done: Counter[str] = Counter()
    for drop_id in drop_ids:
        with conn.transaction():
            for drop in lock_drops(conn, [drop_id], stage="landed"):
                words = _applied(conn, read_event(drop.body or b""), run)
                settle_event(conn, drop.drop_id, words)
                done["applied" if words is None else "kept"] += 1
    return done


def _applied(conn: psycopg.Connection, event: StripeEvent, run: Run) -> str | None:
    """None where it changed something or might have, else why it cannot."""
    if not event.is_applied:
        return f"nothing is done about {event.event_type or 'what is no event'}"
    try:
        with conn.transaction():
            return _subscribed(conn, event) if event.event_type == SUBSCRIBED else _charged(conn, event, run)
    except (PermanentError, ValueError) as error:
        return str(error)


def _charged(conn: psycopg.Connection, event: StripeEvent, run: Run) -> str | None:
    intent = read_intent(event.about)
    payment = find_by_intent(conn, intent.payment_id, intent.intent_id)
    if payment is None:
        return _NOT_OURS
    return None if conclude(conn, payment.payment_id, intent, run) else f"the charge is still {intent.status}"


def _subscribed(conn: psycopg.Connection, event: StripeEvent) -> str | None:
    assert event.created is not None
    told = read_subscription(event.about)
    is_known = save_subscription(
        conn, workspace_id=told.workspace_id, customer=told.customer, subscription_id=told.subscription_id,
        status=told.status, plan=told.plan, told_at=event.created,
    )  # fmt: skip
    return None if is_known else "it is about the subscription of no seller"
