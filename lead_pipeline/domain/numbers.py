"""Numbers as people write them in a cell: head counts, ranges of them, amounts of money.

Whole numbers come out. A text that is not such a number gives NA; telling it from a missing one is up to
the caller.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import ask_each, matches, only_where, present, put, to_arrow

LARGEST_COUNT = 2**31 - 1
LARGEST_AMOUNT = 2**63 - 1

_SCALES = {"": 1, "k": 10**3, "thousand": 10**3, "m": 10**6, "mm": 10**6, "mn": 10**6, "million": 10**6}
_SCALES |= {"b": 10**9, "bn": 10**9, "billion": 10**9, "t": 10**12, "tn": 10**12, "trillion": 10**12}
_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_SCALE = rf"\s?(?P<scale>{'|'.join(sorted(filter(None, _SCALES), key=len, reverse=True))})?"
_CURRENCY = r"(?:(?:US|CA|AU|R|HK|NZ)?\$|[€£¥₹]|[A-Z]{3})"
_COUNT = re.compile(
    rf"(?:~|>|>=)?\s?{_NUMBER}{_SCALE}(?:\s?\+|\s?(?:-|–|—|to)\s?[\d,.]+\s?[km]?\+?)?(?:\s(?:employees|people))?",
    re.IGNORECASE | re.ASCII,
)
_AMOUNT = re.compile(rf"(?:{_CURRENCY}\s?)?{_NUMBER}{_SCALE}(?:\s?{_CURRENCY})?\+?", re.IGNORECASE | re.ASCII)
_DIGITS = r"^[0-9]{1,18}$"


def parse_counts(raw: pd.Series) -> pd.Series:
    """Head counts as Int64: `1,200`, `51-200` (the lower bound), `10,000+`, `2.5k`; NA for anything else."""
    return _parse(raw, _count)


def parse_amounts(raw: pd.Series) -> pd.Series:
    """Amounts in whole currency units as Int64: `1,200`, `$1.2M`, `EUR 3 bn`; NA for anything else."""
    return _parse(raw, _amount)


def _parse(raw: pd.Series, read: Any) -> pd.Series:
    values = to_arrow(raw)
    if values.null_count == len(values):
        nothing = pd.arrays.IntegerArray(np.zeros(len(values), dtype=np.int64), np.ones(len(values), dtype=bool))
        return pd.Series(nothing, index=raw.index, name=raw.name)
    digits = matches(values, _DIGITS)
    texts = only_where(digits, values)
    rest = present(values) & ~digits
    if rest.any():
        texts = put(texts, rest, ask_each(values.filter(pa.array(rest)), lambda value: (read(value),))[0])
    numbers = pc.cast(texts, pa.int64())
    if read is _count:
        numbers = pc.if_else(pc.less_equal(numbers, LARGEST_COUNT), numbers, pa.scalar(None, pa.int64()))
    found = pd.array(numbers.fill_null(0).to_numpy(), dtype="Int64")
    found[~present(numbers)] = pd.NA
    return pd.Series(found, index=raw.index, name=raw.name)


def _count(text: str) -> str | None:
    found = _value(_COUNT.fullmatch(text))
    return str(int(found)) if found is not None and found == found.to_integral_value() else None


def _amount(text: str) -> str | None:
    found = _value(_AMOUNT.fullmatch(text))
    return str(int(found.to_integral_value(ROUND_HALF_EVEN))) if found is not None else None


def _value(found: re.Match[str] | None) -> Decimal | None:
    if found is None:
        return None
    value = Decimal(found["number"].replace(",", "")) * _SCALES[(found["scale"] or "").lower()]
    return value if value <= LARGEST_AMOUNT else None
