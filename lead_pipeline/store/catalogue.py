"""What the graph shows of tables and days: columns with their comments, drops of a day. Reads only."""

from datetime import date
from typing import Any

import psycopg


def columns_of(conn: psycopg.Connection, table: str) -> list[tuple[str, str, str | None]]:
    """Name, type and comment of each column of a table named as schema.name."""
    rows = conn.execute(
        """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
        FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
        """,
        [table],
    )
    return [(name, kind, about) for name, kind, about in rows]


def drops_of_day(conn: psycopg.Connection, day: date) -> dict[str, Any]:
    """Per source of drops: how many a day has, the first and the last id, and their rows by what became of them."""
    rows = conn.execute(
        """
        SELECT source, count(*), min(drop_id), max(drop_id), sum(received_rows)::bigint, sum(accepted_rows)::bigint,
            sum(duplicate_rows)::bigint, sum(quarantined_rows)::bigint
        FROM raw.drops WHERE day = %s GROUP BY source ORDER BY source
        """,
        [day],
    )
    names = ("drops", "first", "last", "received", "accepted", "duplicate", "quarantined")
    return {source: dict(zip(names, values, strict=True)) for source, *values in rows}
