"""Platform keys that stand in workspaces' settings in plain, taken into sealed accounts and removed there.

Idempotent. What cannot be an account as it is, stays and is named, without its values.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from lead_pipeline.contracts.catalogue import read_sent
from lead_pipeline.contracts.platform_accounts import AccountSent
from lead_pipeline.errors import FieldsRefused
from lead_pipeline.steps.save_platform_account import put_account
from lead_pipeline.store.platform_accounts import shown_accounts
from lead_pipeline.store.sealed import Seal
from lead_pipeline.store.workspaces import drop_platform_setting, platform_settings

_ADOPTED = "adopted from settings"


@dataclass(frozen=True)
class Adopted:
    """One platform of one workspace's settings. `fault`: why it was left there, None where it is an account now."""

    workspace: str
    platform: str
    fault: str | None


def adopt_platform_settings(conn: psycopg.Connection, seal: Seal, now: datetime) -> list[Adopted]:
    """Take over what can be; an account that is there already wins. Each in a transaction of its own."""
    done: list[Adopted] = []
    for workspace_id, slug, platforms in platform_settings(conn):
        for platform, plain in platforms.items():
            with conn.transaction():
                fault = None
                if not shown_accounts(conn, workspace_id, platform):
                    try:
                        sent = _sent(plain)
                        put_account(conn, seal, workspace_id, platform, sent, updated_by=_ADOPTED, now=now)
                    except FieldsRefused as refused:
                        fault = str(refused)
                if fault is None:
                    drop_platform_setting(conn, workspace_id, platform)
            done.append(Adopted(slug, platform, fault))
    return done


def _sent(plain: object) -> AccountSent:
    """What was kept as an account. Raises FieldsRefused, without its values."""
    named: Mapping[str, Any] = plain if isinstance(plain, Mapping) else {}
    url, key = named.get("url"), named.get("api_key")
    body = {"provider": "http", "url": url, "credentials": {"api_key": key}}
    return read_sent(AccountSent, json.dumps(body).encode())
