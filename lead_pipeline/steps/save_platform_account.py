"""A workspace's accounts at sales platforms: checked, sealed and kept; changed, removed, and taken over from before.

As whom: the caller has checked that; the connection is the owner's. Credentials go in, and never come out.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg

from lead_pipeline.contracts.platform_accounts import AccountSent, PlatformAccount, check_account, complete_options
from lead_pipeline.errors import Conflict, FieldsRefused, NotFound
from lead_pipeline.store.platform_accounts import (
    ShownAccount,
    account_at,
    delete_account,
    save_account,
    shown_accounts,
)
from lead_pipeline.store.sealed import Seal

_SEND_THEM = [{"field": "credentials", "message": "is missing: provider or host are other ones now, so send it too"}]


def create_account(
    conn: psycopg.Connection, seal: Seal, workspace_id: str, platform: str, sent: AccountSent, *, by: str, now: datetime
) -> ShownAccount:
    """A first account at a platform. Raises FieldsRefused, and Conflict where there is one."""
    check_account(platform, sent)
    if shown_accounts(conn, workspace_id, platform):
        raise Conflict(f"there is an account at {platform} already. Change it with PUT /api/platforms/{platform}.")
    return put_account(conn, seal, workspace_id, platform, sent, updated_by=by, now=now)


def change_account(
    conn: psycopg.Connection, seal: Seal, workspace_id: str, platform: str, sent: AccountSent, *, by: str, now: datetime
) -> ShownAccount:
    """Replace an account, in the caller's transaction. Raises NotFound, FieldsRefused, and Conflict for a version."""
    found = shown_account(conn, workspace_id, platform, lock=True)
    if sent.version is not None and sent.version != found.version:
        raise Conflict(f"version {sent.version} was changed, and it is at {found.version} by now. Get it again.")
    return put_account(conn, seal, workspace_id, platform, sent, updated_by=by, now=now)


def put_account(
    conn: psycopg.Connection,
    seal: Seal,
    workspace_id: str,
    platform: str,
    sent: AccountSent,
    *,
    updated_by: str,
    now: datetime,
) -> ShownAccount:
    """Save an account, whether there is one or not. One that says nothing new stays as it is, its version too.

    Without credentials the kept ones stay, but never move to another provider or host. Raises FieldsRefused.
    """
    check_account(platform, sent)
    kept = account_at(conn, seal, workspace_id, platform)
    credentials: Mapping[str, str] | None = sent.credentials
    if credentials is None:
        if kept is None or _whom(kept.provider, kept.url) != _whom(sent.provider, sent.url):
            raise FieldsRefused(_SEND_THEM)
        credentials = kept.credentials
    account = PlatformAccount(
        workspace_id, platform, sent.provider, sent.url.rstrip("/"), credentials,
        complete_options(sent.provider, sent.options), sent.mapping, kept.version if kept is not None else 1,
    )  # fmt: skip
    if account != kept:
        save_account(conn, seal, account, updated_by=updated_by, now=now)
    return shown_account(conn, workspace_id, platform)


def remove_account(conn: psycopg.Connection, workspace_id: str, platform: str) -> None:
    """Remove an account with its credentials; its leads wait from now on. Raises NotFound."""
    if not delete_account(conn, workspace_id, platform):
        raise _no_account(platform)


def shown_account(conn: psycopg.Connection, workspace_id: str, platform: str, *, lock: bool = False) -> ShownAccount:
    """An account without its credentials. Raises NotFound."""
    found = shown_accounts(conn, workspace_id, platform, lock=lock)
    if not found:
        raise _no_account(platform)
    return found[0]


def _no_account(platform: str) -> NotFound:
    return NotFound(f"there is no account at {platform[:100]!r}. List what there is, or make one.")


def _whom(provider: str, url: str) -> tuple[Any, ...]:
    parts = urlsplit(url)
    return provider, parts.scheme, parts.hostname, parts.port
