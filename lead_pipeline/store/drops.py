"""`raw.drops`: landing what arrived, claiming it, and moving it through its stages. No row of its content."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pandas as pd
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.errors import InProgress

_HELD_SECONDS = 2
SETTLED = ("routed", "kept", "quarantined")


@dataclass(frozen=True)
class Drop:
    """One thing that arrived. Either `body` holds its exact bytes, or `blob_path` says where they are."""

    drop_id: int
    source: str
    kind: str
    event_type: str | None
    workspace_id: str | None
    workspace_country: str | None
    headers: Mapping[str, Any]
    body: bytes | None
    blob_path: str | None
    day: date
    received_at: datetime
    stage: str
    next_row: int


@dataclass(frozen=True)
class Landing:
    """What is written before anybody is told that it arrived."""

    source: str
    kind: str
    external_id: str
    workspace_id: str | UUID | None
    day: date
    received_at: datetime
    body_sha256: str
    body: bytes | None = None
    blob_path: str | None = None
    headers: Mapping[str, Any] | None = None
    query_id: str | UUID | None = None
    event_type: str | None = None
    stage: str = "landed"


_COLUMNS = """d.drop_id, d.source, d.kind, d.event_type, d.workspace_id::text AS workspace_id,
    w.country AS workspace_country, d.headers, d.body, d.blob_path, d.day, d.received_at, d.stage, d.next_row"""


def land(conn: psycopg.Connection, landing: Landing) -> tuple[int, bool]:
    """Insert a drop in the caller's transaction. Returns its id, and False where it was already here."""
    row = conn.execute(
        """
        INSERT INTO raw.drops (source, kind, event_type, external_id, workspace_id, query_id, headers, body,
            blob_path, body_sha256, day, received_at, stage, settled_at)
        VALUES (%(source)s, %(kind)s, %(event_type)s, %(external_id)s, %(workspace_id)s, %(query_id)s, %(headers)s,
            %(body)s, %(blob_path)s, %(body_sha256)s, %(day)s, %(received_at)s, %(stage)s,
            CASE WHEN %(stage)s = 'kept' THEN %(received_at)s END)
        ON CONFLICT (source, external_id) DO NOTHING RETURNING drop_id
        """,
        {**landing.__dict__, "headers": Jsonb(landing.headers or {})},
    ).fetchone()
    if row is not None:
        return row[0], True
    known = conn.execute(
        "SELECT drop_id FROM raw.drops WHERE source = %s AND external_id = %s", [landing.source, landing.external_id]
    ).fetchone()
    assert known is not None
    return known[0], False


def claim(
    conn: psycopg.Connection,
    *,
    stage: str,
    day: date,
    kinds: Sequence[str],
    limit: int,
    sources: Sequence[str] | None = None,
) -> list[Drop]:
    """Lock the next drops of a day at a stage, of some sources or all, leaving those that another transaction holds."""
    named = None if sources is None else list(sources)
    with conn.cursor(row_factory=class_row(Drop)) as cursor:
        return cursor.execute(
            f"""
            SELECT {_COLUMNS} FROM raw.drops d LEFT JOIN core.workspaces w USING (workspace_id)
            WHERE d.stage = %s AND d.day = %s AND d.kind = ANY(%s) AND (%s::text[] IS NULL OR d.source = ANY(%s))
            ORDER BY d.drop_id LIMIT %s FOR UPDATE OF d SKIP LOCKED
            """,  # noqa: S608 - the columns are a constant
            [stage, day, list(kinds), named, named, limit],
        ).fetchall()


def read_drop(conn: psycopg.Connection, drop_id: int) -> Drop:
    """One drop as it stands, not locked."""
    with conn.cursor(row_factory=class_row(Drop)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM raw.drops d LEFT JOIN core.workspaces w USING (workspace_id) WHERE d.drop_id = %s",  # noqa: S608
            [drop_id],
        ).fetchall()[0]


def lock_drops(conn: psycopg.Connection, drop_ids: Sequence[int], *, stage: str) -> list[Drop]:
    """Lock those of the drops that are at a stage and that nobody else holds, in order of id."""
    with conn.cursor(row_factory=class_row(Drop)) as cursor:
        return cursor.execute(
            f"""
            SELECT {_COLUMNS} FROM raw.drops d LEFT JOIN core.workspaces w USING (workspace_id)
            WHERE d.stage = %s AND d.drop_id = ANY(%s) ORDER BY d.drop_id FOR UPDATE OF d SKIP LOCKED
            """,  # noqa: S608 - the columns are a constant
            [stage, list(drop_ids)],
        ).fetchall()


def pending(conn: psycopg.Connection, *, stage: str, day: date, kinds: Sequence[str]) -> list[int]:
    """Ids of the drops of a day at a stage, oldest first, not locked."""
    rows = conn.execute(
        "SELECT drop_id FROM raw.drops WHERE stage = %s AND day = %s AND kind = ANY(%s) ORDER BY drop_id",
        [stage, day, list(kinds)],
    )
    return [row[0] for row in rows]


def import_key(drop_id: int) -> str:
    """What the advisory lock of a file's import is named after."""
    return f"raw.drops/{drop_id}"


@contextmanager
def held(session: psycopg.Connection, drop_id: int) -> Iterator[None]:
    """Be the only one to import a file, over its many transactions. Raises InProgress where another process is.

    `session` commits by itself. The lock ends with the process; a server needs a moment to notice that one died.
    """
    key = import_key(drop_id)
    try:
        session.execute(f"SET lock_timeout = '{_HELD_SECONDS}s'")
        session.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [key])
    except psycopg.errors.LockNotAvailable:
        raise InProgress(f"another process is importing this file (drop {drop_id}). Let it finish.") from None
    finally:
        session.execute("RESET lock_timeout")
    try:
        yield
    finally:
        if not session.broken:
            session.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def try_hold(conn: psycopg.Connection, drop_id: int) -> bool:
    """Be the only one at a file until the transaction ends. False where another process holds it; waits for nobody."""
    row = conn.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [import_key(drop_id)]).fetchone()
    assert row is not None
    return bool(row[0])


def lock_at(conn: psycopg.Connection, drop_id: int, next_row: int) -> bool:
    """Lock a drop for the chunk that begins at `next_row`. False where another process has moved on from there."""
    row = conn.execute(
        "SELECT 1 FROM raw.drops WHERE drop_id = %s AND next_row = %s AND stage = 'landed' FOR UPDATE",
        [drop_id, next_row],
    ).fetchone()
    return row is not None


def count_rows(conn: psycopg.Connection, counts: pd.DataFrame) -> None:
    """Add to the counts of drops: columns drop_id, accepted, duplicate, quarantined; one row a drop."""
    conn.execute(
        """
        UPDATE raw.drops d SET
            accepted_rows = d.accepted_rows + n.accepted, duplicate_rows = d.duplicate_rows + n.duplicate,
            quarantined_rows = d.quarantined_rows + n.quarantined,
            received_rows = d.received_rows + n.accepted + n.duplicate + n.quarantined
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
            AS n (drop_id, accepted, duplicate, quarantined)
        WHERE d.drop_id = n.drop_id
        """,
        [counts[name].tolist() for name in ("drop_id", "accepted", "duplicate", "quarantined")],
    )


def advance(conn: psycopg.Connection, drop_ids: Sequence[int], *, stage: str, next_row: int | None = None) -> None:
    """Move drops to a stage, in the transaction that inserted what they became."""
    conn.execute(
        """
        UPDATE raw.drops SET stage = %(stage)s, next_row = coalesce(%(next_row)s, next_row), error = NULL,
            settled_at = CASE WHEN %(stage)s = ANY(%(settled)s) THEN now() END
        WHERE drop_id = ANY(%(ids)s)
        """,
        {"stage": stage, "next_row": next_row, "settled": list(SETTLED), "ids": list(drop_ids)},
    )


def refuse_whole(conn: psycopg.Connection, reasons: Mapping[int, str]) -> None:
    """Drop id to why nothing can be read from it: its stage, for whoever looks at the drop."""
    conn.execute(
        """
        UPDATE raw.drops d SET stage = 'quarantined', error = n.reason, settled_at = now()
        FROM unnest(%s::bigint[], %s::text[]) AS n (drop_id, reason) WHERE d.drop_id = n.drop_id
        """,
        [list(reasons), list(reasons.values())],
    )


def name_workspaces(conn: psycopg.Connection, names: Mapping[int, str]) -> None:
    """Drop id to a workspace's slug or id, for drops that have none: those that are known become theirs."""
    conn.execute(
        """
        UPDATE raw.drops d SET workspace_id = w.workspace_id
        FROM unnest(%s::bigint[], %s::text[]) AS n (drop_id, name)
        JOIN core.workspaces w ON w.slug = n.name OR w.workspace_id::text = n.name
        WHERE d.drop_id = n.drop_id AND d.workspace_id IS NULL
        """,
        [list(names), list(names.values())],
    )


def note_failure(conn: psycopg.Connection, drop_id: int, error: str) -> None:
    """Keep what went wrong with the drop, for whoever reads the graph."""
    conn.execute("UPDATE raw.drops SET attempts = attempts + 1, error = %s WHERE drop_id = %s", [error, drop_id])


def accounting_of(conn: psycopg.Connection, drop_id: int) -> Accounting:
    """The counts of one drop as they stand."""
    row = conn.execute(
        "SELECT accepted_rows, duplicate_rows, quarantined_rows FROM raw.drops WHERE drop_id = %s", [drop_id]
    ).fetchone()
    assert row is not None
    return Accounting(*row)
