"""Buyers of a seller: made, changed, deleted. Their money is `move_money`'s."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from lead_pipeline.contracts.catalogue import BuyerSent
from lead_pipeline.domain.email import ask_library
from lead_pipeline.errors import Conflict
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.buyers import KEY, TABLE, BuyerRow, find_buyer
from lead_pipeline.store.market_rows import insert_row, update_row
from lead_pipeline.store.subscriptions import cancel_subscriptions

_LIMITS = (("weekly_limit", "weeklyLimit"), ("monthly_limit", "monthlyLimit"))


def create_buyer(conn: psycopg.Connection, caller: Caller, sent: BuyerSent) -> BuyerRow:
    """A new buyer with an empty wallet. Raises FieldsRefused."""
    columns = _columns(caller, sent.model_dump(exclude={"version"}))
    made = insert_row(conn, TABLE, KEY, {"workspace_id": caller.workspace_id, **columns})
    if made is None:
        raise Conflict("another buyer was made at the same moment. Send it again.")
    return find_buyer(conn, caller.workspace_id, made)


def change_buyer(
    conn: psycopg.Connection, caller: Caller, wanted: str, given: Mapping[str, Any], seen: int | None
) -> BuyerRow:
    """Change the fields given. Raises NotFound, FieldsRefused, and Conflict where the version `seen` is no more."""
    found = find_buyer(conn, caller.workspace_id, wanted)
    update_row(conn, TABLE, KEY, found.buyer_id, _columns(caller, given), seen=seen)
    return find_buyer(conn, caller.workspace_id, found.buyer_id)


def delete_buyer(conn: psycopg.Connection, caller: Caller, wanted: str, now: datetime) -> None:
    """Delete a buyer and cancel what it subscribed to. Its wallet and its leads stay. Raises NotFound."""
    found = find_buyer(conn, caller.workspace_id, wanted)
    update_row(conn, TABLE, KEY, found.buyer_id, {"deleted_at": now})
    cancel_subscriptions(conn, found.buyer_id)


def _columns(caller: Caller, given: Mapping[str, Any]) -> dict[str, Any]:
    columns, faults = dict(given), Faults()
    for name, field in _LIMITS:
        if name in columns:
            columns[f"{name}_minor"] = faults.amount(field, columns.pop(name), caller.currency)
    if columns.get("email") is not None:
        columns["email"], error = ask_library(columns["email"])
        if error is not None:
            faults.add("email", f"is no e-mail address: {error}")
    faults.stop()
    return columns
