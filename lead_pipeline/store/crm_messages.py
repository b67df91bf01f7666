"""`outbound.crm_messages`: the ledger of messages to the CRM. A send is written down before it is begun. Sends nothing.

`unknown` stands from the moment before a send to its known outcome, so a process that dies in between leaves it.
"""

from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class Message:
    """A message as it stands. `attempted_at`: when its last send was begun."""

    message_id: int
    crm_lead_id: str
    reference: str
    body_sealed: bytes
    state: str
    attempted_at: datetime | None


def intend(
    conn: psycopg.Connection,
    enrichment_id: str,
    *,
    workspace_id: str,
    crm_lead_id: str,
    reference: str,
    body_sealed: bytes,
    now: datetime,
) -> None:
    """Write down what will be sent. The message of an enrichment that has one stays as it is."""
    conn.execute(
        """
        INSERT INTO outbound.crm_messages
            (enrichment_id, workspace_id, crm_lead_id, reference, body_sealed, intended_at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        [enrichment_id, workspace_id, crm_lead_id, reference, body_sealed, now],
    )


def message_of(conn: psycopg.Connection, enrichment_id: str) -> Message | None:
    """The message of an enrichment."""
    with conn.cursor(row_factory=class_row(Message)) as cursor:
        return cursor.execute(
            """
            SELECT message_id, crm_lead_id, reference, body_sealed, state, attempted_at
            FROM outbound.crm_messages WHERE enrichment_id = %s
            """,
            [enrichment_id],
        ).fetchone()


def has_message(conn: psycopg.Connection, workspace_id: str, crm_lead_id: str) -> bool:
    """Whether a lead has had a message, or one is intended for it."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM outbound.crm_messages WHERE workspace_id = %s AND crm_lead_id = %s)",
        [workspace_id, crm_lead_id],
    ).fetchone()
    return row == (True,)


def begin_send(conn: psycopg.Connection, message_id: int, now: datetime) -> None:
    """A send begins: until its outcome is known, nobody may send again without having asked."""
    conn.execute(
        """
        UPDATE outbound.crm_messages SET state = 'unknown', attempts = attempts + 1, attempted_at = %s, error = NULL
        WHERE message_id = %s
        """,
        [now, message_id],
    )


def was_not_sent(conn: psycopg.Connection, message_id: int, error: str) -> None:
    """The send surely had no effect."""
    conn.execute(
        "UPDATE outbound.crm_messages SET state = 'intended', error = %s WHERE message_id = %s", [error, message_id]
    )


def was_sent(conn: psycopg.Connection, message_id: int, now: datetime) -> None:
    """The CRM has it."""
    conn.execute(
        "UPDATE outbound.crm_messages SET state = 'sent', sent_at = %s, error = NULL WHERE message_id = %s",
        [now, message_id],
    )


def was_refused(conn: psycopg.Connection, message_id: int, error: str) -> None:
    """The CRM will not have it."""
    conn.execute(
        "UPDATE outbound.crm_messages SET state = 'failed', error = %s WHERE message_id = %s", [error, message_id]
    )


def message_counts(conn: psycopg.Connection, day: date) -> dict[str, int]:
    """How many messages of the enrichments of a day are in which state."""
    rows = conn.execute(
        """
        SELECT m.state, count(*) FROM outbound.crm_messages m JOIN core.party_enrichments e USING (enrichment_id)
        WHERE e.day = %s GROUP BY m.state ORDER BY m.state
        """,
        [day],
    )
    return dict(rows.fetchall())


def note_doubt(conn: psycopg.Connection, message_id: int, error: str) -> None:
    """It is still not known whether the CRM has it."""
    conn.execute("UPDATE outbound.crm_messages SET error = %s WHERE message_id = %s", [error, message_id])
