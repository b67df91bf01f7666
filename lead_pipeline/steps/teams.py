"""Teams: a colleague joins by a code, and a lead is given to one of them. Signs nobody in."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg

from lead_pipeline.domain.passwords import is_password, password_fault
from lead_pipeline.errors import FieldsRefused, NotFound
from lead_pipeline.steps.passwords import fresh_hash, normal_email
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.steps.throttle import take_address, take_email
from lead_pipeline.store.teams import (
    Handover,
    TeamInvite,
    colleagues,
    handovers,
    insert_handover,
    insert_invite,
    insert_member,
    sees_lead,
    use_invite,
)
from lead_pipeline.store.users import insert_user, user_of_email

CODE_LASTS = timedelta(days=7)
_RANDOM_BYTES = 16


def invite_colleague(
    conn: psycopg.Connection, caller: Caller, now: datetime, random: Callable[[int], str] = secrets.token_urlsafe
) -> tuple[str, datetime]:
    """A code by which one colleague joins the caller's team, and when it ends. Over the owner's connection."""
    code, ends = random(_RANDOM_BYTES), now + CODE_LASTS
    invite = TeamInvite(caller.workspace_id, caller.role, caller.buyer_id)
    insert_invite(conn, code, invite, invited_by=caller.user_id, expires_at=ends)
    return code, ends


def join_team(
    conn: psycopg.Connection, *, code: str, email: str, name: str, password: str, address: str, now: datetime
) -> None:
    """Join by a code, which is used up; somebody known joins by the password that they have.

    Over a connection that commits by itself. Raises LimitReached, and FieldsRefused: the code is left as it was.
    """
    take_address(conn, address, now)
    take_email(conn, email, now)
    normal = normal_email(email)
    faults = [
        {"field": field, "message": message}
        for field, message in (
            ("email", None if normal else "This is no e-mail address."),
            ("name", None if name.strip() else "Say who you are."),
            ("password", password_fault(password)),
        )
        if message is not None
    ]
    if faults or normal is None:
        raise FieldsRefused(faults)
    hashed = fresh_hash(password)
    with conn.transaction():
        invite = use_invite(conn, code, now)
        if invite is None:
            raise _refused("code", "This code is unknown, was used, or has ended. Ask your colleague for another.")
        user_id = insert_user(conn, email=normal, name=name.strip(), password_hash=hashed, google_subject=None)
        if user_id is None:
            known = user_of_email(conn, normal)
            if known is None or not is_password(password, known.password_hash):
                raise _refused("password", "Somebody of this e-mail has registered. Send the password that they chose.")
            user_id = known.user_id
        if not insert_member(conn, user_id, invite):
            raise _refused("code", "You have a part in this workspace already, in another team or in this one.")


def give_lead(
    conn: psycopg.Connection, caller: Caller, lead_id: str, user_id: str | None, now: datetime
) -> list[Handover]:
    """Give a lead to a colleague, or to nobody. Returns who has had it, the latest first.

    Over a connection that acts as the caller. Raises NotFound: no such lead; FieldsRefused: no such colleague.
    """
    _check_lead(conn, lead_id)
    if user_id is not None and user_id not in {one.user_id for one in colleagues(conn)}:
        raise _refused("userId", "Nobody of your team. GET /api/team lists who is.")
    insert_handover(conn, lead_id, user_id, assigned_by=caller.user_id, now=now)
    return handovers(conn, lead_id)


def who_had(conn: psycopg.Connection, lead_id: str) -> list[Handover]:
    """Who of the caller's team has had a lead, the latest first. Raises NotFound."""
    _check_lead(conn, lead_id)
    return handovers(conn, lead_id)


def _check_lead(conn: psycopg.Connection, lead_id: str) -> None:
    if not sees_lead(conn, lead_id):
        raise NotFound(f"no lead {lead_id} of yours. GET /api/leads lists them.")


def _refused(field: str, message: str) -> FieldsRefused:
    return FieldsRefused([{"field": field, "message": message}])
