"""The shape of a text, whatever is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.text_shapes import SHAPES, shape_of


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("", "blank"),
        (" \t", "blank"),
        ("12", "integer"),
        ("-1.5", "decimal"),
        ("2026-03-01T10:00:00Z", "zoned_time"),
        ("2026-03-01 10:00:00", "time"),
        ("2026-03-01", "date"),
        ("01/03/2026 10:00", "other_date"),
        ("ada@example.com", "email"),
        ("ADA@EXAMPLE.COM", "upper_email"),
        ("https://example.com/a", "url"),
        ("example.com", "host"),
        ("+5511987654321", "global_phone"),
        ("(11) 98765-4321", "phone"),
        ("R$ 350.000,00", "amount"),
        ("researching_topic", "code"),
        ("ON_CREATE", "upper_code"),
        ("high", "lower"),
        ("HIGH", "upper"),
        ("New York", "title"),
        ("Small cap", "sentence"),
        ("iPhone", "mixed"),
        ("?!", "other"),
    ],
)
def test_a_text_has_the_first_shape_that_fits(text: str, shape: str) -> None:
    assert shape == shape_of(text)


@given(st.text(st.characters(codec=None), max_size=300))
def test_every_text_has_a_known_shape(text: str) -> None:
    assert shape_of(text) in SHAPES
