"""`core.party_enrichments`: planned, held by one process a lead, postponed and settled. Asks nobody."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.rows import class_row

MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class Planned:
    """New contact information of a lead of the CRM, by the drop that brought it."""

    enrichment_id: str
    workspace_id: str
    crm_lead_id: str
    contact_key: bytes
    drop_id: int


@dataclass(frozen=True)
class Due:
    """A pending enrichment whose time has come. `is_looked_up`: only its message may still be outstanding."""

    enrichment_id: str
    workspace_id: str
    crm_lead_id: str
    drop_id: int
    day: date
    seq: int
    attempts: int
    is_looked_up: bool


def plan(conn: psycopg.Connection, planned: Sequence[Planned], day: date, *, now: datetime, run_id: str) -> set[str]:
    """Write enrichments down as pending, in this order. Returns the ids of those that were not known before."""
    rows = conn.execute(
        """
        INSERT INTO core.party_enrichments (enrichment_id, workspace_id, crm_lead_id, contact_key, first_drop_id, day,
            run_id, requested_at, next_attempt_at)
        SELECT n.id, n.workspace, n.lead, n.key, n.drop, %(day)s, %(run_id)s, %(now)s, %(now)s
        FROM unnest(%(ids)s::uuid[], %(workspaces)s::uuid[], %(leads)s::text[], %(keys)s::bytea[], %(drops)s::bigint[])
            WITH ORDINALITY AS n (id, workspace, lead, key, drop, place)
        ORDER BY n.place ON CONFLICT DO NOTHING RETURNING enrichment_id::text
        """,
        {
            "day": day, "run_id": run_id, "now": now,
            "ids": [one.enrichment_id for one in planned],
            "workspaces": [one.workspace_id for one in planned],
            "leads": [one.crm_lead_id for one in planned],
            "keys": [one.contact_key for one in planned],
            "drops": [one.drop_id for one in planned],
        },
    )  # fmt: skip
    return {enrichment_id for (enrichment_id,) in rows}


def reopen_failed(conn: psycopg.Connection, day: date, now: datetime) -> int:
    """Let those of a day wait again that failed because somebody did not answer. What was refused stays so."""
    return conn.execute(
        """
        UPDATE core.party_enrichments SET status = 'pending', settled_at = NULL, attempts = 0, next_attempt_at = %s
        WHERE day = %s AND status = 'failed' AND attempts >= %s
        """,
        [now, day, MAX_ATTEMPTS],
    ).rowcount


def due_enrichments(conn: psycopg.Connection, day: date, now: datetime, *, after: int, limit: int) -> list[Due]:
    """The next pending ones of a day whose time has come, in the order in which they were planned, not locked."""
    with conn.cursor(row_factory=class_row(Due)) as cursor:
        return cursor.execute(
            f"{_DUE} AND day = %s AND seq > %s ORDER BY seq LIMIT %s",
            [now, day, after, limit],
        ).fetchall()


def due_count(conn: psycopg.Connection, day: date, now: datetime, *, up_to: int) -> int:
    """How many of a day are due, counted no further than `up_to`."""
    return len(conn.execute(f"{_DUE} AND day = %s LIMIT %s", [now, day, up_to]).fetchall())


def still_due(conn: psycopg.Connection, enrichment_id: str, now: datetime) -> Due | None:
    """One of them as it stands, None where another process has settled or postponed it meanwhile."""
    with conn.cursor(row_factory=class_row(Due)) as cursor:
        return cursor.execute(f"{_DUE} AND enrichment_id = %s", [now, enrichment_id]).fetchone()


@contextmanager
def lead_held(session: psycopg.Connection, workspace_id: str, crm_lead_id: str) -> Iterator[bool]:
    """Be the only process at a lead of the CRM. False where another one is; waits for nobody.

    `session` commits by itself. The lock ends with the process; a server needs a moment to notice that one died.
    """
    key = f"core.party_enrichments/{workspace_id}/{crm_lead_id}"
    row = session.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key]).fetchone()
    is_ours = row == (True,)
    try:
        yield is_ours
    finally:
        if is_ours and not session.broken:
            session.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def note_lookups(
    conn: psycopg.Connection,
    enrichment_id: str,
    *,
    same_person: bool | None,
    off: Sequence[str],
    used: Sequence[str],
    now: datetime,
) -> None:
    """Every contact was looked up: what came of it, and which checks were switched off meanwhile."""
    conn.execute(
        """
        UPDATE core.party_enrichments SET looked_up_at = %s, same_person = %s, validations_off = %s,
            validations_used = %s WHERE enrichment_id = %s
        """,
        [now, same_person, list(off), list(used), enrichment_id],
    )


def settle(conn: psycopg.Connection, enrichment_id: str, reason: str | None, *, now: datetime, run_id: str) -> None:
    """Close one: failed where there is a reason, else completed."""
    conn.execute(
        """
        UPDATE core.party_enrichments SET
            status = CASE WHEN %(reason)s::text IS NULL THEN 'completed' ELSE 'failed' END,
            reason = %(reason)s, settled_at = %(now)s, next_attempt_at = NULL, run_id = %(run_id)s
        WHERE enrichment_id = %(id)s
        """,
        {"id": enrichment_id, "reason": reason, "now": now, "run_id": run_id},
    )


def postpone(
    conn: psycopg.Connection, enrichment_id: str, until: datetime, reason: str, *, attempts: int, run_id: str
) -> None:
    """Let one wait until then, with what went wrong and the attempts that it has had."""
    conn.execute(
        """
        UPDATE core.party_enrichments SET next_attempt_at = %s, reason = %s, attempts = %s, run_id = %s
        WHERE enrichment_id = %s
        """,
        [until, reason, attempts, run_id, enrichment_id],
    )


def fail_after(conn: psycopg.Connection, enrichment_id: str, reason: str, *, now: datetime, run_id: str) -> None:
    """Close one as failed whose last attempt has failed."""
    conn.execute(
        "UPDATE core.party_enrichments SET attempts = %s WHERE enrichment_id = %s", [MAX_ATTEMPTS, enrichment_id]
    )
    settle(conn, enrichment_id, reason, now=now, run_id=run_id)


def party_counts(conn: psycopg.Connection, day: date) -> dict[str, int]:
    """How many enrichments of a day are pending, completed and failed."""
    rows = conn.execute(
        "SELECT status, count(*) FROM core.party_enrichments WHERE day = %s GROUP BY status ORDER BY status", [day]
    )
    return dict(rows.fetchall())


_DUE = """
    SELECT enrichment_id::text, workspace_id::text, crm_lead_id, first_drop_id AS drop_id, day, seq, attempts,
        looked_up_at IS NOT NULL AS is_looked_up
    FROM core.party_enrichments WHERE status = 'pending' AND next_attempt_at <= %s
"""
