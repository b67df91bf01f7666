"""What a supplier's lead is offered to: the campaign and the category that it names, as their seller has them now.

Reads only. A workspace that is no seller has neither: its leads are routed by rules alone.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

import psycopg

from lead_pipeline.domain.category_fields import read_fields
from lead_pipeline.domain.field_spec import FieldSpec
from lead_pipeline.domain.slugs import as_uuid

Named = tuple[str, str, str]
"""Workspace id; campaign and category as the supplier wrote them, each an id or a slug."""


@dataclass(frozen=True)
class Offer:
    """What the two names stand for, None where they stand for nothing; `campaign_category` is the campaign's own."""

    campaign_id: str | None
    campaign_category: str | None
    category_id: str | None
    category: str | None
    fields: tuple[FieldSpec, ...]


def find_offers(conn: psycopg.Connection, named: Collection[Named]) -> dict[Named, Offer]:
    """The offers of those names whose workspace is a seller. What was deleted is not there."""
    distinct = sorted(set(named))
    if not distinct:
        return {}
    workspaces, campaigns, categories = (list(column) for column in zip(*distinct, strict=True))
    ids = [[as_uuid(name) for name in names] for names in (campaigns, categories)]
    found = conn.execute(_FIND, [workspaces, campaigns, ids[0], categories, ids[1]])
    return {
        distinct[place - 1]: Offer(campaign, its_category, category, slug, fields_of(fields or "[]"))
        for place, campaign, its_category, category, slug, fields in found.fetchall()
    }


@lru_cache(maxsize=1024)
def fields_of(text: str) -> tuple[FieldSpec, ...]:
    """A category's fields by their JSON text: each lead of it asks for the same."""
    return read_fields(json.loads(text))


# An id comes before a slug, should some slug read like one.
_FIND = """
SELECT n.place, c.campaign_id::text, c.category_id::text, g.category_id::text, g.slug, g.fields::text
FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::uuid[]) WITH ORDINALITY
    AS n (workspace_id, campaign, campaign_id, category, category_id, place)
JOIN market.sellers s USING (workspace_id)
LEFT JOIN LATERAL (
    SELECT * FROM market.campaigns o
    WHERE o.workspace_id = n.workspace_id AND o.deleted_at IS NULL
        AND (o.campaign_id = n.campaign_id OR o.slug = n.campaign)
    ORDER BY o.campaign_id = n.campaign_id DESC NULLS LAST LIMIT 1
) c ON true
LEFT JOIN LATERAL (
    SELECT * FROM market.categories o
    WHERE o.workspace_id = n.workspace_id AND o.deleted_at IS NULL
        AND (o.category_id = n.category_id OR o.slug = n.category)
    ORDER BY o.category_id = n.category_id DESC NULLS LAST LIMIT 1
) g ON true
ORDER BY n.place
"""
