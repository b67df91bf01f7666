"""`outbound.manager_notifications`: what became of each closing event of the CRM, and which ones nobody took up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

_NO_MANAGER = ("no_manager", "no_realtor")
_SOMEBODY = """
    SELECT 1 FROM core.realtor_managers m
    WHERE m.workspace_id = d.workspace_id AND m.deleted_at IS NULL AND m.created_at <= d.received_at
"""


@dataclass(frozen=True)
class ToldDrop:
    """An event whose closing somebody was told of."""

    workspace_id: str
    crm_lead_id: str
    body: bytes
    received_at: datetime


@dataclass(frozen=True)
class NotedClosing:
    """What became of one event: notified, repeated, no_manager or no_realtor; to how many, in how many messages."""

    drop_id: int
    workspace_id: str
    crm_lead_id: str
    realtor: str | None
    outcome: str
    managers: int = 0
    deliveries: int = 0


def noted_closings(conn: psycopg.Connection, drop_ids: Sequence[int]) -> set[int]:
    """Which of these events were taken up before."""
    rows = conn.execute(
        "SELECT drop_id FROM outbound.manager_notifications WHERE drop_id = ANY(%s)", [list(drop_ids)]
    ).fetchall()
    return {drop_id for (drop_id,) in rows}


def told_closings(conn: psycopg.Connection, leads: Sequence[tuple[str, str]]) -> list[ToldDrop]:
    """The events of these leads (workspace and id at the CRM) that somebody was told of."""
    with conn.cursor(row_factory=class_row(ToldDrop)) as cursor:
        return cursor.execute(
            """
            SELECT n.workspace_id::text, n.crm_lead_id, coalesce(d.body, '') AS body, d.received_at
            FROM (SELECT DISTINCT * FROM unnest(%s::uuid[], %s::text[])) AS w (workspace_id, crm_lead_id)
            JOIN outbound.manager_notifications n USING (workspace_id, crm_lead_id) JOIN raw.drops d USING (drop_id)
            WHERE n.outcome = 'notified'
            """,
            [[workspace for workspace, _ in leads], [lead for _, lead in leads]],
        ).fetchall()


def note_closings(conn: psycopg.Connection, noted: Sequence[NotedClosing], *, now: datetime, run_id: str) -> None:
    """Write down what became of events."""
    conn.execute(
        """
        INSERT INTO outbound.manager_notifications
            (drop_id, workspace_id, crm_lead_id, realtor, outcome, managers, deliveries, run_id, noted_at)
        SELECT n.*, %s, %s FROM jsonb_to_recordset(%s) AS n (
            drop_id bigint, workspace_id uuid, crm_lead_id text, realtor text, outcome text, managers int,
            deliveries int
        )
        """,
        [run_id, now, Jsonb([vars(one) for one in noted])],
    )


def closing_counts(conn: psycopg.Connection, day: date) -> dict[str, int]:
    """How many events of a day had which outcome."""
    rows = conn.execute(
        """
        SELECT n.outcome, count(*) FROM outbound.manager_notifications n JOIN raw.drops d USING (drop_id)
        WHERE d.day = %s GROUP BY n.outcome ORDER BY n.outcome
        """,
        [day],
    )
    return dict(rows.fetchall())


def forgotten_closings(conn: psycopg.Connection, day: date, before: datetime) -> list[int]:
    """Events of a day, here since before then, that were not taken up though their workspace had managers."""
    rows = conn.execute(
        f"""
        SELECT d.drop_id FROM raw.drops d
        WHERE d.day = %s AND d.source = 'c2s' AND d.kind = 'webhook' AND d.event_type = 'on_close_lead'
            AND d.stage IN ('routed', 'kept') AND d.received_at < %s AND EXISTS ({_SOMEBODY})
            AND NOT EXISTS (SELECT 1 FROM outbound.manager_notifications n WHERE n.drop_id = d.drop_id)
        ORDER BY d.drop_id
        """,  # noqa: S608 - constants
        [day, before],
    )
    return [drop_id for (drop_id,) in rows]


def unmanaged_closings(conn: psycopg.Connection, day: date) -> list[tuple[str, str]]:
    """Leads that were closed on a day and nobody was told of, with why, where their workspace had managers."""
    return conn.execute(
        f"""
        SELECT DISTINCT n.crm_lead_id, n.outcome
        FROM outbound.manager_notifications n JOIN raw.drops d USING (drop_id)
        WHERE d.day = %s AND n.outcome = ANY(%s) AND EXISTS ({_SOMEBODY}) ORDER BY n.crm_lead_id
        """,  # noqa: S608 - constants
        [day, list(_NO_MANAGER)],
    ).fetchall()
