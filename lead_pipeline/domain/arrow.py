"""Between pandas' text columns and Arrow's kernels: conversion, and one answer for each distinct value.

Holds no rule about any value. Missing is NaN on the pandas side and null on the Arrow side.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
ARROW_TEXT = pa.large_string()
NOTHING = pa.scalar(None, ARROW_TEXT)
_FEW = 200


def to_arrow(column: pd.Series) -> Any:
    """The column as one Arrow text array of the same length; a column of another type is cast to text."""
    values = pa.array(column.array if column.dtype == TEXT else column.astype(TEXT).array, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values if values.type == ARROW_TEXT else values.cast(ARROW_TEXT)


def to_series(values: Any, index: pd.Index, name: Hashable = None) -> pd.Series:
    """An Arrow text array as a pandas column of the default text type."""
    dtype: Any = TEXT
    text = values if values.type == ARROW_TEXT else values.cast(ARROW_TEXT)
    return pd.Series(dtype.__from_arrow__(text), index=index, name=name, copy=False)


def missing_text(index: pd.Index) -> pd.Series:
    """A text column in which everything is missing."""
    return to_series(pa.nulls(len(index), ARROW_TEXT), index)


def mask(values: Any) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """An Arrow boolean array as numpy; null counts as False."""
    answer: np.ndarray[Any, np.dtype[np.bool_]] = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return answer


def matches(values: Any, pattern: str) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Where the RE2 pattern is found. Missing values are not matches."""
    return mask(pc.match_substring_regex(values, pattern))


def present(values: Any) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Where there is a value."""
    return mask(values.is_valid())


def is_one_of(values: Any, known: Collection[str]) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Where the value is one of the known ones (a set). Missing values are not.

    Arrow hashes all that is known on every call, which is worth it only for more values than a request has.
    """
    if len(values) >= _FEW:
        return mask(pc.is_in(values, value_set=pa.array(list(known), ARROW_TEXT)))
    return np.array([value in known for value in values.to_pylist()], dtype=bool)


def only_where(where: Any, values: Any) -> Any:
    """The values where the mask holds, null elsewhere."""
    return pc.if_else(pa.array(where), values, NOTHING)


def put(values: Any, where: Any, replacements: Any) -> Any:
    """The values with those under the mask replaced, in order, by as many replacements."""
    return pc.replace_with_mask(values, pa.array(where), replacements.cast(values.type))


def join(*parts: Any, between: str = "") -> Any:
    """The parts (Arrow text arrays or plain strings) joined value by value; null where any part is null."""
    texts = [pa.scalar(part, ARROW_TEXT) if isinstance(part, str) else part for part in (*parts, between)]
    return pc.binary_join_element_wise(*texts)


def look_up(values: Any, table: Mapping[str, str], key: Callable[[str], str]) -> Any:
    """Each value's entry in the table under its key, null where there is none."""
    return ask_each(values, lambda value: (table.get(key(value)),))[0]


def ask_each(values: Any, ask: Callable[[str], tuple[str | None, ...]], width: int = 1) -> list[Any]:
    """Ask about every distinct value once; `width` text arrays as long as the values come back."""
    if values.null_count == len(values):
        return [pa.nulls(len(values), ARROW_TEXT)] * width
    encoded = values.dictionary_encode()
    columns: Iterable[Any] = zip(*map(ask, encoded.dictionary.to_pylist()), strict=True)
    answers = [pa.array(column, ARROW_TEXT) for column in columns]
    return [column.take(encoded.indices) for column in answers]
