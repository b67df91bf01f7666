"""`outbound.destinations`: a person's own, by channel, and a team's endpoints. Each is its team's, in every statement.

Addresses and secrets come sealed and leave sealed. How endpoints answer is in `destination_health`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page


@dataclass(frozen=True)
class Team:
    """Whose destinations: a seller's workspace, or one buyer of it."""

    workspace_id: str
    buyer_id: str | None


@dataclass(frozen=True)
class Destination:
    """A destination as people are shown it. `quiet_from` and `quiet_until` are local times in `time_zone`."""

    destination_id: str
    buyer_id: str | None
    channel: str
    shown: str
    kinds: list[str]
    time_zone: str | None
    quiet_from: time | None
    quiet_until: time | None
    summary_hour: int
    opted_in_at: datetime | None
    status: str
    status_reason: str | None
    failures: int
    failing_since: datetime | None
    retry_at: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Sealed:
    """What of a destination is sealed."""

    address_sealed: bytes | None
    secret_sealed: bytes | None


SELECT = """
    SELECT d.destination_id::text, d.buyer_id::text, d.channel, d.shown, d.kinds, d.time_zone, d.quiet_from,
        d.quiet_until, d.summary_hour, d.opted_in_at, d.status, d.status_reason, d.failures, d.failing_since,
        d.retry_at, d.previous_secret_until, d.created_at, d.updated_at
    FROM outbound.destinations d WHERE d.deleted_at IS NULL
"""
# A manager's Slack is kept by `managers`.
_IS_ENDPOINT = "AND d.user_id IS NULL AND d.channel IN ('webhook', 'slack') AND NOT d.kinds @> '{manager_notice}'"
_OF_TEAM = "workspace_id = %(workspace)s AND buyer_id IS NOT DISTINCT FROM %(buyer)s::uuid AND deleted_at IS NULL"


def lock_team(conn: psycopg.Connection, team: Team) -> None:
    """Have a team's destinations to oneself until the transaction ends."""
    conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('outbound.destinations/' || %s, 0))",
        [team.buyer_id or team.workspace_id],
    )


def personal_destinations(conn: psycopg.Connection, team: Team, user_id: str) -> dict[str, Destination]:
    """A person's own in a team, by channel."""
    with conn.cursor(row_factory=class_row(Destination)) as cursor:
        rows = cursor.execute(
            f"{SELECT} AND d.workspace_id = %s AND d.buyer_id IS NOT DISTINCT FROM %s::uuid AND d.user_id = %s",
            [team.workspace_id, team.buyer_id, user_id],
        ).fetchall()
    return {row.channel: row for row in rows}


def find_endpoint(conn: psycopg.Connection, workspace_id: str, buyer_id: str | None, endpoint_id: str) -> Destination:
    """An endpoint of a buyer, or any of a workspace where no buyer is named. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Destination)) as cursor:
        found = cursor.execute(
            f"{SELECT} {_IS_ENDPOINT} AND d.workspace_id = %(workspace)s AND d.destination_id = %(id)s "
            "AND (%(buyer)s::uuid IS NULL OR d.buyer_id = %(buyer)s::uuid)",
            {"workspace": workspace_id, "buyer": buyer_id, "id": as_uuid(endpoint_id)},
        ).fetchone()
    if found is None:
        raise NotFound(f"no endpoint {endpoint_id!r}. List them with GET /api/endpoints.")
    return found


def list_endpoints(
    conn: psycopg.Connection, workspace_id: str, buyer_id: str | None, asked: Asked, *, channel: str | None = None
) -> Page[Destination]:
    """The endpoints of a buyer, or all of a workspace where no buyer is named, oldest first."""
    wanted = {"d.workspace_id = %s": workspace_id, "d.buyer_id = %s": buyer_id, "d.channel = %s": channel}
    return fetch_page(
        conn, Destination, f"{SELECT} {_IS_ENDPOINT}", wanted, asked, order=("d.created_at", "d.destination_id"),
        place=lambda one: Place(one.created_at, one.destination_id),
    )  # fmt: skip


def count_endpoints(conn: psycopg.Connection, team: Team) -> int:
    """How many endpoints a team itself has."""
    row = conn.execute(
        f"SELECT count(*) FROM outbound.destinations d WHERE {_OF_TEAM} {_IS_ENDPOINT}",  # noqa: S608 - constants
        _whose(team),
    ).fetchone()
    assert row is not None
    return int(row[0])


def sealed_of(conn: psycopg.Connection, team: Team, destination_id: str) -> Sealed | None:
    """What is sealed of a team's destination, which is held until the transaction ends; None where there is none."""
    with conn.cursor(row_factory=class_row(Sealed)) as cursor:
        return cursor.execute(
            "SELECT address_sealed, secret_sealed FROM outbound.destinations "  # noqa: S608 - constants
            f"WHERE {_OF_TEAM} AND destination_id = %(id)s FOR UPDATE",
            {**_whose(team), "id": destination_id},
        ).fetchone()


def insert_destination(conn: psycopg.Connection, team: Team, columns: Mapping[str, Any], now: datetime) -> str:
    """A new destination of a team; its id. `columns` are named by the caller, never by a sender."""
    row = {
        "workspace_id": team.workspace_id,
        "buyer_id": team.buyer_id,
        **columns,
        "created_at": now,
        "updated_at": now,
    }
    made = conn.execute(
        sql.SQL("INSERT INTO outbound.destinations ({}) VALUES ({}) RETURNING destination_id::text").format(
            sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(sql.Placeholder() * len(row))
        ),
        list(row.values()),
    ).fetchone()
    assert made is not None
    return str(made[0])


def update_destination(
    conn: psycopg.Connection, team: Team, destination_id: str, changes: Mapping[str, Any], now: datetime
) -> None:
    """Change a team's destination. Raises NotFound where it is not there, or is another team's."""
    columns = {**changes, "updated_at": now}
    changed = conn.execute(
        sql.SQL("UPDATE outbound.destinations SET {} WHERE {} AND destination_id = %(id)s").format(
            sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(f"new_{name}")) for name in columns
            ),
            sql.SQL(_OF_TEAM),
        ),
        {**_whose(team), "id": destination_id, **{f"new_{name}": value for name, value in columns.items()}},
    )
    if changed.rowcount == 0:
        raise NotFound("it is not there any more.")


def remove_destination(conn: psycopg.Connection, team: Team, destination_id: str, now: datetime) -> None:
    """Tell it nothing more. Its messages stay in the history. Raises NotFound."""
    update_destination(conn, team, destination_id, {"deleted_at": now}, now)


def _whose(team: Team) -> dict[str, Any]:
    return {"workspace": team.workspace_id, "buyer": team.buyer_id}
