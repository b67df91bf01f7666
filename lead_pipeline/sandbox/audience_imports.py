"""Audience Labs' bulk imports: what a day has, and the leads of an import page by page. No HTTP.

Each day up to today has one completed import and one that is running. All of it is made up from a seed.
"""

import re
from datetime import date
from typing import Any

from lead_pipeline.errors import VendorRefused
from lead_pipeline.sandbox.company_words import FIRST_WORDS, INDUSTRIES, PLACES, SECOND_WORDS
from lead_pipeline.sandbox.people import FIRST_NAMES, LAST_NAMES, POSTS, dns_label, plain
from lead_pipeline.sandbox.seeded import Draw, number

FEWEST, MOST = 110, 130
COMPLETED, RUNNING = "completed", "running"
_ID = re.compile(r"imp-(\d{4})(\d{2})(\d{2})-([12])", re.ASCII)
_TRADES = tuple(industry for industries in INDUSTRIES.values() for industry in industries)


def imports_of(seed: int, day: date, today: date) -> list[dict[str, Any]]:
    """The imports made on a day, none where it has not come yet. They belong to no workspace of their own."""
    if day > today:
        return []
    whole: dict[str, Any] = {"status": COMPLETED, "lead_count": _size(seed, day)}
    entries = (whole, {"status": RUNNING, "lead_count": None})
    return [{"id": f"imp-{day:%Y%m%d}-{at}", "workspace_id": None, **one} for at, one in enumerate(entries, start=1)]


def leads_page(
    seed: int, import_id: str, today: date, *, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """At most `limit` leads, and the cursor of the next page, None at the end.

    Raises VendorRefused: 404 where there is no such import, 409 while it is running, 422 for a cursor of another.
    """
    day, is_whole = _of_id(import_id, today)
    if not is_whole:
        raise VendorRefused("the import is still running; ask again once it is completed", status=409)
    offset, size = 0 if cursor is None else _offset(seed, import_id, cursor), _size(seed, day)
    if not 0 <= offset <= size:
        raise VendorRefused("the cursor lies behind the end of the import", status=422)
    end = min(offset + limit, size)
    return [_lead(seed, import_id, row) for row in range(offset, end)], (
        _cursor(seed, import_id, end) if end < size else None
    )


def _of_id(import_id: str, today: date) -> tuple[date, bool]:
    found = _ID.fullmatch(import_id)
    try:
        day = date(*(int(part) for part in found.groups()[:3])) if found else None
    except ValueError:
        day = None
    if found is None or day is None or day > today:
        raise VendorRefused("there is no such import; take an id of the list", status=404)
    return day, found[4] == "1"


def _size(seed: int, day: date) -> int:
    return FEWEST + Draw(seed, "import", day).below(MOST - FEWEST + 1)


def _cursor(seed: int, import_id: str, offset: int) -> str:
    return f"{offset}.{number(seed, 'cursor', import_id, offset):016x}"


def _offset(seed: int, import_id: str, cursor: str) -> int:
    text = cursor.partition(".")[0]
    offset = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
    if offset < 0 or _cursor(seed, import_id, offset) != cursor:
        raise VendorRefused("the cursor is not one of this import's; send next_cursor as it came", status=422)
    return offset


def _lead(seed: int, import_id: str, row: int) -> dict[str, Any]:
    draw = Draw(seed, "import lead", import_id, row)
    first, last = draw.pick(FIRST_NAMES), draw.pick(LAST_NAMES)
    company = f"{draw.pick(FIRST_WORDS)} {draw.pick(SECOND_WORDS)}"
    country, state, *_ = draw.pick(PLACES)
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{plain(first)}.{plain(last)}{row}@{dns_label(company)}.example.com",
        "job_title": draw.pick(POSTS)[0],
        "company_name": company,
        "company_industry": draw.pick(_TRADES),
        "company_location": {"state": state or None, "country": country},
    }
