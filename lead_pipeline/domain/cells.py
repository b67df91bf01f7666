"""One cell of text, cleaned before anything reads it: spaces, control characters, words that mean nothing.

Holds nothing about what a column means.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import NOTHING, mask, matches, put, to_arrow, to_series

NOTHING_WORDS = ("", "(blank)", "null", "none", "n/a", "-")
_LONGEST = max(map(len, NOTHING_WORDS))
# Control characters count as space: Postgres refuses NUL, and none of them means anything in a name.
_OTHER_SPACE = r"\x00-\x1f\x7f-\x{a0}\x{1680}\x{2000}-\x{200b}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
_UNTIDY = rf"^ | $|  |[{_OTHER_SPACE}]"


def clean_cells(column: pd.Series) -> pd.Series:
    """Trimmed, inner whitespace collapsed, and missing where the whole cell is a word for nothing."""
    values = to_arrow(column)
    cleaned = _clean(values)
    return column if cleaned is values else to_series(cleaned, column.index, column.name)


def collapse_spaces(values: Any) -> Any:
    """An Arrow text array, trimmed, with every run of whitespace or control characters as one space."""
    untidy = matches(values, _UNTIDY)
    if not untidy.any():
        return values
    spaced = pc.replace_substring_regex(values.filter(pa.array(untidy)), rf"[ {_OTHER_SPACE}]+", " ")
    return put(values, untidy, pc.utf8_trim(spaced, " "))


def _clean(values: Any) -> Any:
    if values.null_count == len(values):
        return values
    values = collapse_spaces(values)
    short = mask(pc.less_equal(pc.binary_length(values), _LONGEST))
    places = np.flatnonzero(short)
    words = pc.ascii_lower(values.filter(pa.array(short)))
    nothing = np.zeros(len(values), dtype=bool)
    nothing[places] = mask(pc.is_in(words, value_set=pa.array(NOTHING_WORDS, words.type)))
    return pc.if_else(pa.array(nothing), NOTHING, values) if nothing.any() else values
