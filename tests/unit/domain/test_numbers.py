"""Numbers as people write them."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.numbers import LARGEST_AMOUNT, LARGEST_COUNT, parse_amounts, parse_counts


def one(parse, text):
    value = parse(pd.Series([text], dtype="str")).iloc[0]
    return None if value is pd.NA else int(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,200", 1200), ("51-200", 51), ("51 – 200", 51), ("10 to 20", 10), ("10,000+", 10_000),
        ("2.5k", 2500),
        ("201-500 employees", 201), ("12.0", 12), ("007", 7), ("0", 0),
        ("12.5", None), ("many", None), ("-5", None), ("1,20", None), ("99999999999", None), ("$5", None),
        ("9" * 18, None), ("9" * 30, None), (None, None),
    ],
)  # fmt: skip
def test_a_head_count_is_whole_and_a_range_gives_its_lower_bound(text, expected):
    assert expected == one(parse_counts, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$1.2M", 1_200_000), ("1,200", 1200), ("EUR 3 bn", 3_000_000_000), ("$ 3 million", 3_000_000),
        ("1.2M USD", 1_200_000), ("R$ 500k", 500_000), ("12.55", 13), ("12.5", 12),
        ("£1,000,000.00", 1_000_000),
        ("about a million", None), ("1e5", None), ("-5", None), ("9" * 21, None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_an_amount_is_in_whole_currency_units(text, expected):
    assert expected == one(parse_amounts, text)


@given(st.integers(0, LARGEST_COUNT))
def test_every_count_is_read_back_with_and_without_separators(number):
    assert number == one(parse_counts, str(number)) == one(parse_counts, f"{number:,}")


@given(st.integers(0, LARGEST_AMOUNT))
def test_every_amount_is_read_back_with_and_without_separators(number):
    assert number == one(parse_amounts, str(number)) == one(parse_amounts, f"${number:,}")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_a_number_or_missing(text):
    assert (one(parse_counts, text) or 0) >= 0
    assert (one(parse_amounts, text) or 0) >= 0
