"""Stripe's objects as far as we read them: cards, setup intents and charges, in answers and in events. Asks nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Card:
    """A card as Stripe names it. `customer` None: nobody's yet."""

    payment_method_id: str
    customer: str | None
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True)
class SetupIntent:
    """What a browser needs to add a card."""

    setup_intent_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Intent:
    """A charge of a card. `amount` is in Stripe's smallest unit, `status` its own word.

    `payment_id` is whose charge it is, None where it is not ours; `failure` why the card was declined the last time.
    """

    intent_id: str
    status: str
    amount: int
    currency: str
    payment_id: str | None
    failure: str | None = None


class NotAgreed(ValueError):
    """What an answer is instead of what was asked for."""


def read_intent(fields: Mapping[str, Any]) -> Intent:
    """A payment intent as Stripe writes it, in an answer or an event. Raises NotAgreed where it is none."""
    metadata, error = fields.get("metadata"), fields.get("last_payment_error")
    payment_id = metadata.get("payment_id") if isinstance(metadata, Mapping) else None
    failure = error.get("message") if isinstance(error, Mapping) else None
    amount = fields.get("amount")
    if type(amount) is not int:
        raise NotAgreed("a charge without an amount")
    return Intent(
        read_text(fields, "id"),
        read_text(fields, "status"),
        amount,
        read_text(fields, "currency").upper(),
        payment_id if isinstance(payment_id, str) else None,
        failure if isinstance(failure, str) else None,
    )


def read_page(fields: Mapping[str, Any]) -> tuple[list[Intent], bool]:
    """A page of charges, and whether there are more. Raises NotAgreed where it is none."""
    entries = fields.get("data")
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise NotAgreed("no list of charges")
    return [read_intent(entry) for entry in entries], bool(fields.get("has_more"))


def read_card(fields: Mapping[str, Any]) -> Card:
    """A payment method that is a card. Raises NotAgreed where it is none."""
    card, customer = fields.get("card"), fields.get("customer")
    if not isinstance(card, Mapping):
        raise NotAgreed("what is no card")
    month, year = card.get("exp_month"), card.get("exp_year")
    if type(month) is not int or type(year) is not int:
        raise NotAgreed("a card without an expiry date")
    return Card(
        read_text(fields, "id"),
        customer if isinstance(customer, str) else None,
        read_text(card, "brand"),
        read_text(card, "last4"),
        month,
        year,
    )


def read_text(fields: Mapping[str, Any], name: str) -> str:
    """A text that must be there. Raises NotAgreed where it is not."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise NotAgreed(f"no {name}")
    return value
