"""The failed rows of a file as CSV text, piece by piece: each reason beside the cells as the file had them."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from lead_pipeline.domain.headers import LOCATION
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import read_drop
from lead_pipeline.store.leads import quarantined_page

_ROWS_AT_ONCE = 1_000
_FIRST = ("row", "column", "check", "value")
_PLACE = ("company_location_city", "company_location_state", "company_location_country")
# A spreadsheet runs a cell that begins so. What holds digits and signs alone (a phone, a number) does no harm.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[+\-]?[0-9 ().\-]*")


def failed_rows(url: str, drop_id: int) -> Iterator[str]:
    """A header, then a line per row and reason: row (from 1), column, check, value, and the row's own cells.

    `text` holds a row that does not fit the header, as it was written.
    """
    with connect(url, autocommit=True) as conn:
        headers = read_drop(conn, drop_id).headers
    mapping: dict[str, str] = headers["columns"]
    labels: list[str] = headers.get("labels") or list(mapping.values())
    yield _lines([[*_FIRST, *map(safe_cell, labels), "text"]])
    after = -2
    while True:
        with connect(url, autocommit=True) as conn:
            page = quarantined_page(conn, drop_id, after=after, limit=_ROWS_AT_ONCE)
        if page.empty:
            return
        rows = zip(page["row_no"], page["row"], page["reasons"], strict=True)
        yield _lines(line for row_no, row, reasons in rows for line in _of_row(row_no, row, reasons, mapping, labels))
        after = int(page["row_no"].iloc[-1])


def safe_cell(value: object) -> str:
    """A cell as text that no spreadsheet runs: what begins as a formula gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def _of_row(
    row_no: int, row: str, reasons: str, mapping: dict[str, str], labels: Sequence[str]
) -> Iterator[list[object]]:
    cells = _original(json.loads(row), mapping)
    for reason in json.loads(reasons):
        named = [reason["column"], reason["check"], reason["value"], *(cells.get(label) for label in labels)]
        yield [int(row_no) + 1, *map(safe_cell, [*named, cells.get("\x00text")])]


def _original(row: dict[str, Any], mapping: dict[str, str]) -> dict[str, Any]:
    """The cells under the names that the file gave them; a whole row's text under one that no file can have."""
    attributes = json.loads(row.get("attributes") or "{}")
    cells = {**attributes, **{label: row.get(canonical) for canonical, label in mapping.items()}}
    if LOCATION in mapping:
        cells[mapping[LOCATION]] = ", ".join(filter(None, (row.get(name) for name in _PLACE)))
    return {**cells, "\x00text": row.get("text")}


def _lines(rows: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
