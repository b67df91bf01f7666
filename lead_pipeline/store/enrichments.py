"""`core.enrichments` and `core.lead_contacts`: planned, claimed, settled. Asks nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
import psycopg
from psycopg.rows import class_row

from lead_pipeline.store.bulk import copy_frame, fetch_frame


@dataclass(frozen=True)
class Waiting:
    """A lead whose enrichment is claimed."""

    lead_id: str
    workspace_id: str
    domain: str
    company_name: str


def unplanned_leads(conn: psycopg.Connection, vendor: str, day: date, limit: int) -> pd.DataFrame:
    """Leads that a vendor page of a day brought and that have no enrichment yet: lead_id, domain, company_name."""
    return fetch_frame(
        conn,
        """
        SELECT l.lead_id::text, l.domain, l.company_name
        FROM raw.drops d JOIN core.leads l USING (drop_id)
        WHERE d.day = %s AND d.kind = 'vendor_page'
            AND NOT EXISTS (SELECT 1 FROM core.enrichments e WHERE e.lead_id = l.lead_id AND e.vendor = %s)
        ORDER BY l.lead_id LIMIT %s
        """,
        [day, vendor, limit],
    )


def plan(conn: psycopg.Connection, vendor: str, day: date, leads: pd.DataFrame, *, now: datetime, run_id: str) -> None:
    """Write each lead down as pending, or as skipped where `reason` is given: columns lead_id, reason."""
    conn.execute(
        """
        INSERT INTO core.enrichments (lead_id, vendor, status, reason, run_id, day, requested_at, settled_at)
        SELECT n.lead_id, %(vendor)s, CASE WHEN n.reason IS NULL THEN 'pending' ELSE 'skipped' END, n.reason,
            %(run_id)s, %(day)s, %(now)s, CASE WHEN n.reason IS NOT NULL THEN %(now)s::timestamptz END
        FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS n (lead_id, reason)
        ON CONFLICT DO NOTHING
        """,
        {
            "vendor": vendor, "run_id": run_id, "day": day, "now": now, "ids": leads["lead_id"].tolist(),
            "reasons": [None if pd.isna(reason) else reason for reason in leads["reason"]],
        },
    )  # fmt: skip


def reopen_failed(conn: psycopg.Connection, vendor: str, day: date) -> int:
    """Let the failed ones of a day wait again: materialising the day once more is the way to retry them."""
    return conn.execute(
        """
        UPDATE core.enrichments SET status = 'pending', reason = NULL, settled_at = NULL
        WHERE vendor = %s AND day = %s AND status = 'failed'
        """,
        [vendor, day],
    ).rowcount


def claim_pending(conn: psycopg.Connection, vendor: str, day: date, limit: int) -> list[Waiting]:
    """Lock the next pending leads of a day, leaving those that another transaction holds."""
    with conn.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(
            """
            SELECT e.lead_id::text, l.workspace_id::text, l.domain, l.company_name
            FROM core.enrichments e JOIN core.leads l USING (lead_id)
            WHERE e.vendor = %s AND e.day = %s AND e.status = 'pending'
            ORDER BY e.lead_id LIMIT %s FOR UPDATE OF e SKIP LOCKED
            """,
            [vendor, day, limit],
        ).fetchall()


def settle(conn: psycopg.Connection, vendor: str, outcomes: pd.DataFrame, now: datetime, run_id: str) -> None:
    """Close claimed enrichments: columns lead_id, status, reason, contacts_found, answer_drop_id (Int64)."""
    if outcomes.empty:
        return
    conn.execute(
        """
        UPDATE core.enrichments e SET status = n.status, reason = n.reason, contacts_found = n.contacts,
            answer_drop_id = n.answer, attempts = e.attempts + 1, settled_at = %(now)s, run_id = %(run_id)s
        FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(reasons)s::text[], %(contacts)s::int[],
            %(answers)s::bigint[]) AS n (lead_id, status, reason, contacts, answer)
        WHERE e.lead_id = n.lead_id AND e.vendor = %(vendor)s
        """,
        {"vendor": vendor, "now": now, "run_id": run_id, **_columns(outcomes)},
    )


def insert_contacts(conn: psycopg.Connection, contacts: pd.DataFrame) -> None:
    """Insert people of leads that had none: the columns of core.lead_contacts."""
    if not contacts.empty:
        copy_frame(conn, "core.lead_contacts", contacts)


def enrichment_counts(conn: psycopg.Connection, vendor: str, day: date) -> dict[str, int]:
    """How many leads of a day are pending, completed, skipped and failed."""
    rows: Sequence[tuple[str, int]] = conn.execute(
        "SELECT status, count(*) FROM core.enrichments WHERE vendor = %s AND day = %s GROUP BY status", [vendor, day]
    ).fetchall()
    return dict(rows)


def _columns(outcomes: pd.DataFrame) -> dict[str, list[object]]:
    plain = outcomes.astype(object).where(outcomes.notna(), None)
    names = {
        "ids": "lead_id", "statuses": "status", "reasons": "reason", "contacts": "contacts_found",
        "answers": "answer_drop_id",
    }  # fmt: skip
    return {key: plain[column].tolist() for key, column in names.items()}
