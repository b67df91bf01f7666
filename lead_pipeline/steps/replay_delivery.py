"""One message that ended without arriving, put back by somebody, or why it cannot be. Sends nothing."""

from datetime import datetime

import psycopg

from lead_pipeline.errors import Conflict
from lead_pipeline.store import delivery_replay as store
from lead_pipeline.store.delivery_history import Delivery, find_delivery


def replay_delivery(
    conn: psycopg.Connection,
    delivery_id: str,
    *,
    workspace_id: str | None,
    buyer_id: str | None,
    by: str,
    now: datetime,
) -> Delivery:
    """Put one message back, of a buyer, else of a workspace, else of anybody. Raises NotFound, Conflict."""
    found = find_delivery(conn, workspace_id, buyer_id, delivery_id)
    if not store.replay_one(conn, found.delivery_id, by=by, now=now):
        if found.state in store.ENDED and not store.is_reachable(conn, found.delivery_id):
            raise Conflict("its destination is disabled or was removed. Enable it, then replay the message.")
        raise Conflict(f"it is {found.state}, and only messages that are {', '.join(store.ENDED)} are replayed.")
    return find_delivery(conn, workspace_id, buyer_id, found.delivery_id)
