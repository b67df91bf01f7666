"""Campaigns of a seller: made, changed, deleted. Subscriptions are `catalogue_subscriptions`'."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from lead_pipeline.contracts.catalogue import CampaignSent
from lead_pipeline.domain.candidates import Logic
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.free_slugs import insert_named
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.campaigns import KEY, TABLE, CampaignRow, find_campaign
from lead_pipeline.store.categories import find_category
from lead_pipeline.store.market_rows import update_row


def create_campaign(conn: psycopg.Connection, caller: Caller, sent: CampaignSent) -> CampaignRow:
    """A new campaign, its slug made of its name. Raises FieldsRefused, and NotFound for the category."""
    columns = _columns(conn, caller, sent.model_dump(exclude={"version"}), None)
    made = insert_named(conn, TABLE, KEY, {"workspace_id": caller.workspace_id, **columns}, otherwise="campaign")
    return find_campaign(conn, caller.workspace_id, made)


def change_campaign(
    conn: psycopg.Connection, caller: Caller, wanted: str, given: Mapping[str, Any], seen: int | None
) -> CampaignRow:
    """Change the fields given; from its commit on leads are decided by them. The slug stays.

    Raises NotFound, FieldsRefused, and Conflict where the version `seen` is no more.
    """
    found = find_campaign(conn, caller.workspace_id, wanted, lock="FOR UPDATE OF c")
    update_row(conn, TABLE, KEY, found.campaign_id, _columns(conn, caller, given, found), seen=seen)
    return find_campaign(conn, caller.workspace_id, found.campaign_id)


def delete_campaign(conn: psycopg.Connection, caller: Caller, wanted: str, now: datetime) -> None:
    """Delete a campaign: it takes no lead any more. What it sold stays sold. Raises NotFound."""
    found = find_campaign(conn, caller.workspace_id, wanted, lock="FOR UPDATE OF c")
    update_row(conn, TABLE, KEY, found.campaign_id, {"deleted_at": now})


def _columns(
    conn: psycopg.Connection, caller: Caller, given: Mapping[str, Any], before: CampaignRow | None
) -> dict[str, Any]:
    columns, faults = dict(given), Faults()
    if "price_per_lead" in columns:
        price = columns.pop("price_per_lead")
        columns["price_minor"] = faults.amount("pricePerLead", price, caller.currency, least=1)
    logic = columns.get("distribution_logic", before and before.distribution_logic)
    seed = columns.get("seed", before and before.seed)
    if seed is not None and logic != Logic.WEIGHTED_ROUND_ROBIN:
        faults.add("seed", f"is for {Logic.WEIGHTED_ROUND_ROBIN} only: send null with any other distributionLogic")
    faults.stop()
    if "category_id" in columns:
        category = find_category(conn, caller.workspace_id, columns["category_id"], lock="FOR SHARE")
        columns["category_id"] = category.category_id
    return columns
