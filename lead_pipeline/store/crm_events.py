"""`core.crm_events`: which events of the CRM wait to be taken up, and what each was taken for. Reads no content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class CrmDrop:
    """An event that nobody has taken up. It has a workspace, unless it holds no lead."""

    drop_id: int
    workspace_id: str | None
    body: bytes
    received_at: datetime


@dataclass(frozen=True)
class Noted:
    """What an event was taken for: enrich, unchanged, no_action, or refused with the reason."""

    drop_id: int
    verdict: str
    enrichment_id: str | None = None
    reason: str | None = None


def lock_planning(conn: psycopg.Connection) -> None:
    """One planner at a time, until the transaction ends: contact information is then new to one of them only."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('core.crm_events', 0))")


def unplanned_events(conn: psycopg.Connection, day: date, limit: int) -> list[CrmDrop]:
    """Events of a day that were decided and not taken up, oldest first. Ones that were refused whole are none."""
    with conn.cursor(row_factory=class_row(CrmDrop)) as cursor:
        return cursor.execute(
            """
            SELECT d.drop_id, d.workspace_id::text, coalesce(d.body, '') AS body, d.received_at
            FROM raw.drops d
            WHERE d.day = %s AND d.source = 'c2s' AND d.kind = 'webhook' AND d.stage IN ('routed', 'kept')
                AND NOT EXISTS (SELECT 1 FROM core.crm_events e WHERE e.drop_id = d.drop_id)
            ORDER BY d.drop_id LIMIT %s
            """,
            [day, limit],
        ).fetchall()


def note_events(conn: psycopg.Connection, noted: Sequence[Noted], now: datetime) -> None:
    """Write down what events were taken for."""
    conn.execute(
        """
        INSERT INTO core.crm_events (drop_id, verdict, enrichment_id, reason, noted_at)
        SELECT n.*, %s FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::text[]) n
        """,
        [
            now,
            [one.drop_id for one in noted],
            [one.verdict for one in noted],
            [one.enrichment_id for one in noted],
            [one.reason for one in noted],
        ],
    )
