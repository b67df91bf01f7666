"""Questions about the CRM's parties for those who watch: who waits, which messages are in doubt, how they end."""

from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class LateParty:
    """A pending enrichment: since when, and what went wrong last."""

    crm_lead_id: str
    requested_at: datetime
    reason: str | None


def late_parties(conn: psycopg.Connection, day: date, before: datetime) -> list[LateParty]:
    """Enrichments of a day that are pending since before then, oldest first."""
    with conn.cursor(row_factory=class_row(LateParty)) as cursor:
        return cursor.execute(
            """
            SELECT crm_lead_id, requested_at, reason FROM core.party_enrichments
            WHERE day = %s AND status = 'pending' AND requested_at < %s ORDER BY requested_at, seq
            """,
            [day, before],
        ).fetchall()


def doubtful_messages(conn: psycopg.Connection, before: datetime) -> list[str]:
    """Leads of the CRM with a message that was begun before then and whose outcome is not known."""
    rows = conn.execute(
        """
        SELECT crm_lead_id FROM outbound.crm_messages WHERE state = 'unknown' AND attempted_at < %s ORDER BY message_id
        """,
        [before],
    )
    return [lead_id for (lead_id,) in rows]


def outcomes(conn: psycopg.Connection, day: date) -> dict[str, int]:
    """How many enrichments of a day ended in each way: `completed`, or the reason of the failure."""
    rows = conn.execute(
        """
        SELECT CASE status WHEN 'completed' THEN status ELSE reason END AS outcome, count(*)
        FROM core.party_enrichments WHERE day = %s AND status <> 'pending' GROUP BY outcome ORDER BY 2 DESC, 1
        """,
        [day],
    )
    return dict(rows.fetchall())
