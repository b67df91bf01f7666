"""Sign-in with e-mail and password: the same answer, after the same work, whatever it is that is wrong."""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.errors import SignInRefused
from lead_pipeline.settings import Settings
from lead_pipeline.steps.passwords import known_person
from lead_pipeline.steps.sessions import open_session
from lead_pipeline.steps.throttle import take_address, take_email
from lead_pipeline.store.memberships import Membership, memberships_of
from lead_pipeline.store.users import User


@dataclass(frozen=True)
class SignedIn:
    """A new session's token, who it is of, as what it acts, and as what else that person could."""

    token: str
    user: User
    membership: Membership
    memberships: list[Membership]


def sign_in(
    conn: psycopg.Connection,
    *,
    email: str,
    password: str,
    workspace: str | None,
    role: str | None,
    address: str,
    settings: Settings,
    now: datetime,
) -> SignedIn:
    """Open a session, over a connection that commits by itself.

    Of several memberships it is the oldest, among those of `workspace` (slug) and `role` where they are named. Raises
    LimitReached and SignInRefused.
    """
    take_address(conn, address, now)
    take_email(conn, email, now)
    user = known_person(conn, email, password)
    if user is None:
        raise SignInRefused("the e-mail or the password is wrong. Send both again.")
    return session_of(conn, user, settings, now, workspace=workspace, role=role)


def session_of(
    conn: psycopg.Connection,
    user: User,
    settings: Settings,
    now: datetime,
    *,
    workspace: str | None = None,
    role: str | None = None,
) -> SignedIn:
    """A session of somebody who has proved who they are. Raises SignInRefused where there is nothing to act as."""
    memberships = memberships_of(conn, user.user_id)
    fitting = [one for one in memberships if workspace in (None, one.workspace) and role in (None, one.role)]
    if not fitting:
        raise SignInRefused("you take part in no such workspace. Leave `workspace` and `role` out, or ask its seller.")
    token = open_session(conn, user.user_id, fitting[0].membership_id, settings, now)
    return SignedIn(token, user, fitting[0], memberships)
