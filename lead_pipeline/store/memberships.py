"""`core.memberships`: who acts for which workspace, and as what. Decides no right."""

from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class Membership:
    """A person's part in a workspace. `workspace` is its slug."""

    membership_id: str
    workspace_id: str
    workspace: str
    workspace_name: str
    role: str
    buyer_id: str | None
    supplier_id: str | None


def memberships_of(conn: psycopg.Connection, user_id: str) -> list[Membership]:
    """What a person may act as, oldest first; a buyer that was deleted and a supplier that rests are left out."""
    with conn.cursor(row_factory=class_row(Membership)) as cursor:
        return cursor.execute(
            """
            SELECT m.membership_id::text, m.workspace_id::text, w.slug AS workspace, w.name AS workspace_name, m.role,
                m.buyer_id::text, m.supplier_id::text
            FROM core.memberships m JOIN core.workspaces w USING (workspace_id)
            JOIN market.sellers USING (workspace_id)
            LEFT JOIN market.buyers b ON b.buyer_id = m.buyer_id
            LEFT JOIN market.suppliers s ON s.supplier_id = m.supplier_id
            WHERE m.user_id = %s AND b.deleted_at IS NULL AND s.is_active IS NOT FALSE AND s.deleted_at IS NULL
            ORDER BY m.created_at, m.membership_id
            """,
            [user_id],
        ).fetchall()


def workspaces_of(conn: psycopg.Connection, user_id: str, role: str) -> list[tuple[str, str]]:
    """Id and name of every workspace that a person has that role in, or had: a buyer that was deleted counts."""
    return conn.execute(
        "SELECT workspace_id::text, w.name FROM core.memberships JOIN core.workspaces w USING (workspace_id) "
        "WHERE user_id = %s AND role = %s",
        [user_id, role],
    ).fetchall()


def insert_seller_member(conn: psycopg.Connection, user_id: str, workspace_id: str) -> None:
    """A person who acts for a workspace that sells."""
    _insert(conn, user_id, workspace_id, "SELLER")


def insert_buyer_member(conn: psycopg.Connection, user_id: str, workspace_id: str, *, name: str, email: str) -> None:
    """A new buyer of a workspace, and the person who acts for it."""
    row = conn.execute(
        "INSERT INTO market.buyers (workspace_id, name, email) VALUES (%s, %s, %s) RETURNING buyer_id::text",
        [workspace_id, name, email],
    ).fetchone()
    assert row is not None
    _insert(conn, user_id, workspace_id, "BUYER", buyer_id=row[0])


def has_supplier(conn: psycopg.Connection, workspace_id: str, name: str) -> bool:
    """Whether a workspace has a supplier of that name."""
    found = conn.execute(
        "SELECT 1 FROM market.suppliers WHERE workspace_id = %s AND name = %s AND deleted_at IS NULL",
        [workspace_id, name],
    ).fetchone()
    return found is not None


def insert_supplier_member(conn: psycopg.Connection, user_id: str, workspace_id: str, *, name: str) -> bool:
    """A new supplier of a workspace, and the person who acts for it. False where the name is one's already."""
    row = conn.execute(
        "INSERT INTO market.suppliers (workspace_id, name) VALUES (%s, %s) ON CONFLICT DO NOTHING "
        "RETURNING supplier_id::text",
        [workspace_id, name],
    ).fetchone()
    if row is None:
        return False
    _insert(conn, user_id, workspace_id, "SUPPLIER", supplier_id=row[0])
    return True


def _insert(
    conn: psycopg.Connection,
    user_id: str,
    workspace_id: str,
    role: str,
    *,
    buyer_id: str | None = None,
    supplier_id: str | None = None,
) -> None:
    conn.execute(
        "INSERT INTO core.memberships (user_id, workspace_id, role, buyer_id, supplier_id) VALUES (%s, %s, %s, %s, %s)",
        [user_id, workspace_id, role, buyer_id, supplier_id],
    )
