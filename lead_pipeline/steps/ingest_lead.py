"""Suppliers' leads, decided in the request: what is it known by, and what became of it.

Whether it may be sent is `admit_leads`'. The decision itself is `decide_events`', the same for a lead in a request and
for hundreds that waited.
"""

import hashlib
from collections.abc import Sequence

import psycopg
from psycopg.errors import LockNotAvailable

from lead_pipeline.errors import PermanentError
from lead_pipeline.steps.decide_events import decide_drops
from lead_pipeline.steps.run import Run
from lead_pipeline.store.api_keys import ApiKey
from lead_pipeline.store.drops import lock_drops
from lead_pipeline.store.supplier_drops import SupplierDrop, supplier_drops

LOCK_SECONDS, _HARDLY = 3.0, 0.01
"""A request waits no longer for whoever decides for the same seller; hardly at all, once it has waited so long."""


def external_id(key: ApiKey, body: bytes, event: str | None) -> str:
    """What a supplier's lead is known by: its own name for the event, else the bytes themselves."""
    if event is not None:
        return f"event/{key.supplier_id}/{event}"
    return f"sha256/{hashlib.sha256(b'%b %b' % (str(key.supplier_id).encode(), body)).hexdigest()}"


def decide_leads(conn: psycopg.Connection, drop_ids: Sequence[int], run: Run) -> dict[int, SupplierDrop]:
    """Decide these landed drops, over a connection that commits by itself; drop id to what became of it.

    One that another process holds is left to it, and one whose seller is held for LOCK_SECONDS to a sensor. One that
    cannot be decided is left to the daily step, which sets it aside. None of them holds up another.
    """
    _decide(conn, drop_ids, run, wait=LOCK_SECONDS)
    return supplier_drops(conn, drop_ids)


def _decide(conn: psycopg.Connection, drop_ids: Sequence[int], run: Run, *, wait: float) -> None:
    try:
        with conn.transaction():
            conn.execute(f"SET LOCAL lock_timeout = '{wait * 1000:.0f}ms'")
            decide_drops(conn, lock_drops(conn, drop_ids, stage="landed"), run)
    except (PermanentError, psycopg.DataError, LockNotAvailable) as error:
        if len(drop_ids) > 1:
            for drop_id in drop_ids:
                _decide(conn, [drop_id], run, wait=_HARDLY if isinstance(error, LockNotAvailable) else wait)
