"""Which offered leads wait: those that nobody decided, and those that nobody took and somebody may take now. Reads.

A lead that nobody took is offered again for a day, once something that decides has changed since: money in a wallet
of its seller, a campaign, a buyer, a subscription. Hours and days turn too: whoever asks for `again` means all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
import psycopg

from lead_pipeline.store.bulk import fetch_frame

OFFERED_FOR = timedelta(hours=24)
_SLACK = timedelta(seconds=10)  # a change is dated by when its transaction began, not by when it could be seen
_WAITING = """
WITH changed AS MATERIALIZED (
    SELECT workspace_id, max(at) + %(slack)s AS at FROM (
        SELECT workspace_id, valid_from AS at FROM market.versions WHERE kind <> 'category' AND valid_from > %(since)s
        UNION ALL
        SELECT workspace_id, occurred_at FROM market.ledger_entries WHERE kind <> 'charge' AND occurred_at > %(since)s
    ) AS changes GROUP BY workspace_id
)
SELECT {columns}
FROM market.campaign_leads l
JOIN market.campaigns c USING (campaign_id, workspace_id)
LEFT JOIN changed USING (workspace_id)
WHERE l.outcome IS DISTINCT FROM 'assigned' AND (%(day)s::date IS NULL OR l.day = %(day)s)
    AND (l.outcome IS NULL AND l.received_at <= %(until)s
        OR l.outcome IS NOT NULL AND l.received_at > %(since)s AND l.decided_at < %(now)s
            AND (%(again)s OR l.decided_at < changed.at))
"""


@dataclass(frozen=True)
class Waiting:
    """Which leads are asked for: of one day or of all; `again`: all that nobody took, changes or not.

    `grace`: how long a lead without a decision is left to the request that brought it.
    """

    now: datetime
    day: date | None = None
    again: bool = False
    grace: timedelta = timedelta(0)

    def parameters(self) -> dict[str, object]:
        return {
            "now": self.now,
            "day": self.day,
            "again": self.again,
            "since": self.now - OFFERED_FOR,
            "until": self.now - self.grace,
            "slack": _SLACK,
        }


def sellers_with_leads(conn: psycopg.Connection, waiting: Waiting) -> list[str]:
    """Sellers, by workspace id, whose leads wait."""
    rows = conn.execute(_WAITING.format(columns="DISTINCT l.workspace_id::text"), waiting.parameters())
    return sorted(workspace_id for (workspace_id,) in rows)


def days_to_distribute(conn: psycopg.Connection, waiting: Waiting) -> Mapping[date, int]:
    """How many leads wait, by their day."""
    rows = conn.execute(
        _WAITING.format(columns="l.day, count(*)") + "GROUP BY l.day ORDER BY l.day", waiting.parameters()
    )
    return dict(rows.fetchall())


def waiting_leads(
    conn: psycopg.Connection, waiting: Waiting, workspace_id: str, *, after: str, limit: int
) -> pd.DataFrame:
    """A seller's leads that wait, oldest first, of ids beyond `after`: lead_id, workspace_id, campaign_id, state."""
    columns = "l.lead_id::text, l.workspace_id::text, l.campaign_id::text, l.state"
    rest = "AND l.workspace_id = %(workspace_id)s AND l.lead_id > %(after)s ORDER BY l.lead_id LIMIT %(limit)s"
    more = {"workspace_id": workspace_id, "after": after, "limit": limit}
    return fetch_frame(conn, _WAITING.format(columns=columns) + rest, {**waiting.parameters(), **more})
