"""What a saved query asks of the company search.

Holds the translation of a query's filters into search parameters. Holds no call and no paging: the client
does those.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from lead_pipeline.errors import PermanentError

_KEYS = ("topic", "location", "companySize", "industry", "limit")
_NESTED = {"location": ("country", "state"), "companySize": ("min", "max")}


def search_params(filters: Mapping[str, Any], limit: int, as_of: dt.date | None) -> dict[str, Any]:
    """The search body of `filters`: topic, location, companySize, industry, limit and as_of.

    Every key is always there; null or an empty list does not constrain. `limit` is in companies; the
    smaller of it and the query's own holds. `as_of` is the UTC day that is asked for, None for now. Raises
    PermanentError naming each filter that is unknown or of the wrong kind: dropped, it would buy what nobody
    asked for.
    """
    wrong = _unknown(filters)
    wrong += [
        f"{key}.{part} is not text"
        for key, part in (("location", "country"), ("location", "state"))
        if not _is_text_or_none(_part(filters, key, part))
    ]
    wrong += [
        f"companySize.{part} is not a whole number of employees"
        for part in ("min", "max")
        if not _is_count_or_none(_part(filters, "companySize", part))
    ]
    if not _is_text_or_none(filters.get("topic")):
        wrong.append("topic is not text")
    industry = [] if filters.get("industry") is None else filters["industry"]
    if not isinstance(industry, list | tuple) or not all(isinstance(word, str) for word in industry):
        wrong.append("industry is not a list of texts")
    limits = [limit] if filters.get("limit") is None else [limit, filters["limit"]]
    if not all(_is_count_or_none(count) and count for count in limits):
        wrong.append("limit is not a whole number above 0")
    if not wrong:
        wrong += _upside_down(_part(filters, "companySize", "min"), _part(filters, "companySize", "max"))
    if wrong:
        raise PermanentError(f"the query's filters cannot be searched: {'; '.join(wrong)}. Correct the query.")
    return {
        "topic": filters.get("topic"),
        "location": {part: _part(filters, "location", part) for part in _NESTED["location"]},
        "companySize": {part: _part(filters, "companySize", part) for part in _NESTED["companySize"]},
        "industry": list(industry),
        "limit": min(limits),
        "as_of": None if as_of is None else as_of.strftime("%Y-%m-%d"),
    }


def _unknown(filters: Mapping[str, Any]) -> list[str]:
    unknown = [f"unknown filter {key}" for key in filters if key not in _KEYS]
    for key, parts in _NESTED.items():
        value = filters.get(key)
        if isinstance(value, Mapping):
            unknown += [f"unknown filter {key}.{part}" for part in value if part not in parts]
        elif value is not None:
            unknown.append(f"{key} is not an object")
    return unknown


def _part(filters: Mapping[str, Any], key: str, part: str) -> Any:
    value = filters.get(key)
    return value.get(part) if isinstance(value, Mapping) else None


def _is_text_or_none(value: object) -> bool:
    return value is None or (isinstance(value, str) and bool(value.strip()))


def _is_count_or_none(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def _upside_down(smallest: int | None, largest: int | None) -> list[str]:
    if smallest is None or largest is None or smallest <= largest:
        return []
    return [f"companySize.min {smallest} is above companySize.max {largest}"]
