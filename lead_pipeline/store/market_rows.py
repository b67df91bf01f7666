"""One row of a market table: inserting it, changing the version that was seen, the slugs that are taken.

Knows no table: names of tables and columns are the caller's own, never a sender's.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from lead_pipeline.errors import Conflict, NotFound


def insert_row(conn: psycopg.Connection, table: str, key: str, columns: Mapping[str, Any]) -> str | None:
    """Insert a row. Returns its `key`, None where something that must be unique is taken; waits for who takes it."""
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING RETURNING {}::text").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        sql.Identifier(key),
    )
    row = conn.execute(statement, list(columns.values())).fetchone()
    return None if row is None else str(row[0])


def update_row(
    conn: psycopg.Connection, table: str, key: str, row_id: str, changes: Mapping[str, Any], *, seen: int | None = None
) -> None:
    """Set these columns of the row whose `key` is `row_id`, and hold it until the transaction ends.

    Raises Conflict where it is no longer at the version `seen`, or takes what is another's; NotFound.
    """
    name, column = sql.Identifier(*table.split(".")), sql.Identifier(key)
    held = conn.execute(
        sql.SQL("SELECT version FROM {} WHERE {} = %s FOR UPDATE").format(name, column), [row_id]
    ).fetchone()
    if held is None:
        raise NotFound(f"{row_id} is not there any more.")
    if seen is not None and seen != held[0]:
        raise Conflict(f"version {seen} was changed, and it is at {held[0]} by now. Get it again, then change that.")
    if not changes:
        return
    columns = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(one)) for one in changes)
    try:
        conn.execute(
            sql.SQL("UPDATE {} SET {} WHERE {} = %s").format(name, columns, column), [*changes.values(), row_id]
        )
    except psycopg.errors.UniqueViolation as taken:
        raise Conflict("another one has that name or slug. Choose another.") from taken


def taken_slugs(conn: psycopg.Connection, table: str, workspace_id: str, slug: str) -> set[str]:
    """The slug and those made of it with a number, as far as a workspace has them."""
    rows = conn.execute(
        sql.SQL(
            "SELECT slug FROM {} WHERE workspace_id = %s AND deleted_at IS NULL "
            "AND (slug = %s OR slug ~ ('^' || %s || '-[0-9]+$'))"
        ).format(sql.Identifier(*table.split("."))),
        [workspace_id, slug, slug],
    )
    return {taken for (taken,) in rows}


def known_id(conn: psycopg.Connection, table: str, key: str, workspace_id: str, row_id: str | None) -> str | None:
    """The id where a workspace has or had such a row, a deleted one too; None where it never did."""
    row = conn.execute(
        sql.SQL("SELECT {}::text FROM {} WHERE workspace_id = %s AND {} = %s").format(
            sql.Identifier(key), sql.Identifier(*table.split(".")), sql.Identifier(key)
        ),
        [workspace_id, row_id],
    ).fetchone()
    return None if row is None else str(row[0])
