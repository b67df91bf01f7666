"""Vendor pages that wait to validated leads: claim, parse, validate, commit."""

import json
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.vendor_rows import VENDOR_COLUMNS, companies_to_rows
from lead_pipeline.steps.decide_events import find_homes, refuse_drops, rows_of_events
from lead_pipeline.steps.validate_rows import commit_rows, validate_rows
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Drop, advance, claim

COMPANIES = "datashopper"
PAGE_SOURCES = (COMPANIES, "audience-labs")
PAGES_AT_ONCE = 100


def validate_pages(
    url: str, day: date, *, sources: Sequence[str] = PAGE_SOURCES, workspace: str | None = None
) -> Accounting:
    """Validate every landed vendor page of a day of these sources. Returns what became of their rows.

    `workspace` (slug or id) receives what names none; a page whose workspace nobody knows is refused whole.
    """
    wanted = [source for source in sources if source in PAGE_SOURCES]
    total = Accounting()
    with connect(url) as conn:
        while True:
            with conn.transaction():
                drops = claim(
                    conn, stage="landed", day=day, kinds=("vendor_page",), sources=wanted, limit=PAGES_AT_ONCE
                )
                found, homeless = find_homes(conn, drops, workspace)
                total += refuse_drops(conn, [drop for drop in found if drop.drop_id in homeless], homeless)
                if pages := [drop for drop in found if drop.drop_id not in homeless]:
                    total += commit_rows(conn, validate_rows(rows_of_pages(pages), pages)).counts
                    advance(conn, [drop.drop_id for drop in pages], stage="validated")
            if not drops:
                return total


def rows_of_pages(drops: Sequence[Drop]) -> pd.DataFrame:
    """The canonical rows of pages of any vendor, numbered from 0 in each, in the order of the pages."""
    companies = [_rows_of_companies(drop) for drop in drops if drop.source == COMPANIES]
    leads = [drop for drop in drops if drop.source != COMPANIES]
    rows = pd.concat([*companies, *([rows_of_events(leads)] if leads else [])], ignore_index=True)
    return rows.sort_values(["drop_id", "row_no"], ignore_index=True)


def _rows_of_companies(drop: Drop) -> pd.DataFrame:
    """Those of a DataShopper page; none beyond the query's bound for the day."""
    assert drop.body is not None
    taken = json.loads(drop.body)["companies"][: drop.headers["companies"]]
    rows = pd.DataFrame(companies_to_rows(taken), columns=list(VENDOR_COLUMNS)).astype("str")
    return rows.assign(drop_id=np.int64(drop.drop_id), row_no=np.arange(len(rows), dtype="int64"))
