"""Teams: who is in one, the codes that colleagues join by, and which member has which lead. Runs no sign-in."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class Colleague:
    """A member of the caller's team."""

    user_id: str
    name: str
    email: str
    joined_at: datetime


@dataclass(frozen=True)
class TeamInvite:
    """What a code lets somebody join: a seller's team, or that of one of its buyers."""

    workspace_id: str
    role: str
    buyer_id: str | None


@dataclass(frozen=True)
class Handover:
    """One time that a lead was given to somebody; `user_id` None: to nobody any more."""

    seq: int
    user_id: str | None
    name: str | None
    assigned_by: str | None
    assigned_at: datetime


def insert_invite(
    conn: psycopg.Connection, code: str, invite: TeamInvite, *, invited_by: str, expires_at: datetime
) -> None:
    """Keep a code's hash; the code itself is nowhere but in the caller's hands."""
    conn.execute(
        "INSERT INTO core.team_invites (code_hash, workspace_id, role, buyer_id, invited_by, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        [_hash(code), invite.workspace_id, invite.role, invite.buyer_id, invited_by, expires_at],
    )


def use_invite(conn: psycopg.Connection, code: str, now: datetime) -> TeamInvite | None:
    """What a code is for, used up by this very transaction; None where it is unknown, used or too old."""
    with conn.cursor(row_factory=class_row(TeamInvite)) as cursor:
        return cursor.execute(
            "UPDATE core.team_invites SET used_at = %(now)s "
            "WHERE code_hash = %(hash)s AND used_at IS NULL AND expires_at > %(now)s "
            "RETURNING workspace_id::text, role, buyer_id::text",
            {"hash": _hash(code), "now": now},
        ).fetchone()


def insert_member(conn: psycopg.Connection, user_id: str, invite: TeamInvite) -> bool:
    """Put somebody into a team. False where they have that role in the workspace already."""
    return (
        conn.execute(
            "INSERT INTO core.memberships (user_id, workspace_id, role, buyer_id) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            [user_id, invite.workspace_id, invite.role, invite.buyer_id],
        ).rowcount
        == 1
    )


def colleagues(conn: psycopg.Connection) -> list[Colleague]:
    """The caller's team, over a connection that acts as the caller; who joined first comes first."""
    with conn.cursor(row_factory=class_row(Colleague)) as cursor:
        return cursor.execute(
            "SELECT user_id::text, name, email, joined_at FROM core.colleagues() ORDER BY joined_at, user_id"
        ).fetchall()


def sees_lead(conn: psycopg.Connection, lead_id: str) -> bool:
    """Whether the caller, whom the connection acts as, may see a lead at all."""
    return conn.execute("SELECT 1 FROM core.leads WHERE lead_id = %s", [lead_id]).fetchone() is not None


def insert_handover(
    conn: psycopg.Connection, lead_id: str, user_id: str | None, *, assigned_by: str, now: datetime
) -> None:
    """Give a lead to a colleague, or back to nobody; what holds already is not written again. Waits for its turn."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [lead_id])
    conn.execute(
        """
        INSERT INTO core.lead_assignees (lead_id, team_id, seq, workspace_id, user_id, assigned_by, assigned_at)
        SELECT %(lead)s, core.current_team(), coalesce(latest.seq, 0) + 1, core.current_workspace(), %(user)s::uuid,
            %(by)s, %(now)s
        FROM (SELECT) AS always LEFT JOIN LATERAL (
            SELECT seq, user_id FROM core.lead_assignees
            WHERE lead_id = %(lead)s AND team_id = core.current_team() ORDER BY seq DESC LIMIT 1
        ) AS latest ON true
        WHERE latest.user_id IS DISTINCT FROM %(user)s::uuid
        """,
        {"lead": lead_id, "user": user_id, "by": assigned_by, "now": now},
    )


def handovers(conn: psycopg.Connection, lead_id: str) -> list[Handover]:
    """Who of the caller's team has had a lead, the latest first."""
    with conn.cursor(row_factory=class_row(Handover)) as cursor:
        return cursor.execute(
            """
            SELECT a.seq, a.user_id::text, c.name, b.name AS assigned_by, a.assigned_at
            FROM core.lead_assignees a
            LEFT JOIN core.colleagues() c ON c.user_id = a.user_id
            LEFT JOIN core.colleagues() b ON b.user_id = a.assigned_by
            WHERE a.lead_id = %s AND a.team_id = core.current_team() ORDER BY a.seq DESC
            """,
            [lead_id],
        ).fetchall()


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
