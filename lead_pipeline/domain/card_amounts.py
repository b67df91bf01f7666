"""How much a card may be charged at once, and how Stripe counts it. Amounts are integer minor units (ISO 4217).

Source: https://docs.stripe.com/currencies (zero-decimal, three-decimal and special cases).
"""

from typing import NamedTuple

LEAST, MOST = 1, 50_000
"""Whole units of the currency."""
# Of no minor unit, and yet counted in hundredths there.
_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
# Of three decimals, of which the last must be 0 there.
_OF_TENS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


class StripeAmount(NamedTuple):
    """An amount as Stripe counts it, and how it writes the currency."""

    amount: int
    currency: str


def fault_of(amount_minor: int, currency: str, *, unit: int) -> str | None:
    """What is wrong with charging a card that much, None where nothing is. `unit`: minor units in a whole one."""
    if not LEAST * unit <= amount_minor <= MOST * unit:
        return f"must be from {LEAST} to {MOST:,} {currency}"
    if currency in _OF_TENS and amount_minor % 10:
        return f"must have at most two decimals: cards are charged no thousandths of {currency}"
    return None


def stripe_amount(amount_minor: int, currency: str) -> StripeAmount:
    """The amount that Stripe is asked for."""
    return StripeAmount(amount_minor * 100 if currency in _IN_HUNDREDTHS else amount_minor, currency)
