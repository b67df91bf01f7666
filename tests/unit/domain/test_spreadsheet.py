"""Cells on their way through a spreadsheet: no formula gets in, and every cell comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.spreadsheet import fence, unfence


@given(st.text(alphabet=st.sampled_from("'=+-@\t\rab1 ")) | st.text())
def test_a_fenced_cell_comes_back_exactly_and_is_no_formula(cell):
    assert cell == unfence(fence(cell))
    assert not fence(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("typed", ["=1", "+1 212 555 0143", "'s-Hertogenbosch", "-", "jane@acme.com"])
def test_what_a_person_types_is_taken_as_typed(typed):
    assert typed == unfence(typed)
