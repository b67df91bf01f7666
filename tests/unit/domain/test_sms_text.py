"""Segments of SMS, against the sizes of the standard, and texts that are cut to fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.sms_text import segments, within

PLAIN = "a"
ESCAPED = "€"
WIDE = "ж"
PAIR = "🚀"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        (PLAIN * 160, 1), (PLAIN * 161, 2), (PLAIN * 306, 2), (PLAIN * 307, 3),
        (ESCAPED * 80, 1), (ESCAPED * 81, 2),
        (PLAIN * 152 + ESCAPED + PLAIN * 152, 3),  # the pair would be torn apart: it opens the second segment
        (WIDE * 70, 1), (WIDE * 71, 2), (WIDE * 134, 2), (WIDE * 135, 3),
        (PAIR * 35, 1), (PAIR * 36, 2), (PAIR * 66, 2), (PAIR * 67, 3),
        ("é" * 160, 1), ("ê" * 160, 3),
    ],
)  # fmt: skip
def test_a_text_falls_into_as_many_segments_as_the_standard_says(text, count):
    assert count == segments(text)


@given(st.text(max_size=900), st.integers(1, 4))
def test_a_text_is_cut_only_where_it_is_too_long_and_then_fits(text, most):
    cut = within(text, most)
    assert segments(cut) <= most
    assert (segments(text) <= most) == (cut == text) or text == cut
    assert cut == text or text.startswith(cut.removesuffix("...").rstrip())


def test_a_cut_takes_no_more_than_it_must():
    assert "a" * 303 + "..." == within("a" * 400)
