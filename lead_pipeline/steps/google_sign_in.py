"""Sign-in with Google: a browser goes out with a signed state, and comes back as somebody whom Google vouches for.

A known person gets a session; with an e-mail that only a password stood for, Google's word replaces the password. An
unknown one gets a ticket to register with. See docs/decisions/028.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import psycopg

from lead_pipeline.errors import Conflict, NotFound, SignInRefused
from lead_pipeline.settings import Settings
from lead_pipeline.steps.passwords import normal_email
from lead_pipeline.steps.register import Wanted, register_with_google
from lead_pipeline.steps.sessions import end_sessions_of
from lead_pipeline.steps.sign_in import SignedIn, session_of
from lead_pipeline.steps.tokens import read_token, sign
from lead_pipeline.store.signing_key import signing_key
from lead_pipeline.store.users import User, link_google, user_of_email, user_of_google
from lead_pipeline.vendors.openid import Client, Vouched, authorization_url, vouched_for

CALLBACK = "/api/auth/callback/google"
LASTS = timedelta(minutes=10)
_STATE, _TICKET, _DERIVED = "google-state", "google-ticket", "google-derived"
_AGAIN = "Begin again: GET /api/auth/google."


@dataclass(frozen=True)
class Leaving:
    """Where the browser goes, and the cookie that it comes back with."""

    url: str
    cookie: str


@dataclass(frozen=True)
class Ticket:
    """Who may register without a password, until when."""

    ticket: str
    ends: datetime
    vouched: Vouched


@dataclass(frozen=True)
class Returned:
    """Somebody known, signed in. `password_removed` where Google's word has just replaced it."""

    signed_in: SignedIn
    password_removed: bool


def leave_for_google(settings: Settings, now: datetime) -> Leaving:
    """The way out. Raises NotFound where Google sign-in is off; VendorUnavailable."""
    state = secrets.token_urlsafe(32)
    cookie, _ = sign({"state": state}, settings, purpose=_STATE, lasts=LASTS, now=now)
    nonce, verifier = _derived(settings, state)
    return Leaving(authorization_url(_client(settings), state=state, nonce=nonce, verifier=verifier), cookie)


def vouched_at_return(settings: Settings, *, code: str, state: str, cookie: str, now: datetime) -> Vouched:
    """Whom Google vouches for: the state is this browser's own, the code is for it. Raises as `leave_for_google`.

    Raises SignInRefused for anything else. Asks the provider, so it holds no connection to the database.
    """
    claims = read_token(cookie, settings, purpose=_STATE, now=now)
    if claims is None or not hmac.compare_digest(str(claims.get("state")).encode(), state.encode("utf-8", "replace")):
        raise SignInRefused(f"this return from Google does not fit to the way out, or came too late. {_AGAIN}")
    nonce, verifier = _derived(settings, state)
    found = vouched_for(_client(settings), code, nonce=nonce, verifier=verifier, now=now)
    email = normal_email(found.email)
    if email is None:
        raise SignInRefused("the e-mail that Google names is none that can be written to.")
    return replace(found, email=email)


def return_from_google(
    conn: psycopg.Connection, vouched: Vouched, settings: Settings, now: datetime
) -> Returned | Ticket:
    """A session of the person whom Google vouches for, or a ticket to register with. Raises Conflict, SignInRefused."""
    user = user_of_google(conn, vouched.subject)
    if user is not None:
        return Returned(session_of(conn, user, settings, now), password_removed=False)
    user = user_of_email(conn, vouched.email)
    if user is None:
        claims = {"sub": vouched.subject, "email": vouched.email, "name": vouched.name}
        ticket, ends = sign(claims, settings, purpose=_TICKET, lasts=LASTS, now=now)
        return Ticket(ticket, ends, vouched)
    _link(conn, user, vouched, now)
    return Returned(session_of(conn, user, settings, now), password_removed=user.password_hash is not None)


def register_by_ticket(
    conn: psycopg.Connection, wanted: Wanted, ticket: str, settings: Settings, now: datetime
) -> SignedIn:
    """Register whom the ticket is of, and sign them in. Raises SignInRefused, FieldsRefused, Conflict."""
    claims = read_token(ticket, settings, purpose=_TICKET, now=now)
    if claims is None:
        raise SignInRefused(f"this ticket is none of ours, or has ended. {_AGAIN}")
    user = register_with_google(conn, replace(wanted, email=claims["email"]), claims["sub"])
    return session_of(conn, user, settings, now, role=wanted.role)


def _link(conn: psycopg.Connection, user: User, vouched: Vouched, now: datetime) -> None:
    """Whoever chose the password never proved that the e-mail is theirs: their sessions end with it."""
    with conn.transaction():
        if not link_google(conn, user.user_id, vouched.subject):
            raise Conflict("another Google account signs this e-mail in. Use that one, or ask the operator.")
        end_sessions_of(conn, user.user_id, now)


def _client(settings: Settings) -> Client:
    if settings.google_client_id is None or settings.google_client_secret is None:
        raise NotFound("Google sign-in is off here. Its operator turns it on: GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET.")
    return Client(
        issuer=settings.google_issuer.rstrip("/"),
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret.get_secret_value(),
        redirect_uri=settings.public_url.rstrip("/") + CALLBACK,
    )


def _derived(settings: Settings, state: str) -> tuple[str, str]:
    """Nonce and PKCE verifier of a state: nobody without our key can tell them, and no cookie carries them."""
    key, given = signing_key(settings, _DERIVED), state.encode("utf-8", "replace")
    nonce, verifier = (hmac.digest(key, what + given, hashlib.sha256) for what in (b"nonce/", b"verifier/"))
    return _text(nonce), _text(verifier)


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
