"""`market.categories`: kinds of lead that a seller trades, with their fields. What a field may say is the domain's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_slug, as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page

TABLE, KEY = "market.categories", "category_id"


@dataclass(frozen=True)
class Category:
    """A category. `fields` as `domain.category_fields.read_fields` reads them."""

    category_id: str
    slug: str
    name: str
    fields: list[dict[str, Any]]
    version: int
    created_at: datetime


_SELECT = """
    SELECT category_id::text, slug, name, fields, version, created_at FROM market.categories WHERE deleted_at IS NULL
"""


def find_category(
    conn: psycopg.Connection, workspace_id: str, id_or_slug: str, *, lock: Literal["", "FOR SHARE", "FOR UPDATE"] = ""
) -> Category:
    """The category of that id, else of that slug, held until the transaction ends where asked. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Category)) as cursor:
        found = cursor.execute(
            f"{_SELECT} AND workspace_id = %(workspace)s AND (category_id = %(id)s OR slug = %(slug)s) "
            f"ORDER BY category_id = %(id)s DESC LIMIT 1 {lock}",
            {"workspace": workspace_id, "id": as_uuid(id_or_slug), "slug": as_slug(id_or_slug)},
        ).fetchone()
    if found is None:
        raise NotFound(f"no category {id_or_slug!r}. List them with GET /api/categories.")
    return found


def list_categories(conn: psycopg.Connection, workspace_id: str, asked: Asked) -> Page[Category]:
    """The categories that there are, oldest first."""
    return fetch_page(
        conn, Category, _SELECT, {"workspace_id = %s": workspace_id}, asked,
        order=("created_at", KEY), place=lambda one: Place(one.created_at, one.category_id),
    )  # fmt: skip


def known_categories(conn: psycopg.Connection, workspace_id: str, ids_or_slugs: Sequence[str]) -> set[str]:
    """Those of the ids and slugs that are a category's."""
    rows = conn.execute(
        "SELECT category_id::text, slug FROM market.categories WHERE workspace_id = %s AND deleted_at IS NULL "
        "AND (category_id = ANY(%s::uuid[]) OR slug = ANY(%s::text[]))",
        [workspace_id, *([one for given in ids_or_slugs if (one := read(given))] for read in (as_uuid, as_slug))],
    ).fetchall()
    known = {text for row in rows for text in row}
    return {given for given in ids_or_slugs if (as_uuid(given) or given) in known}


def live_campaigns(conn: psycopg.Connection, category_id: str) -> list[str]:
    """Slugs of a category's campaigns, the first twenty."""
    rows = conn.execute(
        "SELECT slug FROM market.campaigns WHERE category_id = %s AND deleted_at IS NULL ORDER BY created_at LIMIT 20",
        [category_id],
    )
    return [slug for (slug,) in rows]
