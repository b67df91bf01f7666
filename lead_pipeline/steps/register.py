"""Registration: a person, and their part in a workspace of their own or of the seller whose invite code they have.

An e-mail that is known already gets the same answer: its owner joins, by the same password; anybody else changes
nothing, and learns no more than a sign-in tells. See docs/decisions/028.
"""

import secrets
from dataclasses import dataclass
from zoneinfo import available_timezones

import psycopg
import pycountry

from lead_pipeline.domain.invite_codes import new_code, read_code
from lead_pipeline.domain.passwords import is_password, password_fault
from lead_pipeline.domain.slugs import slug_of
from lead_pipeline.errors import Conflict, FieldsRefused
from lead_pipeline.steps.passwords import fresh_hash, normal_email
from lead_pipeline.store.memberships import (
    has_supplier,
    insert_buyer_member,
    insert_seller_member,
    insert_supplier_member,
    workspaces_of,
)
from lead_pipeline.store.sellers import Seller, change_code, insert_seller, seller_of_code
from lead_pipeline.store.users import User, insert_user, lock_user, user_of_email, user_of_google

_TAKEN = {"field": "companyName", "message": "This seller has a supplier of that name. Take another one."}


@dataclass(frozen=True)
class Wanted:
    """What somebody registers with. `company` names the workspace, buyer or supplier; blank: the person's name does."""

    email: str
    name: str
    role: str
    company: str = ""
    invite_code: str = ""
    currency: str = "USD"
    time_zone: str = "UTC"

    @property
    def called(self) -> str:
        return self.company or self.name


def register(conn: psycopg.Connection, wanted: Wanted, password: str) -> None:
    """Register somebody with a password, over a connection that commits by itself. Tells nobody whether it did.

    Raises FieldsRefused that names each field, all of them before the e-mail is looked up.
    """
    email, seller, faults = _checked(conn, wanted)
    fault = password_fault(password)
    if fault is not None:
        faults.append({"field": "password", "message": fault})
    if faults:
        raise FieldsRefused(faults)
    known = user_of_email(conn, email)
    if known is None:
        hashed = fresh_hash(password)
        with conn.transaction():
            user_id = insert_user(conn, email=email, name=wanted.name, password_hash=hashed, google_subject=None)
            if user_id is not None:
                _join(conn, user_id, wanted, email, seller)
                return
        known = user_of_email(conn, email)  # another request was faster
    if known is not None and is_password(password, known.password_hash):
        _join_too(conn, known, wanted, seller)


def register_with_google(conn: psycopg.Connection, wanted: Wanted, subject: str) -> User:
    """Register somebody whom the provider vouches for, the same way. Raises FieldsRefused; Conflict: not theirs."""
    email, seller, faults = _checked(conn, wanted)
    if faults:
        raise FieldsRefused(faults)
    with conn.transaction():
        user_id = insert_user(conn, email=email, name=wanted.name, password_hash=None, google_subject=subject)
        if user_id is not None:
            _join(conn, user_id, wanted, email, seller)
    user = user_of_google(conn, subject)
    if user is None:
        raise Conflict("somebody with this e-mail has registered meanwhile. Sign in with Google again: it links them.")
    if user_id is None:
        _join_too(conn, user, wanted, seller)
    return user


def find_seller(conn: psycopg.Connection, invite_code: str) -> Seller | None:
    """The seller of an invite code as somebody typed it, None where it is nobody's."""
    code = read_code(invite_code)
    return None if code is None else seller_of_code(conn, code)


def rotate_code(conn: psycopg.Connection, workspace_id: str) -> None:
    """Give a seller a fresh invite code, in the caller's transaction; the old one is nobody's from then on."""
    while not change_code(conn, workspace_id, new_code(secrets.choice)):
        continue


def _checked(conn: psycopg.Connection, wanted: Wanted) -> tuple[str, Seller | None, list[dict[str, str]]]:
    """The normal e-mail, the seller of the invite code, and every field at fault."""
    email, faults = normal_email(wanted.email), list[dict[str, str]]()
    if email is None:
        faults.append({"field": "email", "message": "This is no e-mail address."})
    if not wanted.name:
        faults.append({"field": "name", "message": "Say who you are."})
    if wanted.role == "SELLER":
        if not wanted.company:
            faults.append({"field": "companyName", "message": "Name the company that sells."})
        if pycountry.currencies.get(alpha_3=wanted.currency) is None:
            faults.append({"field": "currency", "message": "No currency of ISO 4217, such as USD."})
        if wanted.time_zone not in available_timezones():
            faults.append({"field": "timeZone", "message": "No zone of the IANA database, such as Europe/Rome."})
        return email or "", None, faults
    seller = find_seller(conn, wanted.invite_code)
    if seller is None:
        faults.append({"field": "inviteCode", "message": "No seller has this invite code. Ask yours for its own."})
    elif wanted.role == "SUPPLIER" and has_supplier(conn, seller.workspace_id, wanted.called):
        faults.append(_TAKEN)
    return email or "", seller, faults


def _join(conn: psycopg.Connection, user_id: str, wanted: Wanted, email: str, seller: Seller | None) -> None:
    """The membership, in the caller's transaction."""
    if seller is None:
        workspace_id = insert_seller(
            conn,
            slug=slug_of(wanted.called, otherwise="seller"),
            name=wanted.called,
            currency=wanted.currency,
            time_zone=wanted.time_zone,
            new_code=lambda: new_code(secrets.choice),
        )
        insert_seller_member(conn, user_id, workspace_id)
    elif wanted.role == "BUYER":
        insert_buyer_member(conn, user_id, seller.workspace_id, name=wanted.called, email=email)
    elif not insert_supplier_member(conn, user_id, seller.workspace_id, name=wanted.called):
        raise FieldsRefused([_TAKEN])


def _join_too(conn: psycopg.Connection, user: User, wanted: Wanted, seller: Seller | None) -> None:
    """One more membership of somebody known; none where they have it, so that a request sent twice adds nothing."""
    with conn.transaction():
        lock_user(conn, user.user_id)
        for workspace_id, name in workspaces_of(conn, user.user_id, wanted.role):
            if name == wanted.called if seller is None else workspace_id == seller.workspace_id:
                return
        _join(conn, user.user_id, wanted, user.email, seller)
