"""Drops that were refused whole, row -1 of core.quarantined_rows: put back to be read again, and refused again."""

from collections.abc import Sequence

import pandas as pd
import psycopg

from lead_pipeline.store.bulk import stage_frame


def put_back(conn: psycopg.Connection, drop_ids: Sequence[int], *, by: str) -> list[int]:
    """Drops to be read again: stage landed, their row -1 settled. Returns those that were refused whole until now."""
    rows = conn.execute(
        """
        WITH waiting AS (
            SELECT q.drop_id FROM core.quarantined_rows q JOIN raw.drops d USING (drop_id)
            WHERE q.drop_id = ANY(%(ids)s) AND q.row_no = -1 AND q.status = 'waiting' AND d.stage = 'quarantined'
            ORDER BY q.drop_id FOR UPDATE OF q, d
        ),
        settled AS (
            UPDATE core.quarantined_rows q SET status = 'repaired', settled_at = now(), settled_by = %(by)s,
                repair_drop_id = q.drop_id
            FROM waiting WHERE q.drop_id = waiting.drop_id AND q.row_no = -1 RETURNING q.drop_id
        )
        UPDATE raw.drops d SET stage = 'landed', error = NULL, settled_at = NULL
        FROM settled WHERE d.drop_id = settled.drop_id RETURNING d.drop_id
        """,
        {"ids": list(drop_ids), "by": by},
    )
    return sorted(row[0] for row in rows)


def link_single_leads(conn: psycopg.Connection, drop_ids: Sequence[int]) -> None:
    """Row -1 of a drop that came to exactly one lead names it; one of many names the drop alone."""
    conn.execute(
        """
        UPDATE core.quarantined_rows q SET repaired_lead_id = one.lead_id
        FROM (
            SELECT drop_id, min(lead_id::text)::uuid AS lead_id FROM (
                SELECT drop_id, lead_id FROM core.leads WHERE drop_id = ANY(%(ids)s)
                UNION ALL SELECT drop_id, lead_id FROM core.lead_sightings WHERE drop_id = ANY(%(ids)s)
            ) of_drop GROUP BY drop_id HAVING count(*) = 1
        ) one
        WHERE q.drop_id = one.drop_id AND q.row_no = -1
        """,
        {"ids": list(drop_ids)},
    )


def refuse_again(conn: psycopg.Connection, rows: pd.DataFrame) -> list[int]:
    """Rows -1 that were settled before wait again, with the new reasons. Returns their drops, already counted.

    `rows` as `insert_quarantined` takes them.
    """
    if rows.empty:
        return []
    stage_frame(conn, "staged_refusals", "core.quarantined_rows", rows)
    found = conn.execute(
        """
        UPDATE core.quarantined_rows q SET status = 'waiting', settled_at = NULL, settled_by = NULL,
            repair_drop_id = NULL, repaired_lead_id = NULL, row = s.row, reasons = s.reasons,
            contract_version = s.contract_version
        FROM staged_refusals s WHERE q.drop_id = s.drop_id AND q.row_no = s.row_no RETURNING q.drop_id
        """
    ).fetchall()
    conn.execute("DROP TABLE staged_refusals")
    return [row[0] for row in found]


def why_refused(conn: psycopg.Connection, drop_ids: Sequence[int]) -> str | None:
    """Why the first of the drops is refused whole; None where none of them is."""
    row = conn.execute(
        "SELECT error FROM raw.drops WHERE drop_id = ANY(%s) AND stage = 'quarantined' ORDER BY drop_id LIMIT 1",
        [list(drop_ids)],
    ).fetchone()
    return None if row is None else str(row[0])
