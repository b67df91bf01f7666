"""Sessions: opened with a signed token, checked with one query, ended for ever. Compares no password."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from lead_pipeline.errors import SignInRefused
from lead_pipeline.settings import Settings
from lead_pipeline.steps.tokens import read_token, sign
from lead_pipeline.store.sessions import find_session, insert_session, revoke_session, revoke_sessions_of

_PURPOSE = "session"


@dataclass(frozen=True)
class Caller:
    """Who asks. `workspace` is the slug; `role` is SELLER, BUYER or SUPPLIER, and names which id there is."""

    user_id: str
    email: str
    workspace_id: str
    workspace: str
    currency: str
    time_zone: str
    role: str
    buyer_id: str | None
    supplier_id: str | None
    session_id: str


def open_session(conn: psycopg.Connection, user_id: str, membership_id: str, settings: Settings, now: datetime) -> str:
    """The token of a new session of that person, acting by that membership. It ends after `session_hours`."""
    lasts = timedelta(hours=settings.session_hours)
    session_id = insert_session(conn, user_id, membership_id, created_at=now, expires_at=now + lasts)
    return sign({"sid": session_id}, settings, purpose=_PURPOSE, lasts=lasts, now=now)[0]


def check_session(conn: psycopg.Connection, token: str, settings: Settings, now: datetime) -> Caller:
    """Who a token is of. Raises SignInRefused: forged, ended, revoked, all told alike."""
    claims = read_token(token, settings, purpose=_PURPOSE, now=now)
    found = None if claims is None else find_session(conn, claims["sid"], now)
    if found is None:
        raise SignInRefused("this session is not known, or has ended. Sign in again: POST /api/auth/signin.")
    return Caller(**found)


def end_session(conn: psycopg.Connection, caller: Caller, now: datetime) -> None:
    """Sign somebody out: the token is good for nothing from now on."""
    revoke_session(conn, caller.session_id, now)


def end_sessions_of(conn: psycopg.Connection, user_id: str, now: datetime) -> None:
    """Sign a person out wherever they are signed in."""
    revoke_sessions_of(conn, user_id, now)
