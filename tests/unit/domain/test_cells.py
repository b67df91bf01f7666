"""Cells: what counts as space and what counts as nothing."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.cells import clean_cells


def column(*cells):
    return pd.Series(list(cells), dtype="str")


def test_spaces_around_and_inside_are_collapsed():
    assert ["Ada Lovelace", "a b", "x"] == clean_cells(column("  Ada \t Lovelace\n", "a\u00a0 b", "\ufeffx")).tolist()


@pytest.mark.parametrize("word", ["", "  ", "(blank)", "NULL", "None", "n/a", "N/A", "-", " - "])
def test_a_word_for_nothing_is_missing(word):
    assert clean_cells(column(word)).isna().all()


def test_a_word_for_nothing_inside_a_cell_stays():
    assert ["None of the above", "A - B", "nullable"] == clean_cells(
        column("None of the above", "A - B", "nullable")
    ).tolist()


def test_a_null_byte_never_reaches_the_database():
    assert ["a b"] == clean_cells(column("a\x00b")).tolist()


def test_the_index_and_the_missing_cells_are_kept():
    cells = pd.Series(["a", None], index=[7, 3], dtype="str")
    assert [7, 3] == clean_cells(cells).index.tolist()
    assert [False, True] == clean_cells(cells).isna().tolist()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=20))
def test_cleaning_twice_changes_nothing(cells):
    once = clean_cells(column(*cells))
    pd.testing.assert_series_equal(once, clean_cells(once))
