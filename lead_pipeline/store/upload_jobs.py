"""`core.bulk_upload_jobs`: one row per imported file, its progress and its result. Every change is a sign of life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

MAX_IMPORTS = 3


@dataclass(frozen=True)
class UploadJob:
    """A job as it stands. `progress` is a share, 0 to 1; `error_log` has `at` and `error`, oldest first."""

    job_id: UUID
    drop_id: int
    workspace_id: UUID
    status: str
    total_records: int
    successful_records: int
    failed_records: int
    duplicate_records: int
    progress: float
    error_log: list[dict[str, Any]]
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True)
class PendingJob:
    """A job in `processing`: the day of its drop, how many imports of it began, and its last sign of life."""

    job_id: UUID
    drop_id: int
    day: date
    attempts: int
    updated_at: datetime


_COLUMNS = """job_id, drop_id, workspace_id, status, total_records, successful_records, failed_records,
    duplicate_records, progress::float8 AS progress, error_log, created_at, completed_at"""


def open_job(
    conn: psycopg.Connection, *, drop_id: int, workspace_id: str, source: str, now: datetime, key_id: str | None = None
) -> None:
    """Begin the job of a drop, in the transaction that lands it. `key_id`: the key that uploaded it."""
    conn.execute(
        """
        INSERT INTO core.bulk_upload_jobs (drop_id, workspace_id, source, key_id, created_at, updated_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        [drop_id, workspace_id, source, key_id, now, now],
    )


def begin_import(conn: psycopg.Connection, drop_id: int, *, now: datetime) -> None:
    """Note that an import of the drop begins, before it can fail: a job that failed before is under way again."""
    conn.execute(
        """
        UPDATE core.bulk_upload_jobs SET status = 'processing', completed_at = NULL, attempts = attempts + 1,
            updated_at = %s
        WHERE drop_id = %s
        """,
        [now, drop_id],
    )


def restore_job(conn: psycopg.Connection, *, drop_id: int, source: str, now: datetime) -> None:
    """Give a landed file its job again where retention has removed it; what was not finished goes on."""
    conn.execute(
        """
        INSERT INTO core.bulk_upload_jobs (drop_id, workspace_id, source, status, total_records, successful_records,
            failed_records, duplicate_records, progress, created_at, updated_at, completed_at)
        SELECT drop_id, workspace_id, %(source)s, CASE WHEN stage = 'routed' THEN 'completed' ELSE 'processing' END,
            received_rows, accepted_rows, quarantined_rows, duplicate_rows,
            CASE WHEN stage = 'routed' THEN 1 ELSE 0 END, received_at, %(now)s,
            CASE WHEN stage = 'routed' THEN coalesce(settled_at, %(now)s) END
        FROM raw.drops WHERE drop_id = %(drop_id)s ON CONFLICT (drop_id) DO NOTHING
        """,
        {"drop_id": drop_id, "source": source, "now": now},
    )


def update_job(conn: psycopg.Connection, drop_id: int, *, progress: float, now: datetime) -> None:
    """Take over the drop's counts, in the transaction that changed them."""
    conn.execute(
        """
        UPDATE core.bulk_upload_jobs j SET total_records = d.received_rows, successful_records = d.accepted_rows,
            duplicate_records = d.duplicate_rows, failed_records = d.quarantined_rows,
            progress = greatest(j.progress, %s), updated_at = %s
        FROM raw.drops d WHERE d.drop_id = j.drop_id AND d.drop_id = %s
        """,
        [progress, now, drop_id],
    )


def close_job(conn: psycopg.Connection, drop_id: int, *, now: datetime, error: str | None = None) -> None:
    """End the job: completed, or failed with the error. A closed job that is run again to its end is completed."""
    conn.execute(
        """
        UPDATE core.bulk_upload_jobs SET status = CASE WHEN %(error)s::text IS NULL THEN 'completed' ELSE 'failed' END,
            progress = CASE WHEN %(error)s::text IS NULL THEN 1 ELSE progress END, completed_at = %(now)s,
            error_log = CASE WHEN %(error)s::text IS NULL THEN error_log ELSE error_log || %(entry)s END,
            updated_at = %(now)s
        WHERE drop_id = %(drop_id)s
        """,
        {"drop_id": drop_id, "now": now, "error": error, "entry": Jsonb([{"at": now.isoformat(), "error": error}])},
    )


def reopen_job(conn: psycopg.Connection, drop_id: int, *, now: datetime) -> bool:
    """Let a failed job begin anew, its errors still in its log. False where it has not failed."""
    reopened = conn.execute(
        """
        WITH reopened AS (
            UPDATE core.bulk_upload_jobs SET status = 'processing', completed_at = NULL, attempts = 0, updated_at = %s
            WHERE drop_id = %s AND status = 'failed' RETURNING drop_id
        )
        UPDATE raw.drops d SET error = NULL FROM reopened r WHERE d.drop_id = r.drop_id
        """,
        [now, drop_id],
    )
    return reopened.rowcount == 1


def job_of_drop(conn: psycopg.Connection, drop_id: int) -> UploadJob:
    """The job of a drop that was just landed as a file: landing opens it, or restores it."""
    with conn.cursor(row_factory=class_row(UploadJob)) as cursor:
        job = cursor.execute(
            f"SELECT {_COLUMNS} FROM core.bulk_upload_jobs WHERE drop_id = %s",  # noqa: S608 - constant columns
            [drop_id],
        ).fetchone()
    assert job is not None, "landing a file opens its job"
    return job


def job_of_workspace(conn: psycopg.Connection, job_id: UUID, workspace_id: str) -> UploadJob | None:
    """A workspace's job by its id; None where there is none or it is another workspace's."""
    with conn.cursor(row_factory=class_row(UploadJob)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM core.bulk_upload_jobs WHERE job_id = %s AND workspace_id = %s",  # noqa: S608
            [job_id, workspace_id],
        ).fetchone()


def given_up(conn: psycopg.Connection, drop_ids: Sequence[int]) -> set[int]:
    """Those of the files whose job is failed after MAX_IMPORTS: nobody tries them again by himself."""
    rows = conn.execute(
        """
        SELECT drop_id FROM core.bulk_upload_jobs
        WHERE drop_id = ANY(%s) AND status = 'failed' AND attempts >= %s
        """,
        [list(drop_ids), MAX_IMPORTS],
    )
    return {drop_id for (drop_id,) in rows}


def pending_jobs(conn: psycopg.Connection) -> list[PendingJob]:
    """Every job in `processing`, the longest silent first."""
    with conn.cursor(row_factory=class_row(PendingJob)) as cursor:
        return cursor.execute(
            """
            SELECT j.job_id, j.drop_id, d.day, j.attempts, j.updated_at
            FROM core.bulk_upload_jobs j JOIN raw.drops d USING (drop_id)
            WHERE j.status = 'processing' ORDER BY j.updated_at, j.drop_id
            """
        ).fetchall()


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
