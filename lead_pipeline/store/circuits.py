"""`core.vendor_circuits`: one row per vendor that has failed for a while, by the database's clock. Decides nothing.

Every change is one statement that names the state it starts from, so that of several processes one makes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

_LATEST = "interval '1 hour'"  # a time to try that is further away was written by a clock that has been set back
_MAY_TRY = f"(retry_at <= statement_timestamp() OR retry_at > statement_timestamp() + {_LATEST})"


@dataclass(frozen=True)
class CircuitRow:
    """One vendor. `retry_in` is in seconds, 0 where a call may try it now; of a closed circuit it is None.

    `calls` and `failures` are those of the minute in which it opened, and the tries that failed since.
    """

    vendor: str
    state: str
    calls: int
    failures: int
    last_error: str | None
    changed_at: datetime
    retry_at: datetime | None
    retry_in: float | None


_COLUMNS = f"""
    vendor, state, calls, failures, last_error, changed_at, retry_at,
    CASE WHEN {_MAY_TRY} THEN 0 ELSE extract(epoch FROM retry_at - statement_timestamp())::float END AS retry_in
"""


def circuits(conn: psycopg.Connection, vendors: Sequence[str] | None = None) -> list[CircuitRow]:
    """The circuits of some vendors, or of all that have ever failed."""
    with conn.cursor(row_factory=class_row(CircuitRow)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM core.vendor_circuits "  # noqa: S608 - constants of this module
            "WHERE vendor = ANY(%(vendors)s) OR %(vendors)s::text[] IS NULL ORDER BY vendor",
            {"vendors": None if vendors is None else list(vendors)},
        ).fetchall()


def open_circuit(conn: psycopg.Connection, vendor: str, *, wait: float, calls: int, failures: int, error: str) -> None:
    """Open it for `wait` seconds. One that is open stays as it is."""
    conn.execute(
        """
        INSERT INTO core.vendor_circuits AS c
            (vendor, state, failures, calls, last_error, changed_at, retry_at, wait_seconds)
        SELECT %(vendor)s, 'open', %(failures)s, %(calls)s, %(error)s, now.now,
            now.now + make_interval(secs => %(wait)s), %(wait)s
        FROM statement_timestamp() AS now (now)
        ON CONFLICT (vendor) DO UPDATE SET
            state = excluded.state, failures = excluded.failures, calls = excluded.calls,
            last_error = excluded.last_error, changed_at = excluded.changed_at, retry_at = excluded.retry_at,
            wait_seconds = excluded.wait_seconds
        WHERE c.state = 'closed'
        """,
        {"vendor": vendor, "wait": wait, "calls": calls, "failures": failures, "error": error},
    )


def take_probe(conn: psycopg.Connection, vendor: str, *, lease: float) -> datetime | None:
    """Take the one try of an open circuit whose time has come. None where another has it, or it is too early.

    The answer is until when nobody else gets it, and what `reopen_circuit` wants to know the try by.
    """
    row = conn.execute(
        "UPDATE core.vendor_circuits SET retry_at = statement_timestamp() + make_interval(secs => %s) "  # noqa: S608
        f"WHERE vendor = %s AND state = 'open' AND {_MAY_TRY} RETURNING retry_at",
        [lease, vendor],
    ).fetchone()
    return None if row is None else row[0]


def reopen_circuit(conn: psycopg.Connection, vendor: str, probe: datetime, *, longest: float, error: str) -> None:
    """That try failed: wait twice as long as before. Nothing where the try was given to another meanwhile."""
    conn.execute(
        """
        UPDATE core.vendor_circuits SET
            wait_seconds = least(wait_seconds * 2, %(longest)s),
            retry_at = statement_timestamp() + make_interval(secs => least(wait_seconds * 2, %(longest)s)),
            calls = calls + 1, failures = failures + 1, last_error = %(error)s
        WHERE vendor = %(vendor)s AND state = 'open' AND retry_at = %(probe)s
        """,
        {"vendor": vendor, "probe": probe, "longest": longest, "error": error},
    )


def close_circuit(conn: psycopg.Connection, vendor: str) -> bool:
    """Close it. False where it was not open."""
    closed = conn.execute(
        "UPDATE core.vendor_circuits SET state = 'closed', retry_at = NULL, changed_at = statement_timestamp() "
        "WHERE vendor = %s AND state = 'open'",
        [vendor],
    )
    return closed.rowcount == 1
