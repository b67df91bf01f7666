"""`market.sellers`: workspaces that sell, and the invite code by which others join them."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class Seller:
    """A workspace that sells. `currency` as ISO 4217, `time_zone` as IANA."""

    workspace_id: str
    workspace: str
    name: str
    invite_code: str
    currency: str
    time_zone: str


_SELECT = """
    SELECT s.workspace_id::text, w.slug AS workspace, w.name, s.invite_code, s.currency, w.time_zone
    FROM market.sellers s JOIN core.workspaces w USING (workspace_id)
"""


def seller_of_code(conn: psycopg.Connection, invite_code: str) -> Seller | None:
    """The seller whose invite code this is today."""
    with conn.cursor(row_factory=class_row(Seller)) as cursor:
        return cursor.execute(f"{_SELECT} WHERE s.invite_code = %s", [invite_code]).fetchone()


def seller_of(conn: psycopg.Connection, workspace_id: str) -> Seller | None:
    """The seller of that id, as far as the connection may see it."""
    with conn.cursor(row_factory=class_row(Seller)) as cursor:
        return cursor.execute(f"{_SELECT} WHERE s.workspace_id = %s", [workspace_id]).fetchone()


def insert_seller(
    conn: psycopg.Connection, *, slug: str, name: str, currency: str, time_zone: str, new_code: Callable[[], str]
) -> str:
    """A new workspace that sells, in the caller's transaction. Where the slug is taken it gets a number behind."""
    made = None
    while made is None:
        made = conn.execute(
            "INSERT INTO core.workspaces (slug, name, time_zone) VALUES (%s, %s, %s) ON CONFLICT (slug) DO NOTHING "
            "RETURNING workspace_id::text",
            [slug, name, time_zone],
        ).fetchone()
        slug = slug if made else _next_slug(conn, slug)
    kept = 0
    while not kept:
        kept = conn.execute(
            "INSERT INTO market.sellers (workspace_id, invite_code, currency) VALUES (%s, %s, %s) "
            "ON CONFLICT (invite_code) DO NOTHING",
            [made[0], new_code(), currency],
        ).rowcount
    return str(made[0])


def change_code(conn: psycopg.Connection, workspace_id: str, code: str) -> bool:
    """Give a seller another invite code, in the caller's transaction. False where the code is somebody's already."""
    try:
        with conn.transaction():
            conn.execute("UPDATE market.sellers SET invite_code = %s WHERE workspace_id = %s", [code, workspace_id])
    except psycopg.errors.UniqueViolation:
        return False
    return True


def _next_slug(conn: psycopg.Connection, slug: str) -> str:
    row = conn.execute(
        """
        SELECT coalesce(max(substring(slug FROM '-([0-9]{1,9})$')::int), 1) + 1 FROM core.workspaces
        WHERE slug ~ ('^' || %s || '-[0-9]{1,9}$')
        """,
        [slug],
    ).fetchone()
    assert row is not None
    return f"{slug}-{row[0]}"
