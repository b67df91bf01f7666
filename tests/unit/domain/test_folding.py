"""Folding: forms that compare."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.arrow import to_arrow
from lead_pipeline.domain.folding import caseless, caseless_column, folded, folded_column

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=10)


def test_accents_fold_on_latin_letters_and_stay_on_other_scripts():
    assert ["sao tome", "moller", "strasse", "が", "한국"] == [
        folded(text) for text in ("São Tomé", "Møller", "Straße", "が", "한국")
    ]


@given(TEXTS)
def test_a_column_folds_as_its_values_do(texts):
    values = to_arrow(pd.Series(texts, dtype="str"))
    assert [caseless(text) for text in texts] == caseless_column(values).to_pylist()
    assert [folded(text) for text in texts] == folded_column(values).to_pylist()
