"""`core.workspaces` and `core.queries`: who owns leads, and what is searched for them every day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from lead_pipeline.errors import NotFound


@dataclass(frozen=True)
class Query:
    """A standing search of a workspace. `filters` as B-03."""

    query_id: str
    workspace_id: str
    name: str
    filters: Mapping[str, Any]


def workspace_id(conn: psycopg.Connection, slug_or_id: str) -> str:
    """The id of a workspace by its slug or id. Raises NotFound that lists the slugs there are."""
    found = find_workspace(conn, slug_or_id)
    if found is None:
        known = [name for (name,) in conn.execute("SELECT slug FROM core.workspaces ORDER BY slug LIMIT 20")]
        there = f"There are: {', '.join(known)}." if known else "There is none yet."
        raise NotFound(f"no workspace {slug_or_id!r}. {there} Add one with: lead-pipeline workspaces add SLUG")
    return found


def find_workspace(conn: psycopg.Connection, slug_or_id: str) -> str | None:
    """The id of a workspace by its slug or id, None where there is none."""
    row = conn.execute(
        "SELECT workspace_id::text FROM core.workspaces WHERE slug = %(given)s OR workspace_id::text = %(given)s",
        {"given": slug_or_id},
    ).fetchone()
    return None if row is None else str(row[0])


def save_workspace(
    conn: psycopg.Connection,
    *,
    slug: str,
    name: str,
    plan: str = "free",
    country: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> str:
    """Insert a workspace or bring it up to date by its slug; settings are merged key by key. Returns its id."""
    row = conn.execute(
        """
        INSERT INTO core.workspaces (slug, name, plan, country, settings) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (slug) DO UPDATE SET name = excluded.name, plan = excluded.plan, country = excluded.country,
            settings = workspaces.settings || excluded.settings
        RETURNING workspace_id::text
        """,
        [slug, name, plan, country, Jsonb(settings or {})],
    ).fetchone()
    assert row is not None
    return str(row[0])


def save_query(conn: psycopg.Connection, workspace: str, name: str, filters: Mapping[str, Any]) -> None:
    """Insert a query or bring its filters up to date by its name."""
    conn.execute(
        """
        INSERT INTO core.queries (workspace_id, name, filters) VALUES (%s, %s, %s)
        ON CONFLICT (workspace_id, name) DO UPDATE SET filters = excluded.filters
        """,
        [workspace, name, Jsonb(filters)],
    )


def active_queries(conn: psycopg.Connection) -> list[Query]:
    """Every active query, in the order they were made."""
    with conn.cursor(row_factory=class_row(Query)) as cursor:
        return cursor.execute(
            """
            SELECT query_id::text, workspace_id::text, name, filters FROM core.queries
            WHERE is_active ORDER BY created_at, query_id
            """
        ).fetchall()


def mark_query_run(conn: psycopg.Connection, query_id: str, now: datetime) -> None:
    """Note the latest run of a query; a clock that jumped back does not take it back."""
    conn.execute("UPDATE core.queries SET last_run_at = greatest(last_run_at, %s) WHERE query_id = %s", [now, query_id])


def platform_settings(conn: psycopg.Connection) -> list[tuple[str, str, dict[str, Any]]]:
    """Id, slug and settings' `platforms` of workspaces that still keep platforms' keys in plain, as they once did."""
    return conn.execute(
        "SELECT workspace_id::text, slug, settings -> 'platforms' FROM core.workspaces "
        "WHERE jsonb_typeof(settings -> 'platforms') = 'object' ORDER BY slug"
    ).fetchall()


def drop_platform_setting(conn: psycopg.Connection, workspace: str, platform: str) -> None:
    """Remove one platform's key from a workspace's settings, and what holds them once it is empty."""
    conn.execute(
        """
        UPDATE core.workspaces SET settings = CASE
            WHEN (settings -> 'platforms') - %(platform)s::text = '{}' THEN settings - 'platforms'
            ELSE settings #- ARRAY['platforms', %(platform)s::text]
        END
        WHERE workspace_id = %(workspace)s
        """,
        {"workspace": workspace, "platform": platform},
    )


def workspace_list(conn: psycopg.Connection) -> list[tuple[str, str, str, str | None, str]]:
    """Slug, name, plan, country and id of every workspace, by slug."""
    return conn.execute(
        "SELECT slug, name, plan, country, workspace_id::text FROM core.workspaces ORDER BY slug"
    ).fetchall()
