"""`outbound.platform_accounts`: where a workspace's leads are uploaded, with sealed credentials. Calls nobody.

Also what accounts told of their daily allowance, and who saw which fields of health data leave.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from lead_pipeline.contracts.platform_accounts import PlatformAccount
from lead_pipeline.domain.provider_limits import Allowance
from lead_pipeline.store.sealed import Seal

_SHOWN = "workspace_id::text, platform, provider, url, options, mapping, version, updated_by, updated_at"


@dataclass(frozen=True)
class ShownAccount:
    """An account as people see it: all but its credentials."""

    workspace_id: str
    platform: str
    provider: str
    url: str
    options: Mapping[str, str]
    mapping: Mapping[str, Any]
    version: int
    updated_by: str
    updated_at: datetime


def save_account(
    conn: psycopg.Connection, seal: Seal, account: PlatformAccount, *, updated_by: str, now: datetime
) -> int:
    """Insert an account, or replace the one at that platform. Returns its version. Checks nothing."""
    row = conn.execute(
        """
        INSERT INTO outbound.platform_accounts AS a (
            workspace_id, platform, provider, url, credentials_sealed, options, mapping, updated_by, updated_at
        ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (workspace_id, platform) DO UPDATE SET
            provider = excluded.provider, url = excluded.url, credentials_sealed = excluded.credentials_sealed,
            options = excluded.options, mapping = excluded.mapping, version = a.version + 1,
            updated_by = excluded.updated_by, updated_at = excluded.updated_at
        RETURNING version
        """,
        [
            account.workspace_id, account.platform, account.provider, account.url,
            seal.seal(json.dumps(dict(account.credentials)).encode()), Jsonb(dict(account.options)),
            Jsonb(dict(account.mapping)), updated_by, now,
        ],
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def account_at(conn: psycopg.Connection, seal: Seal, workspace_id: str, platform: str) -> PlatformAccount | None:
    """A workspace's account with its credentials, None where it has none.

    Raises SettingsError where they are sealed with a key that nobody holds any more.
    """
    row = conn.execute(
        """
        SELECT workspace_id::text, platform, provider, url, credentials_sealed, options, mapping, version
        FROM outbound.platform_accounts WHERE workspace_id = %s AND platform = %s
        """,
        [workspace_id, platform],
    ).fetchone()
    if row is None:
        return None
    workspace, name, provider, url, sealed, options, mapping, version = row
    return PlatformAccount(workspace, name, provider, url, json.loads(seal.open(sealed)), options, mapping, version)


def shown_accounts(
    conn: psycopg.Connection, workspace_id: str | None = None, platform: str | None = None, *, lock: bool = False
) -> list[ShownAccount]:
    """Accounts of a workspace or of all, at one platform or at all. `lock`: nobody else changes them meanwhile."""
    with conn.cursor(row_factory=class_row(ShownAccount)) as cursor:
        return cursor.execute(
            f"""
            SELECT {_SHOWN} FROM outbound.platform_accounts
            WHERE (%(workspace)s::uuid IS NULL OR workspace_id = %(workspace)s::uuid)
                AND (%(platform)s::text IS NULL OR platform = %(platform)s::text)
            ORDER BY workspace_id, platform {"FOR UPDATE" if lock else ""}
            """,  # noqa: S608 - constants
            {"workspace": workspace_id, "platform": platform},
        ).fetchall()


def delete_account(conn: psycopg.Connection, workspace_id: str, platform: str) -> bool:
    """Remove an account with its credentials. Whether there was one."""
    statement = "DELETE FROM outbound.platform_accounts WHERE workspace_id = %s AND platform = %s"
    return conn.execute(statement, [workspace_id, platform]).rowcount > 0


def providers_of(conn: psycopg.Connection, workspace_ids: Sequence[str]) -> dict[tuple[str, str], str]:
    """Workspace and platform to the product that the account there is."""
    rows = conn.execute(
        "SELECT workspace_id::text, platform, provider FROM outbound.platform_accounts "
        "WHERE workspace_id = ANY(%s::uuid[])",
        [list(workspace_ids)],
    )
    return {(workspace_id, platform): provider for workspace_id, platform, provider in rows}


def note_allowance(
    conn: psycopg.Connection, workspace_id: str, platform: str, allowance: Allowance, now: datetime
) -> None:
    """Keep what an account told last of its calls a day."""
    conn.execute(
        """
        INSERT INTO outbound.platform_allowances AS a (workspace_id, platform, used, allowed, noted_at)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (workspace_id, platform) DO UPDATE SET used = excluded.used, allowed = excluded.allowed,
            noted_at = excluded.noted_at
        """,
        [workspace_id, platform, allowance.used, allowance.allowed, now],
    )


def allowance_at(conn: psycopg.Connection, workspace_id: str, platform: str) -> tuple[Allowance, datetime] | None:
    """What an account told last of its calls a day, and when; None where it tells nothing."""
    row = conn.execute(
        "SELECT used, allowed, noted_at FROM outbound.platform_allowances WHERE workspace_id = %s AND platform = %s",
        [workspace_id, platform],
    ).fetchone()
    return None if row is None else (Allowance(row[0], row[1]), row[2])


def log_access(
    conn: psycopg.Connection,
    account: PlatformAccount,
    batch_key: str,
    fields: Mapping[str, Sequence[str]],
    *,
    host: str,
    run_id: str,
    now: datetime,
) -> None:
    """Write down which fields of which leads are about to leave, and where to: lead id to paths of its upload body."""
    conn.execute(
        """
        INSERT INTO outbound.platform_access_log (
            lead_id, workspace_id, platform, batch_key, host, fields, run_id, occurred_at
        )
        SELECT f.lead_id::uuid, %(workspace)s, %(platform)s, %(batch)s, %(host)s,
            ARRAY(SELECT jsonb_array_elements_text(f.paths)), %(run)s, %(now)s
        FROM jsonb_each(%(fields)s) AS f (lead_id, paths)
        """,
        {
            "workspace": account.workspace_id,
            "platform": account.platform,
            "batch": batch_key,
            "host": host,
            "fields": Jsonb({lead: list(paths) for lead, paths in fields.items()}),
            "run": run_id,
            "now": now,
        },
    )
