"""What a query has fetched on a day: its pages in `raw.drops`, so that no company is asked for or taken twice."""

from dataclasses import dataclass
from datetime import date

import psycopg


@dataclass(frozen=True)
class Fetched:
    """Pages of one query on one day so far: how many, with how many companies, and where to go on."""

    pages: int
    companies: int
    cursor: str | None


def fetched_so_far(conn: psycopg.Connection, query_id: str, day: date) -> Fetched:
    """Sum up the pages that are landed; `cursor` is the last page's, None before the first and after the end."""
    row = conn.execute(
        """
        SELECT count(*), coalesce(sum((headers ->> 'companies')::int), 0),
            (array_agg(headers ->> 'next_cursor' ORDER BY (headers ->> 'page')::int DESC))[1]
        FROM raw.drops WHERE query_id = %s AND day = %s AND kind = 'vendor_page'
        """,
        [query_id, day],
    ).fetchone()
    assert row is not None
    return Fetched(*row)
