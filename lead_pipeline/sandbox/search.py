"""DataShopper's search: which companies answer a query on a day, in which order, page by page. No HTTP."""

import base64
import binascii
import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from lead_pipeline.errors import VendorRefused
from lead_pipeline.sandbox.catalogue import Catalogue
from lead_pipeline.sandbox.seeded import chances, number
from lead_pipeline.sandbox.signals import signals_of

INTERESTED = 0.35
COUNTRY_SPELLINGS = ("country_word", "country_2", "country_3")
# How much of a company's rank stays from day to day. At 0.7 the top 50 of 400 matches keeps half of
# itself overnight; a query with fewer matches than its limit keeps them all.
LASTING = 0.7


@dataclass(frozen=True)
class Query:
    """What is looked for. Sizes are heads, both ends included; None and () do not constrain."""

    limit: int
    topic: str | None = None
    country: str | None = None
    state: str | None = None
    size_min: int | None = None
    size_max: int | None = None
    industries: tuple[str, ...] = ()


def search(
    catalogue: Catalogue, query: Query, *, as_of: date | None, today: date, cursor: str | None, page_size: int
) -> dict[str, Any]:
    """One page: `companies`, `next_cursor`, and `total`, the matches before `limit`.

    A cursor holds the day of the first page, so a search that runs past midnight stays one search.
    Raises VendorRefused (422) where the cursor belongs to another query, day or nothing at all.
    """
    day, offset = (as_of or today, 0) if cursor is None else _read_cursor(cursor, query)
    if as_of not in (None, day):
        raise VendorRefused(f"the cursor belongs to a search as of {day}; send that day or none", status=422)
    order = ranked(catalogue, query, day)
    end = min(offset + page_size, query.limit)
    more = min(len(order), query.limit) > end
    topic = _word(query.topic)
    companies = [
        _answer(row, signals_of(catalogue.seed, row["id"], topic, day))
        for row in catalogue.frame.iloc[order[offset:end]].to_dict("records")
    ]
    return {
        "companies": companies,
        "next_cursor": _write_cursor(query, day, end) if more else None,
        "total": len(order),
    }


def ranked(catalogue: Catalogue, query: Query, as_of: date) -> np.ndarray:
    """The positions in the catalogue that match, best first; ties cannot be told apart by a caller."""
    frame, topic = catalogue.frame, _word(query.topic)
    mask = np.ones(len(frame), dtype=bool)
    if topic:
        mask &= chances(catalogue.keys, "affinity", topic) < INTERESTED
    if query.country is not None:
        spellings = (frame[column].eq(_word(query.country)) for column in COUNTRY_SPELLINGS)
        mask &= np.logical_or.reduce([spelling.to_numpy() for spelling in spellings])
    if query.state is not None:
        mask &= frame["state_word"].eq(_word(query.state)).to_numpy()
    if query.size_min is not None:
        mask &= frame["employee_count"].ge(query.size_min).to_numpy()
    if query.size_max is not None:
        mask &= frame["employee_count"].le(query.size_max).to_numpy()
    if query.industries:
        wanted = [_word(word) for word in query.industries]
        mask &= (frame["industry_word"].isin(wanted) | frame["sector_word"].isin(wanted)).to_numpy()
    found = np.flatnonzero(mask)
    lasting = chances(catalogue.keys[found], "rank", topic)
    of_the_day = chances(catalogue.keys[found], "rank", topic, as_of)
    score = LASTING * lasting + (1 - LASTING) * of_the_day
    return found[np.argsort(-score, kind="stable")]


def _answer(row: Mapping[Any, Any], signals: list[dict[str, str]]) -> dict[str, Any]:
    plain = {key: row[key] for key in ("id", "name", "website", "industry", "sector")}
    return {
        **plain,
        "phone": row["phone"] or None,
        "employee_count": row["employee_count"],
        "revenue": row["revenue"],
        "location": {key: row[key] for key in ("city", "state", "country")},
        "signals": signals,
    }


def _word(value: str | None) -> str:
    return " ".join((value or "").casefold().split())


def _write_cursor(query: Query, day: date, offset: int) -> str:
    text = json.dumps([f"{number(query):016x}", day.isoformat(), offset])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str, query: Query) -> tuple[date, int]:
    try:
        owner, day, offset = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        place = date.fromisoformat(day), operator.index(offset)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise VendorRefused("the cursor is not one of ours; send next_cursor as it came", status=422) from error
    if owner != f"{number(query):016x}" or place[1] < 0:
        raise VendorRefused("the cursor belongs to another query; repeat the first page's body", status=422)
    return place
