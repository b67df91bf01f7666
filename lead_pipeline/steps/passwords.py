"""A person's password at the door: hashed with fresh salt, compared with what is kept, brought up to date."""

import os

import psycopg

from lead_pipeline.domain.email import ask_library
from lead_pipeline.domain.passwords import SALT_BYTES, hash_password, is_outdated, is_password
from lead_pipeline.store.users import User, keep_password, user_of_email


def fresh_hash(password: str) -> str:
    """The hash that is kept of a new password."""
    return hash_password(password, os.urandom(SALT_BYTES))


def known_person(conn: psycopg.Connection, email: str, password: str) -> User | None:
    """The person whose e-mail and password these are; as long a time whether the e-mail is known or not."""
    normal = normal_email(email)
    user = None if normal is None else user_of_email(conn, normal)
    kept = None if user is None else user.password_hash
    if not is_password(password, kept) or user is None or kept is None:
        return None
    if is_outdated(kept):
        keep_password(conn, user, fresh_hash(password))
    return user


def normal_email(email: str) -> str | None:
    """The normal form that people are known by, in small letters; None of what is no address."""
    found, _ = ask_library(email)
    return None if found is None else found.lower()
