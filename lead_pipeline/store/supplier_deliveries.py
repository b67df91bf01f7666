"""What became of a supplier's leads, counted by day. Reads `raw.drops`, which only the owner sees."""

from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class DeliveryDay:
    """One UTC day on which a supplier sent leads.

    received = pending + accepted + duplicate + refused; of those accepted that a campaign was offered, the last five
    say how they were decided. A refused one that was repaired since is still refused here.
    """

    day: date
    received: int
    pending: int
    accepted: int
    duplicate: int
    refused: int
    assigned: int
    nobody_eligible: int
    everybody_refused: int
    campaign_paused: int
    undecided: int


def delivery_days(
    conn: psycopg.Connection, workspace_id: str, supplier_id: str, *, since: date, until: date
) -> list[DeliveryDay]:
    """The days of [since, until] on which the supplier sent anything, the last first."""
    with conn.cursor(row_factory=class_row(DeliveryDay)) as cursor:
        return cursor.execute(
            """
            SELECT d.day, count(*) AS received,
                count(*) FILTER (WHERE d.received_rows = 0 AND d.stage <> 'quarantined') AS pending,
                count(*) FILTER (WHERE d.accepted_rows > 0) AS accepted,
                count(*) FILTER (WHERE d.duplicate_rows > 0) AS duplicate,
                count(*) FILTER (WHERE d.quarantined_rows > 0 OR d.stage = 'quarantined') AS refused,
                count(*) FILTER (WHERE o.outcome = 'assigned') AS assigned,
                count(*) FILTER (WHERE o.outcome = 'nobody_eligible') AS nobody_eligible,
                count(*) FILTER (WHERE o.outcome = 'everybody_refused') AS everybody_refused,
                count(*) FILTER (WHERE o.outcome = 'campaign_paused') AS campaign_paused,
                count(*) FILTER (WHERE o.lead_id IS NOT NULL AND o.outcome IS NULL) AS undecided
            FROM raw.drops d
            LEFT JOIN core.leads l ON l.drop_id = d.drop_id AND d.accepted_rows > 0
            LEFT JOIN market.campaign_leads o ON o.lead_id = l.lead_id
            WHERE d.kind = 'supplier_lead' AND d.headers ->> 'supplier_id' = %s AND d.workspace_id = %s
                AND d.day BETWEEN %s AND %s
            GROUP BY d.day ORDER BY d.day DESC
            """,
            [supplier_id, workspace_id, since, until],
        ).fetchall()
