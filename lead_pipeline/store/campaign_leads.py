"""`market.campaign_leads`: the leads that are offered to campaigns, with their scores. Decides nothing."""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
import psycopg

from lead_pipeline.domain.field_spec import FieldSpec
from lead_pipeline.store.bulk import copy_frame
from lead_pipeline.store.offers import fields_of

OFFERED_COLUMNS = (
    "lead_id", "workspace_id", "campaign_id", "category_id", "supplier_id", "state", "supplier_quality", "lead_score",
    "score_parts", "received_at", "day",
)  # fmt: skip


def insert_campaign_leads(conn: psycopg.Connection, offered: pd.DataFrame) -> None:
    """Offer leads that were inserted in this very transaction; columns OFFERED_COLUMNS, `score_parts` JSON text."""
    copy_frame(conn, "market.campaign_leads", offered)


def fields_by_category(conn: psycopg.Connection, category_ids: Collection[str]) -> dict[str, tuple[FieldSpec, ...]]:
    """Category id to its fields as they are now, of a category that was deleted too."""
    found = conn.execute(
        "SELECT category_id::text, fields::text FROM market.categories WHERE category_id = ANY(%s::uuid[])",
        [sorted(set(category_ids))],
    )
    return {category_id: fields_of(fields) for category_id, fields in found}


def bodies_of_supplier_drops(
    conn: psycopg.Connection, drop_ids: Collection[int]
) -> dict[int, tuple[Mapping[str, Any], bytes]]:
    """Headers and body of those of these drops that suppliers sent, by id."""
    found = conn.execute(
        "SELECT drop_id, headers, coalesce(body, '') FROM raw.drops WHERE drop_id = ANY(%s) AND kind = 'supplier_lead'",
        [sorted(set(drop_ids))],
    )
    return {drop_id: (headers, body) for drop_id, headers, body in found}
