"""What a refund changes beside the ledger: room under the buyer's limits, and a notice to the buyer."""

from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from lead_pipeline.store.intents import intend_notices
from lead_pipeline.store.recharges import CHANNEL

# The week and month in which it was counted: the decision kept its local time; without one, the zone of today.
_GIVE_BACK = """
    WITH sold AS (
        SELECT coalesce(
            (SELECT c.local_time FROM core.assignment_candidates c
                WHERE c.lead_id = e.lead_id AND c.outcome = 'assigned' ORDER BY c.round LIMIT 1),
            e.occurred_at AT TIME ZONE w.time_zone
        ) AS local
        FROM market.ledger_entries e JOIN core.workspaces w USING (workspace_id) WHERE e.entry_id = %(charge)s
    )
    UPDATE market.spending s SET spent_minor = s.spent_minor - %(amount)s
    FROM sold WHERE s.buyer_id = %(buyer_id)s AND s.starts_on = date_trunc(s.period, sold.local)::date
"""


def give_back_room(conn: psycopg.Connection, *, charge: int, buyer_id: str, amount_minor: int) -> None:
    """Take a refunded charge (its entry id) off what the buyer spent in that charge's own week and month."""
    conn.execute(_GIVE_BACK, {"charge": charge, "buyer_id": buyer_id, "amount": amount_minor})


def tell_refunded(
    conn: psycopg.Connection,
    *,
    entry_id: int,
    workspace_id: str,
    buyer_id: str,
    detail: dict[str, str],
    now: datetime,
    run_id: str,
) -> None:
    """Tell a buyer of its refund, and whoever listens that leads which waited for its wallet may be sold now."""
    key = f"refunded/{entry_id}"
    conn.execute(
        """
        INSERT INTO market.notices (workspace_id, buyer_id, kind, key, detail, created_at)
        VALUES (%s, %s, 'refunded', %s, %s, %s)
        """,
        [workspace_id, buyer_id, key, Jsonb(detail), now],
    )
    intend_notices(conn, [key], now=now, run_id=run_id)
    conn.execute("SELECT pg_notify(%s, 'credit')", [CHANNEL])
