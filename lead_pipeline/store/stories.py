"""One lead as users know it, and what happened to it in order: the views lead_overview and lead_events."""

from typing import Any

import psycopg
from psycopg.rows import dict_row


def lead_overview(conn: psycopg.Connection, lead_id: str) -> dict[str, Any] | None:
    """The lead with every stage's columns, None where there is none."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("SELECT * FROM core.lead_overview WHERE lead_id = %s", [lead_id]).fetchone()


def lead_events(conn: psycopg.Connection, lead_id: str) -> list[dict[str, Any]]:
    """happened_at, event, run_id and detail, oldest first; of one instant, in the order of the stages."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT happened_at, event, run_id, detail FROM core.lead_events
            WHERE lead_id = %s ORDER BY happened_at, step
            """,
            [lead_id],
        ).fetchall()
