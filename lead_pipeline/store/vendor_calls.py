"""`raw.vendor_calls`: how many attempts at each vendor had each outcome, by the minute, and the seconds they took."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

Tally = Mapping[tuple[datetime, str, str], tuple[int, float]]
"""(minute, vendor, outcome) to attempts and their seconds."""


@dataclass(frozen=True)
class VendorCalls:
    """Attempts at one vendor. `failures` are those without a proper answer; `seconds` is the average, None for none."""

    vendor: str
    calls: int
    failures: int
    not_asked: int
    seconds: float | None


def add_calls(conn: psycopg.Connection, tally: Tally) -> None:
    """Add to what is there, in one statement; in order, so that two processes never wait for each other in turn."""
    keys = sorted(tally)
    if not keys:
        return
    conn.execute(
        """
        INSERT INTO raw.vendor_calls AS c (minute, vendor, outcome, calls, seconds)
        SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::bigint[], %s::float[])
        ON CONFLICT (minute, vendor, outcome) DO UPDATE
        SET calls = c.calls + excluded.calls, seconds = c.seconds + excluded.seconds
        """,
        [
            *(list(column) for column in zip(*keys, strict=True)),
            [tally[key][0] for key in keys],
            [tally[key][1] for key in keys],
        ],
    )


def calls_since(conn: psycopg.Connection, since: datetime) -> dict[str, VendorCalls]:
    """By vendor, what was asked since a time, which counts as its whole minute."""
    with conn.cursor(row_factory=class_row(VendorCalls)) as cursor:
        found = cursor.execute(
            """
            SELECT
                vendor,
                coalesce(sum(calls) FILTER (WHERE outcome <> 'circuit_open'), 0)::bigint AS calls,
                coalesce(sum(calls) FILTER (WHERE outcome IN ('unavailable', 'unknown')), 0)::bigint AS failures,
                coalesce(sum(calls) FILTER (WHERE outcome = 'circuit_open'), 0)::bigint AS not_asked,
                sum(seconds) FILTER (WHERE outcome <> 'circuit_open')
                    / nullif(sum(calls) FILTER (WHERE outcome <> 'circuit_open'), 0) AS seconds
            FROM raw.vendor_calls WHERE minute >= date_trunc('minute', %s::timestamptz) GROUP BY vendor
            """,
            [since],
        ).fetchall()
    return {one.vendor: one for one in found}
