"""Buyers' subscriptions to campaigns: made, changed, cancelled, by the seller or by the buyer itself."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import psycopg
from psycopg.types.json import Jsonb

from lead_pipeline.contracts.catalogue import SubscriptionSent
from lead_pipeline.domain.geography import normalise_states
from lead_pipeline.domain.schedule import read_schedule, write_schedule
from lead_pipeline.errors import Conflict
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.buyers import find_buyer
from lead_pipeline.store.campaigns import find_campaign
from lead_pipeline.store.market_rows import insert_row, update_row
from lead_pipeline.store.subscriptions import (
    KEY,
    TABLE,
    SubscriptionRow,
    find_subscription,
    next_position,
    subscription_of,
)

_OF_THE_SELLER = ("weight", "target")


def subscribe(conn: psycopg.Connection, caller: Caller, sent: SubscriptionSent) -> SubscriptionRow:
    """A new subscription, last in the campaign's rotation; one that was cancelled begins again, in its old place.

    Raises NotFound for the campaign or the buyer, FieldsRefused, and Conflict where there is one already.
    """
    buyer_id = _buyer(caller, sent.buyer_id)
    campaign = find_campaign(conn, caller.workspace_id, sent.campaign_id, lock="FOR UPDATE OF c")
    buyer = find_buyer(conn, caller.workspace_id, buyer_id)
    given = sent.model_dump(exclude={"version", "campaign_id", "buyer_id"})
    columns = _columns(caller, given, allows_states=campaign.allow_state_selection)
    known = subscription_of(conn, campaign.campaign_id, buyer.buyer_id)
    if known is None:
        place = {
            "workspace_id": caller.workspace_id,
            "campaign_id": campaign.campaign_id,
            "buyer_id": buyer.buyer_id,
            "position": next_position(conn, campaign.campaign_id),
        }
        made = insert_row(conn, TABLE, KEY, {**place, **columns})
        if made is not None:
            return find_subscription(conn, caller.workspace_id, made)
    elif known[1] == "CANCELLED":
        update_row(conn, TABLE, KEY, known[0], columns)
        return find_subscription(conn, caller.workspace_id, known[0])
    raise Conflict(f"{buyer.name} is subscribed to {campaign.slug} already. Change it: PATCH /api/subscriptions/ID.")


def change_subscription(
    conn: psycopg.Connection, caller: Caller, wanted: str, given: Mapping[str, Any], seen: int | None
) -> SubscriptionRow:
    """Change the fields given. Raises NotFound, FieldsRefused; Conflict where it was cancelled or `seen` is no more."""
    found = find_subscription(conn, caller.workspace_id, wanted)
    if found.status == "CANCELLED":
        raise Conflict("it was cancelled. Subscribe again: POST /api/campaigns/subscribe.")
    columns = _columns(caller, given, allows_states=found.allow_state_selection)
    update_row(conn, TABLE, KEY, found.subscription_id, columns, seen=seen)
    return find_subscription(conn, caller.workspace_id, found.subscription_id)


def cancel_subscription(conn: psycopg.Connection, caller: Caller, wanted: str) -> None:
    """Cancel it: it takes no lead any more. Raises NotFound."""
    found = find_subscription(conn, caller.workspace_id, wanted)
    update_row(conn, TABLE, KEY, found.subscription_id, {"status": "CANCELLED"})


def _buyer(caller: Caller, sent: str | None) -> str:
    if caller.buyer_id is not None and sent is None:
        return caller.buyer_id
    faults = Faults()
    if sent is None:
        faults.add("buyerId", "is required: name the buyer that is to be subscribed")
    faults.stop()
    return str(sent)


def _columns(caller: Caller, given: Mapping[str, Any], *, allows_states: bool) -> dict[str, Any]:
    columns, faults = dict(given), Faults()
    if caller.role != "SELLER":
        for name in _OF_THE_SELLER:
            if columns.pop(name, None) is not None:
                faults.add(name, "is the seller's to set: leave it out")
    if "waterfall_priority" in columns:
        columns["waterfall_rank"] = columns.pop("waterfall_priority")
    if "states" in columns:
        columns["states"] = _states(columns["states"], faults, allows_states=allows_states)
    if columns.get("schedule") is not None:
        try:
            columns["schedule"] = Jsonb(write_schedule(read_schedule(columns["schedule"])))
        except ValueError as error:
            faults.add("schedule", str(error))
    faults.stop()
    return columns


def _states(sent: list[str], faults: Faults, *, allows_states: bool) -> list[str]:
    if sent and not allows_states:
        faults.add("states", "cannot be chosen in this campaign: leave them out, or set its allowStateSelection")
        return []
    given = pd.Series(sent, dtype="str")
    codes = normalise_states(given, pd.Series("US", index=given.index, dtype="str"))
    for place in codes.index[codes.isna()]:
        faults.add(f"states.{place}", "is no US state: send its two letters, such as CA, or its name")
    return sorted(set(codes.dropna()))
