"""Why rows are refused, in long form: one row for each reason, with the column, the check and the value.

Holds no check of its own.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from lead_pipeline.domain.arrow import TEXT
from lead_pipeline.domain.lead_columns import FAILURE_COLUMNS


class Reason(NamedTuple):
    """One check that rows can fail. `values` is what was given; a `detail` goes behind the check."""

    column: str
    check: str
    failed: pd.Series
    values: pd.Series
    detail: pd.Series | None = None


def list_failures(
    rows: pd.DataFrame, reasons: Sequence[Reason]
) -> tuple[pd.DataFrame, "np.ndarray[Any, np.dtype[np.bool_]]"]:
    """The failures (`FAILURE_COLUMNS`, by row) and the mask of rows that have any. Reads the rows' keys."""
    refused = np.zeros(len(rows), dtype=bool)
    pieces = []
    for reason in reasons:
        failed = reason.failed.to_numpy(dtype=bool)
        if failed.any():
            refused |= failed
            pieces.append(_piece(rows.loc[failed, ["row_no", "drop_id"]], reason))
    if not pieces:
        return _none().copy(), refused
    failures = pd.concat(pieces).sort_index(kind="stable")
    return failures.reset_index(drop=True), refused


@cache
def _none() -> pd.DataFrame:
    keys = dict.fromkeys(("row_no", "drop_id"), "int64")
    dtypes: dict[str, Any] = keys | dict.fromkeys(("column", "check", "value"), TEXT)
    return pd.DataFrame({name: pd.Series([], dtype=dtypes[name]) for name in FAILURE_COLUMNS})


def _piece(keys: pd.DataFrame, reason: Reason) -> pd.DataFrame:
    piece = keys.assign(column=reason.column, check=reason.check, value=reason.values.loc[keys.index])
    if reason.detail is not None:
        piece["check"] = f"{reason.check}: " + reason.detail.loc[keys.index]
    return piece.astype({"column": TEXT, "check": TEXT, "value": TEXT})[list(FAILURE_COLUMNS)]
