"""Whether a frame certainly keeps a contract: a cheap yes, read from the very schema that pandera checks.

Never a no: whatever is not certain is pandera's to judge and to report, so nothing passes here that would fail there.
Worth its place because pandera takes half a millisecond a column, and a request has two frames of fifty columns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import TEXT, to_arrow

Test = Callable[[Any], bool]


@dataclass(frozen=True)
class _Column:
    """What a column must be. `tests` take an Arrow text array where it holds text, else the column itself."""

    dtype: Any
    nullable: bool
    tests: tuple[Test, ...]


@dataclass(frozen=True)
class _Contract:
    columns: dict[str, _Column]
    required: frozenset[str]
    ordered: bool


def certainly_keeps(model: type[pa.DataFrameModel], frame: pd.DataFrame) -> bool:
    """True where the frame keeps the contract; False where pandera has to be asked."""
    contract = _contract(model)
    names = list(frame.columns)
    if contract is None or len(set(names)) < len(names) or not contract.required <= set(names):
        return False
    if contract.ordered and names != [name for name in contract.columns if name in names]:
        return False
    return all(
        name in contract.columns and _is_certain(contract.columns[str(name)], column) for name, column in frame.items()
    )


def _is_certain(wanted: _Column, column: pd.Series) -> bool:
    if column.dtype != wanted.dtype:
        return False
    if wanted.dtype != TEXT:
        return (wanted.nullable or not column.hasnans) and all(test(column) for test in wanted.tests)
    values = to_arrow(column)
    if values.null_count and not wanted.nullable:
        return False
    return values.null_count == len(values) or all(test(values) for test in wanted.tests)


@cache
def _contract(model: type[pa.DataFrameModel]) -> _Contract | None:
    """None where the schema asks for something that is not read here."""
    schema: Any = model.to_schema()
    plain = not (schema.checks or schema.parsers or schema.index or schema.unique or schema.coerce or schema.dtype)
    columns = {name: _column(column) for name, column in schema.columns.items()}
    if not plain or schema.strict is not True or not schema.unique_column_names or None in columns.values():
        return None
    required = frozenset(name for name, column in schema.columns.items() if column.required)
    return _Contract({name: column for name, column in columns.items() if column is not None}, required, schema.ordered)


def _column(column: Any) -> _Column | None:
    tests = [_test(check) for check in column.checks]
    if column.unique or column.coerce or column.regex or column.parsers or None in tests:
        return None
    return _Column(pd.api.types.pandas_dtype(column.dtype.type), column.nullable, tuple(filter(None, tests)))


def _test(check: Any) -> Test | None:
    """The same question about a whole column; missing values pass, as they do in pandera."""
    if check.name == "all_match":
        pattern = check.statistics["pattern"]
        return lambda values: pc.all(pc.match_substring_regex(values, pattern), min_count=0).as_py() is not False
    if check.name == "greater_than_or_equal_to":
        least = check.statistics["min_value"]
        return lambda column: bool(pd.isna(lowest := column.min()) or lowest >= least)
    return None
