"""`core.api_keys`: making, finding, listing and revoking keys. Holds no key: only its SHA-256 and its first characters.

Whether a key may do something is decided in `steps.keys`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import class_row

PREFIX_LENGTH = 10
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class ApiKey:
    """A key as the store knows it, with its workspace's plan and what its supplier may send."""

    key_id: str
    prefix: str
    name: str
    workspace_id: str
    workspace: str
    plan: str
    country: str | None
    supplier_id: str | None
    supplier: str | None
    supplier_is_active: bool
    permitted_categories: Sequence[str]
    scopes: Sequence[str]
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


_SELECT = """
    SELECT k.key_id::text, k.prefix, k.name, k.workspace_id::text, w.slug AS workspace, w.plan, w.country,
        k.supplier_id::text, s.name AS supplier, coalesce(s.is_active, false) AS supplier_is_active,
        coalesce(s.permitted_categories, '{}') AS permitted_categories, k.scopes, k.created_at, k.revoked_at,
        k.last_used_at
    FROM core.api_keys k JOIN core.workspaces w ON w.workspace_id = k.workspace_id
    LEFT JOIN market.suppliers s ON s.supplier_id = k.supplier_id
"""


def insert_key(
    conn: psycopg.Connection,
    key: str,
    *,
    name: str,
    workspace_id: str,
    supplier_id: str | None,
    scopes: Sequence[str],
    now: datetime,
) -> str:
    """Keep a new key's hash. Returns its id; the key itself is nowhere but in the caller's hands."""
    row = conn.execute(
        """
        INSERT INTO core.api_keys (key_hash, prefix, name, workspace_id, supplier_id, scopes, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING key_id::text
        """,
        [_hash(key), key[:PREFIX_LENGTH], name, workspace_id, supplier_id, list(scopes), now],
    ).fetchone()
    assert row is not None
    return str(row[0])


def find_key(conn: psycopg.Connection, key: str) -> ApiKey | None:
    """The key, None where it is unknown or revoked. Looked up by its hash, so that no time tells how much matched."""
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(
            f"{_SELECT} WHERE k.key_hash = %s AND k.revoked_at IS NULL",
            [_hash(key)],
        ).fetchone()


def note_use(conn: psycopg.Connection, key: ApiKey, now: datetime) -> None:
    """Note that a key was used, at most once a minute: a busy key is no hot row."""
    if key.last_used_at is not None and now - key.last_used_at < _NOTED_EVERY:
        return
    conn.execute(
        "UPDATE core.api_keys SET last_used_at = %s WHERE key_id = %s AND (last_used_at IS NULL OR last_used_at <= %s)",
        [now, key.key_id, now - _NOTED_EVERY],
    )


def list_keys(conn: psycopg.Connection, workspace_id: str | None = None) -> list[ApiKey]:
    """Every key of a workspace or of all, revoked ones too, oldest first."""
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(
            f"{_SELECT} WHERE %s::uuid IS NULL OR k.workspace_id = %s::uuid ORDER BY k.created_at, k.key_id",
            [workspace_id, workspace_id],
        ).fetchall()


def keys_like(conn: psycopg.Connection, id_or_prefix: str) -> list[ApiKey]:
    """The keys of that id, or whose first characters are these."""
    with conn.cursor(row_factory=class_row(ApiKey)) as cursor:
        return cursor.execute(
            f"{_SELECT} WHERE k.key_id::text = %(given)s OR starts_with(k.prefix, %(given)s) ORDER BY k.created_at",
            {"given": id_or_prefix},
        ).fetchall()


def revoke(conn: psycopg.Connection, key_id: str, now: datetime) -> None:
    """End a key for ever; one that has ended keeps its time."""
    conn.execute("UPDATE core.api_keys SET revoked_at = coalesce(revoked_at, %s) WHERE key_id = %s", [now, key_id])


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
