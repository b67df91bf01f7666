"""A row under a slug of its own, made of its name: also while another request takes the same one."""

from collections.abc import Mapping
from typing import Any

import psycopg

from lead_pipeline.domain.slugs import free_slug, slug_of
from lead_pipeline.store.market_rows import insert_row, taken_slugs


def insert_named(conn: psycopg.Connection, table: str, key: str, columns: Mapping[str, Any], *, otherwise: str) -> str:
    """Insert a row of `workspace_id`, `name` and more under the first free slug of its name. Returns its key.

    `otherwise` is the slug of a name without a letter of ASCII.
    """
    wanted = slug_of(columns["name"], otherwise=otherwise)
    taken = taken_slugs(conn, table, columns["workspace_id"], wanted)
    while True:
        slug = free_slug(wanted, taken)
        made = insert_row(conn, table, key, {**columns, "slug": slug})
        if made is not None:
            return made
        taken.add(slug)
