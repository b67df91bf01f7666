"""`market.campaigns`: what a seller offers. Reads only; as a decision sees them they are `campaigns_state`'s."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_slug, as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page

TABLE, KEY = "market.campaigns", "campaign_id"


@dataclass(frozen=True)
class CampaignRow:
    """A campaign and its category's slug. The price is in minor units of the seller's currency."""

    campaign_id: str
    slug: str
    name: str
    description: str
    category_id: str
    category: str
    price_minor: int
    distribution_logic: str
    allow_state_selection: bool
    seed: int | None
    status: str
    version: int
    created_at: datetime


_SELECT = """
    SELECT c.campaign_id::text, c.slug, c.name, c.description, c.category_id::text, k.slug AS category, c.price_minor,
        c.distribution_logic, c.allow_state_selection, c.seed, c.status, c.version, c.created_at
    FROM market.campaigns c JOIN market.categories k USING (category_id)
    WHERE c.deleted_at IS NULL
"""


def find_campaign(
    conn: psycopg.Connection, workspace_id: str, id_or_slug: str, *, lock: Literal["", "FOR UPDATE OF c"] = ""
) -> CampaignRow:
    """The campaign of that id, else of that slug, held until the transaction ends where asked. Raises NotFound."""
    with conn.cursor(row_factory=class_row(CampaignRow)) as cursor:
        found = cursor.execute(
            f"{_SELECT} AND c.workspace_id = %(workspace)s AND (c.campaign_id = %(id)s OR c.slug = %(slug)s) "
            f"ORDER BY c.campaign_id = %(id)s DESC LIMIT 1 {lock}",
            {"workspace": workspace_id, "id": as_uuid(id_or_slug), "slug": as_slug(id_or_slug)},
        ).fetchone()
    if found is None:
        raise NotFound(f"no campaign {id_or_slug!r}. List them with GET /api/campaigns.")
    return found


def list_campaigns(
    conn: psycopg.Connection, workspace_id: str, asked: Asked, *, status: str | None = None, category: str | None = None
) -> Page[CampaignRow]:
    """The campaigns that there are, oldest first; of one status, or of one category (its id)."""
    wanted = {"c.workspace_id = %s": workspace_id, "c.status = %s": status, "c.category_id = %s": category}
    return fetch_page(
        conn, CampaignRow, _SELECT, wanted, asked,
        order=("c.created_at", "c.campaign_id"), place=lambda one: Place(one.created_at, one.campaign_id),
    )  # fmt: skip
