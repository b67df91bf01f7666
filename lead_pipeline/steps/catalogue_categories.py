"""Categories of a seller: made, changed, deleted. As whom, the connection says."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from lead_pipeline.contracts.catalogue import CategorySent
from lead_pipeline.domain.category_fields import read_fields
from lead_pipeline.domain.slugs import is_slug
from lead_pipeline.errors import Conflict
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.free_slugs import insert_named
from lead_pipeline.store.categories import KEY, TABLE, Category, find_category, live_campaigns
from lead_pipeline.store.market_rows import insert_row, update_row


def create_category(conn: psycopg.Connection, workspace_id: str, sent: CategorySent) -> Category:
    """A new category. Raises FieldsRefused; Conflict where the slug that was sent is taken."""
    columns = {"workspace_id": workspace_id, **_columns(sent.model_dump(exclude={"version"}))}
    if "slug" in columns:
        made = insert_row(conn, TABLE, KEY, columns)
        if made is None:
            raise Conflict(f"there is a category {columns['slug']!r} already. Choose another slug, or send none.")
    else:
        made = insert_named(conn, TABLE, KEY, columns, otherwise="category")
    return find_category(conn, workspace_id, made)


def change_category(
    conn: psycopg.Connection, workspace_id: str, wanted: str, given: Mapping[str, Any], seen: int | None
) -> Category:
    """Change the fields given. Leads that came before keep to the fields of their day.

    Raises NotFound, FieldsRefused; Conflict for a slug that is taken, or a version `seen` that is no more.
    """
    found = find_category(conn, workspace_id, wanted, lock="FOR UPDATE")
    update_row(conn, TABLE, KEY, found.category_id, _columns(given), seen=seen)
    return find_category(conn, workspace_id, found.category_id)


def delete_category(conn: psycopg.Connection, workspace_id: str, wanted: str, now: datetime) -> None:
    """Delete a category that no campaign is of. Raises NotFound, and Conflict that names the campaigns."""
    found = find_category(conn, workspace_id, wanted, lock="FOR UPDATE")
    campaigns = live_campaigns(conn, found.category_id)
    if campaigns:
        raise Conflict(f"campaigns are of it: {', '.join(campaigns)}. Delete these first, or change their category.")
    update_row(conn, TABLE, KEY, found.category_id, {"deleted_at": now})


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    columns = {name: value for name, value in given.items() if name != "slug" or value is not None}
    if "slug" in columns and not is_slug(columns["slug"]):
        faults = Faults()
        faults.add("slug", "is no slug: send words of a-z and 0-9 joined by hyphens, and no id")
        faults.stop()
    if "fields" in columns:
        columns["fields"] = Jsonb([field.document() for field in read_fields(columns["fields"])])
    return columns
