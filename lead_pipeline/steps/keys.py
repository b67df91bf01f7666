"""API keys: making one, and deciding whether one may do what is asked. A key is shown once, when it is made."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.errors import KeyRefused, NotFound
from lead_pipeline.store.api_keys import ApiKey, find_key, insert_key, keys_like, note_use, revoke
from lead_pipeline.store.connections import connect
from lead_pipeline.store.suppliers import supplier_id
from lead_pipeline.store.workspaces import workspace_id

SCOPES = ("upload", "ingest", "admin")
_RANDOM_BYTES = 32  # 43 characters of base64
_LONGEST = 200
_HOW = "Make one with: lead-pipeline keys create WORKSPACE --scope {scope}"


@dataclass(frozen=True)
class NewKey:
    """The only time that `key` is there to be seen."""

    key: str
    key_id: str


def create_key(
    conn: psycopg.Connection,
    *,
    workspace: str,
    name: str,
    scopes: Sequence[str],
    supplier: str | None,
    now: datetime,
    random: Callable[[int], str] = secrets.token_urlsafe,
) -> NewKey:
    """Make a key for a workspace (slug or id); `ingest` needs one of its suppliers (name or id).

    Raises KeyRefused: no such scope, no supplier; NotFound: workspace, supplier.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise KeyRefused(f"scope {', '.join(unknown) or 'missing'}: give one or more of {', '.join(SCOPES)}.")
    owner = workspace_id(conn, workspace)
    if "ingest" in scopes and supplier is None:
        raise KeyRefused("a key with the scope ingest belongs to a supplier: name it with --supplier.")
    seller = None if supplier is None else supplier_id(conn, owner, supplier)
    key = f"sk_{random(_RANDOM_BYTES)}"
    key_id = insert_key(
        conn, key, name=name, workspace_id=owner, supplier_id=seller, scopes=sorted(set(scopes)), now=now
    )
    return NewKey(key, key_id)


def require_key(url: str, key: str | None, scope: str, *, header: str, now: datetime) -> ApiKey:
    """The key as the store knows it, where it may do `scope`; its use is noted. See `check_key`."""
    refuse_unreadable(key, scope, header=header)
    with connect(url, autocommit=True) as conn:
        return check_key(conn, key, scope, header=header, now=now)


def check_key(conn: psycopg.Connection, key: str | None, scope: str, *, header: str, now: datetime) -> ApiKey:
    """As `require_key`, over a connection that commits by itself.

    Raises KeyRefused: missing, unknown or revoked, which are answered alike (401); known and not allowed (403).
    """
    given = refuse_unreadable(key, scope, header=header)
    found = find_key(conn, given)
    if found is None:
        raise KeyRefused(f"this API key is not known, or was revoked. {_HOW.format(scope=scope)}")
    if scope not in found.scopes:
        has = ", ".join(found.scopes)
        raise KeyRefused(f"this API key has the scope {has}, not {scope}. {_HOW.format(scope=scope)}", is_known=True)
    if scope == "ingest" and not found.supplier_is_active:
        raise KeyRefused(f"supplier {found.supplier!r} is not active. Ask the seller to activate it.", is_known=True)
    note_use(conn, found, now)
    return found


def refuse_unreadable(key: str | None, scope: str, *, header: str) -> str:
    """The key, where there is something to look up. Raises KeyRefused that shows how to send one."""
    if key is None or not key.startswith("sk_") or len(key) > _LONGEST or "\x00" in key:
        raise KeyRefused(f"no API key was sent. Send one in the header `{header}`. {_HOW.format(scope=scope)}")
    return key


def revoke_key(conn: psycopg.Connection, id_or_prefix: str, *, now: datetime) -> ApiKey:
    """Revoke the one key of that id or prefix. Raises NotFound; KeyRefused with the list where several begin so."""
    found = keys_like(conn, id_or_prefix) if id_or_prefix else []
    if not found:
        raise NotFound(f"no key {id_or_prefix!r}. List them with: lead-pipeline keys list")
    if len(found) > 1:
        listed = "; ".join(f"{key.key_id} ({key.prefix}…, {key.name}, {key.workspace})" for key in found[:20])
        raise KeyRefused(f"{len(found)} keys begin with {id_or_prefix!r}: {listed}. Name one by its id.")
    revoke(conn, found[0].key_id, now)
    return found[0]
