"""Costs and statements: every price is exact to the micro, and lines sum to their total to the last minor unit."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.usage import (
    Price,
    micros_of_minor,
    micros_text,
    minor_total,
    price_of,
    shared_out,
    statement_lines,
)

CURRENCIES = st.sampled_from(("USD", "JPY", "KWD", "CLF"))
MICROS = st.lists(st.integers(0, 10**13), max_size=40)
COSTS = st.decimals(0, 10, places=7)
PERCENTS = st.decimals(0, 500, places=2)


@pytest.mark.parametrize(
    ("cost", "units", "percent", "base", "markup"),
    [
        ("0.0079", 1, "20", 7_900, 1_580),
        ("0.0079", 3, "20", 23_700, 4_740),
        ("0.0004", 1, "15", 400, 60),
        ("0.0000005", 1, "0", 0, 0),
        ("0.0000015", 1, "0", 2, 0),
        ("0.00001", 1, "5", 10, 0),
        ("0.00003", 1, "5", 30, 2),
        ("0", 5, "500", 0, 0),
    ],
)
def test_a_price_is_its_units_and_its_markup_with_halves_to_the_even_micro(cost, units, percent, base, markup):
    assert Price(base, markup) == price_of(Decimal(cost), units, Decimal(percent))


@given(COSTS, st.integers(1, 100), PERCENTS)
def test_a_price_is_never_more_than_half_a_micro_from_the_exact_one(cost, units, percent):
    price = price_of(cost, units, percent)
    assert abs(price.base_micros - Fraction(cost) * units * 10**6) <= Fraction(1, 2)
    assert abs(price.markup_micros - price.base_micros * Fraction(percent) / 100) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("micros", "currency", "minor"),
    [
        (5_000, "USD", 0), (15_000, "USD", 2), (5_001, "USD", 1), (4_999, "USD", 0), (25_000, "USD", 2),
        (500_000, "JPY", 0), (1_500_000, "JPY", 2), (500, "KWD", 0), (1_500, "KWD", 2), (50, "CLF", 0),
    ],
)  # fmt: skip
def test_a_total_is_the_nearest_minor_unit_with_halves_to_the_even_one(micros, currency, minor):
    assert minor == minor_total(micros, currency)


@given(MICROS, CURRENCIES)
def test_the_lines_of_a_statement_always_sum_to_its_total_and_none_is_a_unit_off(micros, currency):
    total = minor_total(sum(micros), currency)
    lines = shared_out(total, micros, currency)
    assert total == sum(lines)
    size = micros_of_minor(currency)
    for line, exact in zip(lines, micros, strict=True):
        assert exact // size <= line <= -(-exact // size)


@given(st.dictionaries(st.sampled_from("abcdef"), MICROS, max_size=6), CURRENCIES)
def test_the_lines_of_each_group_sum_to_the_group_and_all_groups_to_the_total(groups, currency):
    shared = statement_lines(groups, currency)
    assert minor_total(sum(map(sum, groups.values())), currency) == sum(map(sum, shared.values()))
    closed = statement_lines({name: [sum(lines)] for name, lines in groups.items()}, currency)
    assert {name: sum(lines) for name, lines in shared.items()} == {name: line for name, [line] in closed.items()}


def test_the_largest_remainder_gets_the_unit_and_the_first_of_equals():
    assert [0, 1, 0] == shared_out(1, [3_000, 4_000, 3_000], "USD")
    assert [1, 0, 0] == shared_out(1, [3_334, 3_333, 3_333], "USD")
    assert [1, 1, 0, 0] == shared_out(2, [5_000, 5_000, 5_000, 5_000], "USD")


@pytest.mark.parametrize("total", [-1, 1, 3])
def test_a_total_that_the_lines_cannot_be_rounded_to_is_a_slip(total):
    with pytest.raises(ValueError, match="rounded"):
        shared_out(total, [20_000] if total < 2 else [15_000], "USD")


def test_micros_are_told_with_six_decimals():
    assert ("0.007900", "12.000000", "0.000000") == (micros_text(7_900), micros_text(12_000_000), micros_text(0))
