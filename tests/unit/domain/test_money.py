"""Amounts: text to minor units and back, with nothing lost and every refusal in words."""

from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.money import LARGEST, Money, decimal_text, decimals_of, minor_of

CURRENCIES = ("USD", "EUR", "BRL", "JPY", "KWD", "CLF")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("25.00", "USD", 2500),
        ("25", "USD", 2500),
        ("25.5", "USD", 2550),
        ("0.01", "USD", 1),
        ("0", "USD", 0),
        ("007.10", "USD", 710),
        ("25", "JPY", 25),
        ("1.234", "KWD", 1234),
        ("1.2", "KWD", 1200),
        ("0.0001", "CLF", 1),
        (Decimal("25.00"), "USD", 2500),
        (Decimal("1E+2"), "USD", 10_000),
        ("10000000000000.00", "USD", LARGEST),
    ],
)
def test_an_amount_is_read_in_the_minor_unit_of_its_currency(text, currency, minor):
    assert minor == minor_of(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "words"),
    [
        ("25.001", "USD", "has 3 decimals and USD has 2; write it such as 25.00"),
        ("25.0", "JPY", "has 1 decimals and JPY has 0; write it such as 25"),
        ("-25.00", "USD", "is negative; write an amount of zero or more, such as 25.00"),
        ("", "USD", "is not an amount; write a decimal number, such as 25.00"),
        ("abc", "USD", "is not an amount"),
        ("25,00", "USD", "is not an amount"),
        ("1_000", "USD", "is not an amount"),
        ("1e3", "USD", "is not an amount"),
        (" 25.00", "USD", "is not an amount"),
        ("25.00\n", "USD", "is not an amount"),
        ("+25.00", "USD", "is not an amount"),
        (".5", "USD", "is not an amount"),
        ("5.", "USD", "is not an amount"),
        ("٢٥", "USD", "is not an amount"),
        ("9" * 100, "USD", "is not an amount"),
        ("NaN", "USD", "is not an amount"),
        (Decimal("NaN"), "USD", "is not an amount"),
        (Decimal("Infinity"), "USD", "is not an amount"),
        (25.0, "USD", "is not an amount"),
        (None, "USD", "is not an amount"),
        (True, "USD", "is not an amount"),
        ("10000000000000.01", "USD", "is more than 10000000000000.00, the largest amount"),
        ("25.00", "usd", "'usd' is no currency of ISO 4217"),
        ("25.00", "ABC", "'ABC' is no currency of ISO 4217"),
    ],
)
def test_what_is_no_amount_is_refused_in_words(text, currency, words):
    with pytest.raises(ValueError, match="^" + words.replace(".", r"\.")):
        minor_of(text, currency)


@given(st.integers(0, LARGEST), st.sampled_from(CURRENCIES))
def test_text_and_minor_units_are_each_others_inverse(minor, currency):
    text = decimal_text(minor, currency)
    assert minor == minor_of(text, currency)
    assert Decimal(minor).scaleb(-decimals_of(currency)) == Decimal(text)
    assert ("-" + text if minor else text) == decimal_text(-minor, currency)


@given(st.text(max_size=12))
def test_any_text_is_read_exactly_or_refused_with_a_value_error(text):
    try:
        minor = minor_of(text, "USD")
    except ValueError:
        return
    assert Decimal(minor) == Decimal(text) * 100


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(2500, "USD", "25.00"), (-2500, "USD", "-25.00"), (-5, "USD", "-0.05"), (0, "USD", "0.00"), (25, "JPY", "25"),
     (5, "KWD", "0.005")],
)  # fmt: skip
def test_minor_units_are_written_with_the_decimals_of_the_currency(minor, currency, text):
    assert text == decimal_text(minor, currency)


def test_money_is_written_with_its_currency_and_has_no_order():
    assert "25.00 USD" == str(Money(2500, "USD"))
    assert Money(2500, "USD") != Money(2500, "EUR")
    with pytest.raises(TypeError):
        assert Money(1, "USD") < Money(2, "EUR")
    with pytest.raises(FrozenInstanceError):
        Money(1, "USD").minor = 2
