"""Vendor pages that wait to validated leads: claim, parse, validate, commit."""

import json
from datetime import date

import numpy as np
import pandas as pd

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.vendor_rows import VENDOR_COLUMNS, companies_to_rows
from lead_pipeline.steps.validate_rows import commit_rows, validate_rows
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Drop, advance, claim

PAGES_AT_ONCE = 100


def validate_pages(url: str, day: date) -> Accounting:
    """Validate every landed vendor page of a day. Returns what became of their rows."""
    total = Accounting()
    with connect(url) as conn:
        while True:
            with conn.transaction():
                drops = claim(conn, stage="landed", day=day, kinds=("vendor_page",), limit=PAGES_AT_ONCE)
                if drops:
                    rows = pd.concat([rows_of_page(drop) for drop in drops], ignore_index=True)
                    total += commit_rows(conn, validate_rows(rows, drops)).counts
                    advance(conn, [drop.drop_id for drop in drops], stage="validated")
            if not drops:
                return total


def rows_of_page(drop: Drop) -> pd.DataFrame:
    """The canonical rows of a DataShopper page, numbered from 0; none beyond the query's bound for the day."""
    assert drop.body is not None
    taken = json.loads(drop.body)["companies"][: drop.headers["companies"]]
    rows = pd.DataFrame(companies_to_rows(taken), columns=list(VENDOR_COLUMNS)).astype("str")
    return rows.assign(drop_id=np.int64(drop.drop_id), row_no=np.arange(len(rows), dtype="int64"))
