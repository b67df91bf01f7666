"""`raw.intake_counts`: how many requests of each source had each outcome, by the minute."""

from collections.abc import Mapping
from datetime import datetime

import psycopg

Tally = Mapping[tuple[datetime, str, str], int]
"""(minute, source, outcome) to requests."""


async def add_counts(conn: psycopg.AsyncConnection, tally: Tally) -> None:
    """Add to what is there, in one statement; in order, so that two processes never wait for each other in turn."""
    keys = sorted(tally)
    await conn.execute(
        """
        INSERT INTO raw.intake_counts AS c (minute, source, outcome, requests)
        SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::bigint[])
        ON CONFLICT (minute, source, outcome) DO UPDATE SET requests = c.requests + excluded.requests
        """,
        [*(list(column) for column in zip(*keys, strict=True)), [tally[key] for key in keys]],
    )
