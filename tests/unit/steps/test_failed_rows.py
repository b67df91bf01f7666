"""Cells of a CSV file that people open in a spreadsheet: nothing in them runs, and numbers stay as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.steps.failed_rows import safe_cell


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|x", "-2+cmd|x", "@SUM(A1)", "\t=1", "\r=1", "+1 A"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell):
    assert f"'{cell}" == safe_cell(cell)


@pytest.mark.parametrize("cell", ["+1 (212) 555-0100", "-12.50", "jane@acme.example", "a=b", "", "Müller"])
def test_phones_numbers_and_plain_text_stay_as_they_are(cell):
    assert cell == safe_cell(cell)


@given(st.text())
def test_no_cell_begins_as_a_formula_unless_it_is_a_number(text):
    safe = safe_cell(text)
    assert text in (safe, safe[1:])
    assert safe[:1] not in ("=", "@", "\t", "\r")
