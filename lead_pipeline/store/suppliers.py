"""`market.suppliers`: who sends leads to a seller over the API, and to which categories. No leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page

TABLE, KEY = "market.suppliers", "supplier_id"


@dataclass(frozen=True)
class Supplier:
    """A supplier of one workspace (its slug). It may send to `permitted_categories` only, while it is active."""

    supplier_id: str
    workspace: str
    name: str
    permitted_categories: Sequence[str]
    is_active: bool


@dataclass(frozen=True)
class SupplierRow:
    """A supplier as its seller sees it."""

    supplier_id: str
    name: str
    permitted_categories: list[str]
    is_active: bool
    version: int
    created_at: datetime


_SELECT = """
    SELECT supplier_id::text, name, permitted_categories, is_active, version, created_at FROM market.suppliers
    WHERE deleted_at IS NULL
"""


def find_supplier(conn: psycopg.Connection, workspace_id: str, wanted_id: str) -> SupplierRow:
    """The supplier of that id. Raises NotFound."""
    with conn.cursor(row_factory=class_row(SupplierRow)) as cursor:
        found = cursor.execute(
            f"{_SELECT} AND workspace_id = %s AND supplier_id = %s", [workspace_id, as_uuid(wanted_id)]
        ).fetchone()
    if found is None:
        raise NotFound(f"no supplier {wanted_id!r}. List them with GET /api/suppliers.")
    return found


def supplier_page(
    conn: psycopg.Connection, workspace_id: str, asked: Asked, *, is_active: bool | None = None
) -> Page[SupplierRow]:
    """The suppliers of a workspace, oldest first."""
    return fetch_page(
        conn, SupplierRow, _SELECT, {"workspace_id = %s": workspace_id, "is_active = %s": is_active}, asked,
        order=("created_at", KEY), place=lambda one: Place(one.created_at, one.supplier_id),
    )  # fmt: skip


def save_supplier(
    conn: psycopg.Connection, *, workspace_id: str, name: str, categories: Sequence[str], is_active: bool = True
) -> str:
    """Insert a supplier or bring it up to date by its name: these categories and no others. Returns its id."""
    row = conn.execute(
        """
        INSERT INTO market.suppliers (workspace_id, name, permitted_categories, is_active) VALUES (%s, %s, %s, %s)
        ON CONFLICT (workspace_id, name) WHERE deleted_at IS NULL DO UPDATE
            SET permitted_categories = excluded.permitted_categories, is_active = excluded.is_active
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
        "WHERE workspace_id = %(workspace)s AND (name = %(given)s OR supplier_id::text = %(given)s) "
        "AND deleted_at IS NULL",
        {"workspace": workspace_id, "given": name_or_id},
    ).fetchone()
    if row is None:
        known = conn.execute(
            "SELECT name FROM market.suppliers WHERE workspace_id = %s AND deleted_at IS NULL ORDER BY name LIMIT 20",
            [workspace_id],
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
            WHERE (%s::uuid IS NULL OR s.workspace_id = %s::uuid) AND s.deleted_at IS NULL ORDER BY w.slug, s.name
            """,
            [workspace_id, workspace_id],
        ).fetchall()


@dataclass(frozen=True)
class SupplierKey:
    """A key of a supplier, without the key."""

    key_id: str
    prefix: str
    name: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


def keys_of_supplier(conn: psycopg.Connection, wanted_id: str, asked: Asked) -> Page[SupplierKey]:
    """The keys of a supplier, ended ones too, oldest first."""
    return fetch_page(
        conn, SupplierKey,
        "SELECT key_id::text, prefix, name, created_at, revoked_at, last_used_at FROM core.api_keys WHERE true",
        {"supplier_id = %s": wanted_id}, asked,
        order=("created_at", "key_id"), place=lambda one: Place(one.created_at, one.key_id),
    )  # fmt: skip


def end_key(conn: psycopg.Connection, wanted_id: str, key_id: str, now: datetime) -> None:
    """End one key of a supplier; one that has ended keeps its time. Raises NotFound."""
    ended = conn.execute(
        "UPDATE core.api_keys SET revoked_at = coalesce(revoked_at, %s) WHERE supplier_id = %s AND key_id = %s",
        [now, wanted_id, as_uuid(key_id)],
    )
    if ended.rowcount == 0:
        raise NotFound(f"this supplier has no key {key_id!r}. List them with GET /api/suppliers/ID/keys.")


def end_keys(conn: psycopg.Connection, wanted_id: str, now: datetime) -> None:
    """End every key of a supplier."""
    conn.execute(
        "UPDATE core.api_keys SET revoked_at = %s WHERE supplier_id = %s AND revoked_at IS NULL", [now, wanted_id]
    )
