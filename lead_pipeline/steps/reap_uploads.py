"""Upload jobs that nobody is importing: which of them get another import, and which are closed after three."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import note_failure, try_hold
from lead_pipeline.store.pending import idle_jobs
from lead_pipeline.store.upload_jobs import MAX_IMPORTS, PendingJob, close_job

DIED = (
    "its run died {times} times without a word: most often the file needs more memory than there is. "
    "Split the file, or give the pipeline more memory, and start the job again."
)


@dataclass(frozen=True)
class Judged:
    """Jobs by what is to be done: import now, leave alone for now, close as failed."""

    due: list[PendingJob]
    early: list[PendingJob]
    dead: list[PendingJob]


def judge_jobs(idle: Sequence[PendingJob], *, now: datetime, stalled: timedelta) -> Judged:
    """A fresh job is due at once. One that was begun is due after its silence, and dead after MAX_IMPORTS. Pure."""
    silent = [job for job in idle if job.attempts > 0 and now - job.updated_at >= stalled]
    dead = [job for job in silent if job.attempts >= MAX_IMPORTS]
    due = [job for job in idle if job.attempts == 0 or (job in silent and job not in dead)]
    return Judged(due, [job for job in idle if job not in due and job not in dead], dead)


def reap_uploads(url: str, run: Run, *, stalled_seconds: float) -> Judged:
    """Judge every job that no process holds, and close the dead ones as failed, saying what to do."""
    with connect(url, autocommit=True) as conn:
        judged = judge_jobs(idle_jobs(conn), now=run.clock(), stalled=timedelta(seconds=stalled_seconds))
        closed = [job for job in judged.dead if _close(conn, job, run)]
    return Judged(judged.due, judged.early, closed)


def _close(conn: psycopg.Connection, job: PendingJob, run: Run) -> bool:
    """False where a process has taken it up since."""
    with conn.transaction():
        if not try_hold(conn, job.drop_id):
            return False
        error = DIED.format(times=job.attempts)
        note_failure(conn, job.drop_id, error)
        close_job(conn, job.drop_id, now=run.clock(), error=error)
        return True
