"""`core.intent_scores` and `core.lead_assignments`: decided once per lead; a second decision changes nothing."""

import pandas as pd
import psycopg

from lead_pipeline.store.bulk import copy_frame, stage_frame

SCORE_COLUMNS = (
    "lead_id", "drop_id", "band", "high_count", "medium_count", "low_count", "deciding", "run_id", "scored_at",
)  # fmt: skip
ASSIGNMENT_COLUMNS = (
    "lead_id", "destination_kind", "destination_id", "rule_set_version", "rule_id", "rule_version", "reason",
    "run_id", "decided_at",
)  # fmt: skip


def insert_scores(conn: psycopg.Connection, scores: pd.DataFrame, *, fresh: bool = False) -> int:
    """Insert scores; columns as SCORE_COLUMNS. `fresh`: the leads were inserted in this very transaction."""
    return _insert(conn, "core.intent_scores", scores[list(SCORE_COLUMNS)], fresh=fresh)


def insert_assignments(conn: psycopg.Connection, assignments: pd.DataFrame, *, fresh: bool = False) -> int:
    """Insert assignments; columns as ASSIGNMENT_COLUMNS. `fresh` as in `insert_scores`."""
    return _insert(conn, "core.lead_assignments", assignments[list(ASSIGNMENT_COLUMNS)], fresh=fresh)


def _insert(conn: psycopg.Connection, table: str, frame: pd.DataFrame, *, fresh: bool) -> int:
    """COPY straight into the table where nothing can conflict; else by way of a staging table."""
    if fresh:
        copy_frame(conn, table, frame)
        return len(frame)
    stage_frame(conn, "staged_decisions", table, frame)
    columns = ", ".join(frame.columns)
    inserted = conn.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM staged_decisions ON CONFLICT DO NOTHING"  # noqa: S608
    ).rowcount
    conn.execute("DROP TABLE staged_decisions")
    return inserted
