"""Intent bands: how strong the signals on a lead are, and which of them decided.

Holds the strength table, the band rules and the reading and writing of the `signals` column (JSON text).
Holds no supplier's own quality claim and no 0-100 score: those are other columns and never overwrite a band.
"""

import json
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

Band = Literal["hot", "warm", "cold"]

STRENGTH_BY_TYPE: Mapping[str, str] = MappingProxyType(
    {
        "researching_topic": "high",
        "visited_competitor_site": "high",
        "whitepaper_download": "medium",
        "webinar_attendance": "medium",
        "job_posting": "medium",
        "social_engagement": "low",
    }
)

_STRENGTHS = ("high", "medium", "low")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class _Scored(NamedTuple):
    high: int
    medium: int
    low: int
    deciding: str | None


def intent_band(high: pd.Series, medium: pd.Series) -> pd.Series:
    """The band of each row from its counts of high and medium signals; low ones never count.

    Hot: high >= 3, or high >= 2 and medium >= 3. Warm: high >= 1 or medium >= 4. Cold: everything else.
    """
    hot = (high >= 3) | ((high >= 2) & (medium >= 3))
    warm = (high >= 1) | (medium >= 4)
    return pd.Series(np.select([hot, warm], ["hot", "warm"], "cold"), index=high.index, dtype="str")


def score_signals(signals: pd.Series) -> pd.DataFrame:
    """Band, counts and deciding signals of each row of `signals` (JSON text, NaN where there is none).

    Returns the same index with `band` (str), `high_count`, `medium_count`, `low_count` (int64) and `deciding`
    (JSON text of the signals that decided, NaN for a cold row). Text that is not a JSON list is cold.
    """
    codes, texts = pd.factorize(signals)
    scored = [_score(text) for text in texts]
    # Code -1, a missing value, reads the last entry.
    scored.append(_Scored(0, 0, 0, None))
    high, medium, low = (
        pd.Series(np.array(counts, dtype="int64")[codes], index=signals.index)
        for counts in list(zip(*scored, strict=True))[:3]
    )
    deciding = pd.array([entry.deciding for entry in scored], dtype="str")
    return pd.DataFrame(
        {
            "band": intent_band(high, medium),
            "high_count": high,
            "medium_count": medium,
            "low_count": low,
            "deciding": pd.Series(deciding[codes], index=signals.index),
        },
        index=signals.index,
        copy=False,
    )


def read_signals(text: str) -> list[dict[str, Any]]:
    """The signals in one JSON text. Entries that are not objects are left out; malformed text has none."""
    try:
        entries = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def json_text(value: object) -> str | None:
    """Compact JSON text that Arrow and Postgres both store, None where `value` has none.

    Lone surrogates and NUL, which neither UTF-8 nor jsonb can hold, become U+FFFD.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None
    return _ESCAPED_NUL.sub("\\1\ufffd", _SURROGATE.sub("\ufffd", text))


def _score(text: str) -> _Scored:
    by_strength: dict[str, list[dict[str, Any]]] = {strength: [] for strength in _STRENGTHS}
    for signal in read_signals(text):
        strength = _strength(signal)
        if strength is not None:
            by_strength[strength].append({**signal, "signal_strength": strength})
    high, medium, low = (len(by_strength[strength]) for strength in _STRENGTHS)
    deciding = _deciding(by_strength["high"], by_strength["medium"])
    return _Scored(high, medium, low, json_text(deciding) if deciding else None)


def _deciding(high: list[dict[str, Any]], medium: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The signals of the first clause that holds, in the order of the band rules."""
    if len(high) >= 3:
        return high
    if len(high) >= 2 and len(medium) >= 3:
        return high + medium
    if high:
        return high
    return medium if len(medium) >= 4 else []


def _strength(signal: Mapping[str, object]) -> str | None:
    own = signal.get("signal_strength")
    if own is None or (isinstance(own, str) and not own.strip()):
        return STRENGTH_BY_TYPE.get(_word(signal.get("signal_type")))
    word = _word(own)
    return word if word in _STRENGTHS else None


def _word(value: object) -> str:
    return re.sub(r"[\W_]+", "_", value.casefold()).strip("_") if isinstance(value, str) else ""


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
