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


def rows_of_day(conn: psycopg.Connection, table: str, day: date) -> int:
    """How many rows of a table belong to a day: those of its drops, and of the leads that these brought."""
    row = conn.execute(_ROWS_OF_DAY.get(table, _ROWS_BY_LEAD.format(table=table)), [day]).fetchone()
    assert row is not None
    return int(row[0])


def pages_of_day(conn: psycopg.Connection, source: str, day: date) -> int:
    """How many pages of a vendor were pulled for a day."""
    row = conn.execute(
        "SELECT count(*) FROM raw.drops WHERE day = %s AND kind = 'vendor_page' AND source = %s", [day, source]
    ).fetchone()
    assert row is not None
    return int(row[0])


_ROWS_BY_LEAD = """
    SELECT count(*) FROM raw.drops d JOIN core.leads l USING (drop_id) JOIN {table} t ON t.lead_id = l.lead_id
    WHERE d.day = %s
"""
_ROWS_OF_DAY = {
    "core.leads": "SELECT count(*) FROM raw.drops d JOIN core.leads USING (drop_id) WHERE d.day = %s",
    "core.quarantined_rows": "SELECT count(*) FROM raw.drops d JOIN core.quarantined_rows USING (drop_id) "
    "WHERE d.day = %s",
    "raw.field_profiles": "SELECT count(*) FROM raw.field_profiles WHERE day = %s",
    "outbound.deliveries": "SELECT count(*) FROM outbound.deliveries WHERE day = %s",
    "core.party_enrichments": "SELECT count(*) FROM core.party_enrichments WHERE day = %s",
    "outbound.crm_messages": "SELECT count(*) FROM outbound.crm_messages JOIN core.party_enrichments "
    "USING (enrichment_id) WHERE day = %s",
    "outbound.manager_notifications": "SELECT count(*) FROM outbound.manager_notifications JOIN raw.drops "
    "USING (drop_id) WHERE day = %s",
}


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
