"""Suppliers' leads, decided in the request: may it be sent, what is it known by, and what became of it.

The decision itself is `decide_events`', the same for a lead in a request and for hundreds that waited.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import psycopg

from lead_pipeline.contracts.supplier_leads import SupplierLead
from lead_pipeline.errors import KeyRefused, PermanentError
from lead_pipeline.steps.decide_events import decide_drops
from lead_pipeline.steps.keys import check_key
from lead_pipeline.steps.run import Run
from lead_pipeline.store.api_keys import ApiKey
from lead_pipeline.store.drops import lock_drops
from lead_pipeline.store.rate_limits import take
from lead_pipeline.store.supplier_drops import SupplierDrop, supplier_drops


def admit(conn: psycopg.Connection, key: str | None, *, header: str, per_minute: int, now: datetime) -> ApiKey:
    """The supplier's key, with one request taken from its allowance; a sixth of a minute's may come at once.

    Raises KeyRefused and LimitReached.
    """
    found = check_key(conn, key, "ingest", header=header, now=now)
    take(conn, f"ingest/{found.key_id}", per_minute=per_minute, burst=max(1, per_minute // 6), now=now)
    return found


def check_category(lead: SupplierLead, key: ApiKey) -> None:
    """Raises KeyRefused where the supplier may not send to the lead's category."""
    if lead.category_id not in key.permitted_categories:
        allowed = ", ".join(key.permitted_categories) or "none yet"
        raise KeyRefused(
            f"{key.supplier} may not send to category {lead.category_id!r}; it may send to: {allowed}. "
            "Ask the seller: lead-pipeline suppliers add WORKSPACE NAME --category ID",
            is_known=True,
        )


def external_id(key: ApiKey, body: bytes, event: str | None) -> str:
    """What a supplier's lead is known by: its own name for the event, else the bytes themselves."""
    if event is not None:
        return f"event/{key.supplier_id}/{event}"
    return f"sha256/{hashlib.sha256(b'%b %b' % (str(key.supplier_id).encode(), body)).hexdigest()}"


def decide_leads(conn: psycopg.Connection, drop_ids: Sequence[int], run: Run) -> dict[int, SupplierDrop]:
    """Decide these landed drops, over a connection that commits by itself; drop id to what became of it.

    One that another process holds is left to it. One that cannot be decided is left to the daily step, which sets it
    aside, and holds up no other.
    """
    _decide(conn, drop_ids, run)
    return supplier_drops(conn, drop_ids)


def _decide(conn: psycopg.Connection, drop_ids: Sequence[int], run: Run) -> None:
    try:
        with conn.transaction():
            decide_drops(conn, lock_drops(conn, drop_ids, stage="landed"), run)
    except (PermanentError, psycopg.DataError):
        if len(drop_ids) > 1:
            for drop_id in drop_ids:
                _decide(conn, [drop_id], run)
