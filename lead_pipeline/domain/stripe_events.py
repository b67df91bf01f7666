"""What an event of Stripe says: its identity, its type and the object that it is about. Any bytes have an answer."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.domain.webhooks import parse_body

SOURCE = "stripe"
CHARGED, DECLINED = "payment_intent.succeeded", "payment_intent.payment_failed"
SUBSCRIBED = "customer.subscription.updated"
APPLIED = frozenset({CHARGED, DECLINED, SUBSCRIBED})
"""Types that change something here. Others are kept."""
_LONGEST = 200
_SALT = f"{SOURCE}\n".encode()


@dataclass(frozen=True)
class StripeEvent:
    """One event. `event_type` None: it is none that can be read. `external_id`: `event/<id>`, or one of its bytes."""

    external_id: str
    event_type: str | None
    created: datetime | None
    about: Mapping[str, Any] = field(repr=False)

    @property
    def is_applied(self) -> bool:
        """Whether it changes something here."""
        return self.event_type in APPLIED and self.created is not None


@dataclass(frozen=True)
class Subscription:
    """A seller's own subscription, as an event tells of it. `plan` is the id of its first price or plan."""

    subscription_id: str
    customer: str
    status: str
    plan: str | None
    workspace_id: str | None


def read_event(body: bytes) -> StripeEvent:
    """The event in a signed body."""
    try:
        document = parse_body(body)
    except ValueError:
        document = None
    fields: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
    event_id, event_type = _text(fields.get("id")), _text(fields.get("type"))
    if event_id is None or event_type is None:
        return StripeEvent(f"sha256/{hashlib.sha256(_SALT + body).hexdigest()}", None, None, {})
    data = fields.get("data")
    about = data.get("object") if isinstance(data, Mapping) else None
    return StripeEvent(
        f"event/{event_id}", event_type, _time(fields.get("created")), about if isinstance(about, Mapping) else {}
    )


def read_subscription(about: Mapping[str, Any]) -> Subscription:
    """The subscription that an event is about. Raises ValueError where it is none."""
    subscription_id, customer, status = (_text(about.get(name)) for name in ("id", "customer", "status"))
    if subscription_id is None or customer is None or status is None:
        raise ValueError("the event holds no subscription with an id, a customer and a status")
    metadata = about.get("metadata")
    workspace_id = _text(metadata.get("workspace_id")) if isinstance(metadata, Mapping) else None
    return Subscription(subscription_id, customer, status, _plan(about), workspace_id)


def _plan(about: Mapping[str, Any]) -> str | None:
    items = about.get("items")
    entries = items.get("data") if isinstance(items, Mapping) else None
    first = entries[0] if isinstance(entries, list) and entries and isinstance(entries[0], Mapping) else {}
    for holder in (first.get("price"), first.get("plan"), about.get("plan")):
        if isinstance(holder, Mapping) and (found := _text(holder.get("id"))) is not None:
            return found
    return None


def _text(value: object) -> str | None:
    return storable_text(value)[:_LONGEST] if isinstance(value, str) and value else None


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if type(value) is int else None
    except (OverflowError, ValueError, OSError):
        return None
