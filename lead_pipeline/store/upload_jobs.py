"""`core.bulk_upload_jobs`: one row per imported file, its progress and its result."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb


@dataclass(frozen=True)
class UploadJob:
    """A job as it stands. `progress` is a share, 0 to 1."""

    job_id: UUID
    drop_id: int
    status: str
    total_records: int
    successful_records: int
    failed_records: int
    duplicate_records: int
    progress: float
    created_at: datetime
    completed_at: datetime | None


_COLUMNS = """job_id, drop_id, status, total_records, successful_records, failed_records, duplicate_records,
    progress::float8 AS progress, created_at, completed_at"""


def open_job(conn: psycopg.Connection, *, drop_id: int, workspace_id: str, source: str, now: datetime) -> None:
    """Begin the job of a drop, in the transaction that lands it."""
    conn.execute(
        "INSERT INTO core.bulk_upload_jobs (drop_id, workspace_id, source, created_at) VALUES (%s, %s, %s, %s)",
        [drop_id, workspace_id, source, now],
    )


def update_job(conn: psycopg.Connection, drop_id: int, *, progress: float) -> None:
    """Take over the drop's counts, in the transaction that changed them."""
    conn.execute(
        """
        UPDATE core.bulk_upload_jobs j SET total_records = d.received_rows, successful_records = d.accepted_rows,
            duplicate_records = d.duplicate_rows, failed_records = d.quarantined_rows,
            progress = greatest(j.progress, %s)
        FROM raw.drops d WHERE d.drop_id = j.drop_id AND d.drop_id = %s
        """,
        [progress, drop_id],
    )


def close_job(conn: psycopg.Connection, drop_id: int, *, now: datetime, error: str | None = None) -> None:
    """End the job: completed, or failed with the error. A closed job that is run again to its end is completed."""
    conn.execute(
        """
        UPDATE core.bulk_upload_jobs SET status = CASE WHEN %(error)s::text IS NULL THEN 'completed' ELSE 'failed' END,
            progress = CASE WHEN %(error)s::text IS NULL THEN 1 ELSE progress END, completed_at = %(now)s,
            error_log = CASE WHEN %(error)s::text IS NULL THEN error_log ELSE error_log || %(entry)s END
        WHERE drop_id = %(drop_id)s
        """,
        {"drop_id": drop_id, "now": now, "error": error, "entry": Jsonb([{"at": now.isoformat(), "error": error}])},
    )


def job_of_drop(conn: psycopg.Connection, drop_id: int) -> UploadJob:
    """The job of a drop that a file was landed as."""
    with conn.cursor(row_factory=class_row(UploadJob)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM core.bulk_upload_jobs WHERE drop_id = %s",  # noqa: S608 - constant columns
            [drop_id],
        ).fetchall()[0]


def routing_of_drop(conn: psycopg.Connection, drop_id: int) -> dict[str, int]:
    """Leads per destination workspace (slug), most first, of the leads that a drop added."""
    rows = conn.execute(
        """
        SELECT w.slug, count(*) FROM core.leads l
        JOIN core.lead_assignments a ON a.lead_id = l.lead_id AND a.destination_kind = 'workspace' AND a.seq = 1
        JOIN core.workspaces w ON w.workspace_id = a.destination_id
        WHERE l.drop_id = %s GROUP BY w.slug ORDER BY count(*) DESC, w.slug
        """,
        [drop_id],
    )
    return dict(rows.fetchall())
