"""`core.users`: people, by e-mail or by the provider's name for them. Compares no password."""

from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class User:
    """A person. `password_hash` is Argon2's notation; None where only Google signs them in."""

    user_id: str
    email: str
    name: str
    password_hash: str | None
    google_subject: str | None


_SELECT = "SELECT user_id::text, email, name, password_hash, google_subject FROM core.users"


def user_of_email(conn: psycopg.Connection, email: str) -> User | None:
    """The person with that e-mail, in its normal form and small letters."""
    with conn.cursor(row_factory=class_row(User)) as cursor:
        return cursor.execute(f"{_SELECT} WHERE email = %s", [email]).fetchone()


def user_of_google(conn: psycopg.Connection, subject: str) -> User | None:
    """The person whom the provider calls so."""
    with conn.cursor(row_factory=class_row(User)) as cursor:
        return cursor.execute(f"{_SELECT} WHERE google_subject = %s", [subject]).fetchone()


def insert_user(
    conn: psycopg.Connection, *, email: str, name: str, password_hash: str | None, google_subject: str | None
) -> str | None:
    """A new person's id; None, and nothing written, where the e-mail or the provider's name is somebody's already."""
    row = conn.execute(
        """
        INSERT INTO core.users (email, name, password_hash, google_subject) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING user_id::text
        """,
        [email, name, password_hash, google_subject],
    ).fetchone()
    return None if row is None else str(row[0])


def keep_password(conn: psycopg.Connection, user: User, password_hash: str) -> None:
    """The same password with today's parameters, unless the person has another one by now."""
    conn.execute(
        "UPDATE core.users SET password_hash = %s WHERE user_id = %s AND password_hash = %s",
        [password_hash, user.user_id, user.password_hash],
    )


def link_google(conn: psycopg.Connection, user_id: str, subject: str) -> bool:
    """Let the provider sign a person in, and nobody else: the password goes. False where another one does already."""
    done = conn.execute(
        """
        UPDATE core.users SET google_subject = %(subject)s, password_hash = NULL
        WHERE user_id = %(user)s AND google_subject IS NULL
        """,
        {"user": user_id, "subject": subject},
    )
    return done.rowcount == 1


def lock_user(conn: psycopg.Connection, user_id: str) -> None:
    """Make others who change this person's part wait until the caller's transaction ends."""
    conn.execute("SELECT 1 FROM core.users WHERE user_id = %s FOR UPDATE", [user_id])
