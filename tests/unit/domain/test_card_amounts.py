"""How much a card may be charged, and how Stripe counts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.card_amounts import fault_of, stripe_amount
from lead_pipeline.domain.money import decimals_of


@pytest.mark.parametrize(
    ("amount", "currency", "is_fine"),
    [
        (99, "USD", False), (100, "USD", True), (5_000_000, "USD", True), (5_000_001, "USD", False),
        (0, "JPY", False), (1, "JPY", True), (50_000, "JPY", True), (50_001, "JPY", False),
        (1_000, "KWD", True), (1_005, "KWD", False), (999, "KWD", False),
    ],
)  # fmt: skip
def test_a_card_is_charged_from_one_to_fifty_thousand_units(amount, currency, is_fine):
    assert is_fine == (fault_of(amount, currency, unit=10 ** decimals_of(currency)) is None)


@pytest.mark.parametrize(
    ("amount", "currency", "counted"),
    [(2500, "USD", 2500), (100, "JPY", 100), (100, "ISK", 10_000), (100, "UGX", 10_000), (1_010, "KWD", 1_010)],
)
def test_stripe_counts_as_its_documentation_says(amount, currency, counted):
    assert (counted, currency) == stripe_amount(amount, currency)


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.sampled_from(["USD", "JPY", "ISK", "KWD"]))
def test_more_money_is_a_larger_amount_at_stripe(one, other, currency):
    assert (one < other) == (stripe_amount(one, currency).amount < stripe_amount(other, currency).amount)
