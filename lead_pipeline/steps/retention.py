"""What is old leaves the database: jobs are removed, personal data and raw payload go to the blob store first.

The blob is kept before the transaction that removes what it holds: whoever is killed leaves at most a blob that
nothing names, which the next run makes again under the same name.
"""

import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import psycopg

from lead_pipeline.steps.run import Run
from lead_pipeline.store import retention as store
from lead_pipeline.store.blobs import staged_blob
from lead_pipeline.store.connections import connect
from lead_pipeline.store.retention import Bounds, Due

JOBS_KEPT = timedelta(days=90)
LEADS_KEPT = timedelta(days=365)
AT_ONCE = 1_000
_IDS_AT_ONCE = 10_000
_BODIES_AT_ONCE = 50
_FIRST_ID = "00000000-0000-0000-0000-000000000000"


def count_due(url: str, now: datetime) -> list[Due]:
    """What `remove_due` would remove now, by kind and workspace. Writes nothing."""
    with connect(url, autocommit=True) as conn:
        return store.count_due(conn, _bounds(now))


def remove_due(url: str, blobs: str, run: Run, *, at_once: int = AT_ONCE) -> dict[str, int]:
    """Remove what is due, `at_once` rows a transaction. Returns how many went, by the kinds of `count_due`.

    Raises InProgress while another run removes.
    """
    bounds = _bounds(run.clock())
    with connect(url) as conn, connect(url, autocommit=True) as session, store.held(session):
        leads, contacts, payloads = _archive_leads(conn, blobs, bounds, run, at_once)
        return {
            "bulk_upload_jobs": _in_turns(conn, lambda: store.remove_jobs(conn, bounds, at_once)),
            "leads": leads,
            "lead_contacts": contacts,
            "upload_payloads": payloads,
            "message_payloads": _in_turns(conn, lambda: store.forget_messages(conn, bounds, at_once)),
            "quarantined_rows": _archive_rows(conn, blobs, bounds, at_once),
            "drop_bodies": _move_bodies(conn, blobs, bounds),
        }


def _bounds(now: datetime) -> Bounds:
    return Bounds(jobs_until=now - JOBS_KEPT, leads_until=now - LEADS_KEPT)


def _in_turns(conn: psycopg.Connection, remove: Callable[[], int]) -> int:
    """How many went, a transaction a turn, until nothing is left."""
    removed = 0
    while True:
        with conn.transaction():
            count = remove()
        removed += count
        if not count:
            return removed


def _archive_leads(
    conn: psycopg.Connection, blobs: str, bounds: Bounds, run: Run, at_once: int
) -> tuple[int, int, int]:
    leads = contacts = payloads = 0
    after = _FIRST_ID
    while True:
        with conn.transaction():
            due = store.due_leads(conn, bounds, after, at_once)
            if not due:
                return leads, contacts, payloads
            ids = [lead_id for lead_id, _ in due]
            blob = _keep_lines(blobs, [line for _, line in due])
            gone = store.forget_leads(conn, ids, blob=blob, run_id=run.run_id, now=run.clock())
        after, leads = ids[-1], leads + len(ids)
        contacts, payloads = contacts + gone[0], payloads + gone[1]


def _archive_rows(conn: psycopg.Connection, blobs: str, bounds: Bounds, at_once: int) -> int:
    archived, after = 0, (0, -2)
    while True:
        with conn.transaction():
            due = store.due_rows(conn, bounds, after, at_once)
            if not due:
                return archived
            keys = [(drop_id, row_no) for drop_id, row_no, _ in due]
            store.forget_rows(conn, keys, blob=_keep_lines(blobs, [line for *_, line in due]))
        archived, after = archived + len(keys), keys[-1]


def _move_bodies(conn: psycopg.Connection, blobs: str, bounds: Bounds) -> int:
    """Bodies of drops of which nothing else is left, each to a blob of its own, from which a replay reads it."""
    moved = after = 0
    while True:
        with conn.transaction():
            due = store.due_bodies(conn, bounds, after, _IDS_AT_ONCE)
        if not due:
            return moved
        for start in range(0, len(due), _BODIES_AT_ONCE):
            with conn.transaction():
                bodies = store.lock_bodies(conn, due[start : start + _BODIES_AT_ONCE])
                store.move_bodies(conn, {drop_id: _keep(blobs, body) for drop_id, body in bodies})
            moved += len(bodies)
        after = due[-1]


def _keep_lines(blobs: str, lines: Sequence[str]) -> str:
    return _keep(blobs, "".join(f"{line}\n" for line in lines).encode())


def _keep(blobs: str, content: bytes) -> str:
    with staged_blob(blobs, io.BytesIO(content)) as staged:
        staged.keep()
        return staged.name
