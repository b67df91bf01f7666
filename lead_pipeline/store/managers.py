"""`core.realtor_managers`, and the destinations by which managers are told: saved, listed, removed, found.

Addresses come here sealed, and are never read in clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound

KIND = "manager_notice"


@dataclass(frozen=True)
class Wanted:
    """By what the realtor of one event is looked up: a key, or a name; `rank` 0 counts before 1."""

    drop_id: int
    workspace_id: str
    received_at: datetime
    rank: int
    key: str
    is_name: bool


@dataclass(frozen=True)
class Found:
    """A manager of an event's realtor on one channel; `destination_id` and `channel` are None where none is told."""

    drop_id: int
    rank: int
    is_name: bool
    realtor: str
    realtor_name: str
    manager_id: str
    manager_name: str
    destination_id: str | None
    channel: str | None


@dataclass(frozen=True)
class Address:
    """How a manager is told on one channel, as it is kept: sealed, and as people are shown it."""

    channel: str
    sealed: bytes
    shown: str


@dataclass(frozen=True)
class ManagerRow:
    """A manager of a realtor with how it is told, such as `email j***@example.com`."""

    manager_id: str
    workspace: str
    realtor: str
    realtor_name: str
    manager_name: str
    told_by: list[str]


def save_pair(
    conn: psycopg.Connection, *, workspace_id: str, realtor: str, realtor_name: str, manager_name: str, now: datetime
) -> str:
    """Insert a realtor's manager or bring the realtor's name up to date, and hold the row. Returns its id."""
    row = conn.execute(
        """
        INSERT INTO core.realtor_managers (workspace_id, realtor, realtor_name, manager_name, created_at)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (workspace_id, realtor, manager_name) WHERE deleted_at IS NULL
            DO UPDATE SET realtor_name = excluded.realtor_name
        RETURNING manager_id::text
        """,
        [workspace_id, realtor, realtor_name, manager_name, now],
    ).fetchone()
    assert row is not None
    return str(row[0])


def sealed_addresses(conn: psycopg.Connection, manager_id: str) -> dict[str, bytes]:
    """The sealed address of each channel on which a manager is told now."""
    rows = conn.execute(
        """
        SELECT channel, address_sealed FROM outbound.destinations
        WHERE manager_id = %s AND status = 'active' AND deleted_at IS NULL
        """,
        [manager_id],
    )
    return dict(rows.fetchall())


def tell_at(conn: psycopg.Connection, workspace_id: str, manager_id: str, address: Address, now: datetime) -> None:
    """Tell a manager at this address of its channel from now on. What waits for the manager goes there too."""
    given = {"workspace": workspace_id, "manager": manager_id, "kind": KIND, "now": now, **vars(address)}
    changed = conn.execute(
        """
        UPDATE outbound.destinations SET address_sealed = %(sealed)s, shown = %(shown)s, updated_at = %(now)s,
            status = 'active', status_reason = NULL, failures = 0, failing_since = NULL, retry_at = NULL
        WHERE manager_id = %(manager)s AND channel = %(channel)s AND deleted_at IS NULL
        """,
        given,
    )
    if changed.rowcount == 0:
        conn.execute(
            """
            INSERT INTO outbound.destinations
                (workspace_id, manager_id, channel, address_sealed, shown, kinds, opted_in_at, created_at, updated_at)
            VALUES (%(workspace)s, %(manager)s, %(channel)s, %(sealed)s, %(shown)s, ARRAY[%(kind)s::text],
                CASE WHEN %(channel)s = 'sms' THEN %(now)s::timestamptz END, %(now)s, %(now)s)
            """,
            given,
        )


def tell_only_by(conn: psycopg.Connection, manager_id: str, channels: Sequence[str], now: datetime) -> None:
    """Tell a manager on no other channels any more."""
    conn.execute(
        """
        UPDATE outbound.destinations SET deleted_at = %s, updated_at = %s
        WHERE manager_id = %s AND channel <> ALL(%s) AND deleted_at IS NULL
        """,
        [now, now, manager_id, list(channels)],
    )


def remove_manager(conn: psycopg.Connection, manager_id: str, now: datetime) -> ManagerRow:
    """End a manager and how it is told. Raises NotFound."""
    found = next((one for one in list_managers(conn) if one.manager_id == as_uuid(manager_id)), None)
    if found is None:
        raise NotFound(f"no manager {manager_id!r}. List them with: lead-pipeline managers list")
    conn.execute(
        """
        WITH ended AS (UPDATE core.realtor_managers SET deleted_at = %(now)s WHERE manager_id = %(manager)s)
        UPDATE outbound.destinations SET deleted_at = %(now)s, updated_at = %(now)s
        WHERE manager_id = %(manager)s AND deleted_at IS NULL
        """,
        {"now": now, "manager": found.manager_id},
    )
    return found


def list_managers(conn: psycopg.Connection, workspace_id: str | None = None) -> list[ManagerRow]:
    """The managers of a workspace or of all, by workspace, realtor and name."""
    with conn.cursor(row_factory=class_row(ManagerRow)) as cursor:
        return cursor.execute(
            """
            SELECT m.manager_id::text, w.slug AS workspace, m.realtor, m.realtor_name, m.manager_name, ARRAY(
                SELECT d.channel || ' ' || d.shown || CASE d.status WHEN 'disabled' THEN ' (disabled)' ELSE '' END
                FROM outbound.destinations d
                WHERE d.manager_id = m.manager_id AND d.deleted_at IS NULL ORDER BY d.channel
            ) AS told_by
            FROM core.realtor_managers m JOIN core.workspaces w USING (workspace_id)
            WHERE (%(one)s::uuid IS NULL OR m.workspace_id = %(one)s::uuid) AND m.deleted_at IS NULL
            ORDER BY w.slug, m.realtor, m.manager_name
            """,
            {"one": workspace_id},
        ).fetchall()


def find_managers(conn: psycopg.Connection, wanted: Sequence[Wanted]) -> list[Found]:
    """Who manages the realtors of events, of those who did when the event arrived: by event, rank and age."""
    columns = [[getattr(one, name) for one in wanted] for name in Wanted.__dataclass_fields__]
    with conn.cursor(row_factory=class_row(Found)) as cursor:
        return cursor.execute(
            """
            SELECT a.drop_id, a.rank, a.is_name, m.realtor, m.realtor_name, m.manager_id::text, m.manager_name,
                r.destination_id::text, r.channel
            FROM unnest(%s::bigint[], %s::uuid[], %s::timestamptz[], %s::int[], %s::text[], %s::boolean[])
                AS a (drop_id, workspace_id, received_at, rank, key, is_name)
            JOIN core.realtor_managers m ON m.workspace_id = a.workspace_id AND m.deleted_at IS NULL
                AND m.created_at <= a.received_at
                AND CASE WHEN a.is_name THEN lower(m.realtor_name) ELSE m.realtor END = a.key
            LEFT JOIN outbound.receivers r ON r.manager_id = m.manager_id AND r.kinds @> ARRAY['manager_notice']
            ORDER BY a.drop_id, a.rank, m.created_at, m.manager_id, r.channel
            """,
            columns,
        ).fetchall()
