"""Destinations of `outbound.destinations` that an operator keeps: a workspace's own, of no user, buyer or manager."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from lead_pipeline.store.destinations import SELECT, Destination


def put_destination(
    conn: psycopg.Connection,
    destination_id: str,
    columns: Mapping[str, Any],
    *,
    secret_sealed: bytes | None,
    now: datetime,
) -> bool:
    """Insert a destination, or bring it up to date by its id: then it keeps its secret, and is told again if it was
    removed. `columns` are named by the caller, never by a sender. True where it is new.
    """
    row = {"destination_id": destination_id, **columns, "secret_sealed": secret_sealed}
    row |= {"created_at": now, "updated_at": now}
    kept = ("destination_id", "workspace_id", "channel", "secret_sealed", "created_at", "opted_in_at")
    changed = [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in row if name not in kept]
    made = conn.execute(
        sql.SQL(
            "INSERT INTO outbound.destinations AS d ({}) VALUES ({}) "
            "ON CONFLICT (destination_id) DO UPDATE SET {}, deleted_at = NULL RETURNING d.xmax = 0"
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
            sql.SQL(", ").join(changed),
        ),
        list(row.values()),
    ).fetchone()
    return made == (True,)


def operator_destinations(conn: psycopg.Connection, workspace_id: str) -> list[Destination]:
    """Those of a workspace, oldest first."""
    with conn.cursor(row_factory=class_row(Destination)) as cursor:
        return cursor.execute(
            f"{SELECT} AND d.workspace_id = %s AND d.buyer_id IS NULL AND d.user_id IS NULL AND d.manager_id IS NULL "
            "ORDER BY d.created_at, d.destination_id",
            [workspace_id],
        ).fetchall()
