"""Suppliers of a seller: made, changed, deleted; their keys given out and ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from lead_pipeline.contracts.catalogue import SupplierSent
from lead_pipeline.errors import Conflict
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.keys import NewKey, create_key
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.categories import known_categories
from lead_pipeline.store.market_rows import insert_row, update_row
from lead_pipeline.store.suppliers import KEY, TABLE, SupplierRow, end_key, end_keys, find_supplier


def create_supplier(conn: psycopg.Connection, caller: Caller, sent: SupplierSent) -> SupplierRow:
    """A new supplier, without a key. Raises FieldsRefused, and Conflict where there is one of that name."""
    columns = _columns(conn, caller, sent.model_dump(exclude={"version"}))
    made = insert_row(conn, TABLE, KEY, {"workspace_id": caller.workspace_id, **columns})
    if made is None:
        raise Conflict(f"there is a supplier {sent.name!r} already. Choose another name.")
    return find_supplier(conn, caller.workspace_id, made)


def change_supplier(
    conn: psycopg.Connection, caller: Caller, wanted: str, given: Mapping[str, Any], seen: int | None
) -> SupplierRow:
    """Change the fields given. Raises NotFound, FieldsRefused; Conflict: a name taken, or `seen` is no more."""
    found = find_supplier(conn, caller.workspace_id, wanted)
    update_row(conn, TABLE, KEY, found.supplier_id, _columns(conn, caller, given), seen=seen)
    return find_supplier(conn, caller.workspace_id, found.supplier_id)


def delete_supplier(conn: psycopg.Connection, caller: Caller, wanted: str, now: datetime) -> None:
    """Delete a supplier and end its keys. The leads that it sent stay. Raises NotFound."""
    found = find_supplier(conn, caller.workspace_id, wanted)
    end_keys(conn, found.supplier_id, now)
    update_row(conn, TABLE, KEY, found.supplier_id, {"is_active": False, "deleted_at": now})


def give_key(conn: psycopg.Connection, caller: Caller, wanted: str, name: str, now: datetime) -> NewKey:
    """A new key of a supplier, shown this once. Raises NotFound."""
    found = find_supplier(conn, caller.workspace_id, wanted)
    return create_key(
        conn, workspace=caller.workspace_id, name=name, scopes=["ingest"], supplier=found.supplier_id, now=now
    )


def take_key(conn: psycopg.Connection, caller: Caller, wanted: str, key_id: str, now: datetime) -> None:
    """End one key of a supplier for ever. Raises NotFound."""
    end_key(conn, find_supplier(conn, caller.workspace_id, wanted).supplier_id, key_id, now)


def _columns(conn: psycopg.Connection, caller: Caller, given: Mapping[str, Any]) -> dict[str, Any]:
    columns = dict(given)
    if "status" in columns:
        columns["is_active"] = columns.pop("status") == "ACTIVE"
    if "permitted_categories" in columns:
        sent, faults = columns["permitted_categories"], Faults()
        known = known_categories(conn, caller.workspace_id, sent)
        for place, one in enumerate(sent):
            if one not in known:
                faults.add(f"permittedCategories.{place}", "is no category: list them with GET /api/categories")
        faults.stop()
        columns["permitted_categories"] = sorted(set(sent))
    return columns
