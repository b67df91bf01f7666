"""`market.suppliers`: who sends leads to a seller over the API, and to which categories. No leads."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

from lead_pipeline.errors import NotFound


@dataclass(frozen=True)
class Supplier:
    """A supplier of one workspace (its slug). It may send to `permitted_categories` only, while it is active."""

    supplier_id: str
    workspace: str
    name: str
    permitted_categories: Sequence[str]
    is_active: bool


def save_supplier(
    conn: psycopg.Connection, *, workspace_id: str, name: str, categories: Sequence[str], is_active: bool = True
) -> str:
    """Insert a supplier or bring it up to date by its name: these categories and no others. Returns its id."""
    row = conn.execute(
        """
        INSERT INTO market.suppliers (workspace_id, name, permitted_categories, is_active) VALUES (%s, %s, %s, %s)
        ON CONFLICT (workspace_id, name) DO UPDATE SET permitted_categories = excluded.permitted_categories,
            is_active = excluded.is_active
        RETURNING supplier_id::text
        """,
        [workspace_id, name, sorted(set(categories)), is_active],
    ).fetchone()
    assert row is not None
    return str(row[0])


def supplier_id(conn: psycopg.Connection, workspace_id: str, name_or_id: str) -> str:
    """The id of a workspace's supplier by its name or id. Raises NotFound that lists those there are."""
    row = conn.execute(
        "SELECT supplier_id::text FROM market.suppliers "
        "WHERE workspace_id = %(workspace)s AND (name = %(given)s OR supplier_id::text = %(given)s)",
        {"workspace": workspace_id, "given": name_or_id},
    ).fetchone()
    if row is None:
        known = conn.execute(
            "SELECT name FROM market.suppliers WHERE workspace_id = %s ORDER BY name LIMIT 20", [workspace_id]
        ).fetchall()
        there = f"There are: {', '.join(name for (name,) in known)}." if known else "It has none yet."
        raise NotFound(
            f"no supplier {name_or_id!r} in this workspace. {there} Add one with: lead-pipeline suppliers add"
        )
    return str(row[0])


def list_suppliers(conn: psycopg.Connection, workspace_id: str | None = None) -> list[Supplier]:
    """The suppliers of a workspace or of all, by workspace and name."""
    with conn.cursor(row_factory=class_row(Supplier)) as cursor:
        return cursor.execute(
            """
            SELECT s.supplier_id::text, w.slug AS workspace, s.name, s.permitted_categories, s.is_active
            FROM market.suppliers s JOIN core.workspaces w USING (workspace_id)
            WHERE %s::uuid IS NULL OR s.workspace_id = %s::uuid ORDER BY w.slug, s.name
            """,
            [workspace_id, workspace_id],
        ).fetchall()
