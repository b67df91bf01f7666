"""`core.sessions`: sign-ins, and who is behind one. Holds no token."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row


def insert_session(
    conn: psycopg.Connection, user_id: str, membership_id: str, *, created_at: datetime, expires_at: datetime
) -> str:
    """A new session's id."""
    row = conn.execute(
        "INSERT INTO core.sessions (user_id, membership_id, created_at, expires_at) VALUES (%s, %s, %s, %s) "
        "RETURNING session_id::text",
        [user_id, membership_id, created_at, expires_at],
    ).fetchone()
    assert row is not None
    return str(row[0])


def find_session(conn: psycopg.Connection, session_id: str, now: datetime) -> dict[str, Any] | None:
    """Who a session is of, by the names of `steps.sessions.Caller`, in one query.

    None where it has ended, was revoked, or is of a buyer that was deleted or a supplier that rests.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            """
            SELECT s.user_id::text, u.email, m.workspace_id::text, w.slug AS workspace, e.currency, w.time_zone, m.role,
                m.buyer_id::text, m.supplier_id::text, s.session_id::text
            FROM core.sessions s
            JOIN core.memberships m USING (membership_id)
            JOIN core.users u ON u.user_id = s.user_id
            JOIN core.workspaces w ON w.workspace_id = m.workspace_id
            JOIN market.sellers e ON e.workspace_id = m.workspace_id
            LEFT JOIN market.buyers b ON b.buyer_id = m.buyer_id
            LEFT JOIN market.suppliers p ON p.supplier_id = m.supplier_id
            WHERE s.session_id = %(session)s AND s.revoked_at IS NULL AND s.expires_at > %(now)s
                AND b.deleted_at IS NULL AND p.is_active IS NOT FALSE AND p.deleted_at IS NULL
            """,
            {"session": session_id, "now": now},
        ).fetchone()


def revoke_session(conn: psycopg.Connection, session_id: str, now: datetime) -> None:
    """End a session for ever; one that has ended keeps its time."""
    conn.execute(
        "UPDATE core.sessions SET revoked_at = coalesce(revoked_at, %s) WHERE session_id = %s", [now, session_id]
    )


def revoke_sessions_of(conn: psycopg.Connection, user_id: str, now: datetime) -> None:
    """End every session of a person."""
    conn.execute("UPDATE core.sessions SET revoked_at = %s WHERE user_id = %s AND revoked_at IS NULL", [now, user_id])
