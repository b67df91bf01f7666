"""`core.enrichments` and `core.lead_contacts`: planned and settled. Claims nothing (`enrichment_claims`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
import psycopg

from lead_pipeline.store.bulk import copy_frame, fetch_frame


@dataclass(frozen=True)
class Waiting:
    """A lead whose enrichment is claimed."""

    lead_id: str
    workspace_id: str
    domain: str
    company_name: str


@dataclass(frozen=True)
class Asked:
    """What an event of the vendor says of its lead. A named workspace must be the lead's own."""

    drop_id: int
    lead_id: str | None
    domain: str | None
    workspace_id: str | None
    is_named: bool


@dataclass(frozen=True)
class Known:
    """A lead that an event is about, and the day that it belongs to."""

    lead_id: str
    day: date


def unplanned_leads(conn: psycopg.Connection, vendor: str, day: date, limit: int) -> pd.DataFrame:
    """Leads that DataShopper brought on a day and that have no enrichment yet: lead_id, domain, company_name."""
    return fetch_frame(
        conn,
        """
        SELECT l.lead_id::text, l.domain, l.company_name
        FROM core.discovered_leads f JOIN core.leads l USING (lead_id)
        WHERE f.day = %s
            AND NOT EXISTS (SELECT 1 FROM core.enrichments e WHERE e.lead_id = l.lead_id AND e.vendor = %s)
        ORDER BY l.lead_id LIMIT %s
        """,
        [day, vendor, limit],
    )


def one_lead(conn: psycopg.Connection, lead_id: str) -> pd.DataFrame:
    """One lead of any source, or no row: lead_id, domain, company_name."""
    return fetch_frame(
        conn, "SELECT lead_id::text, domain, company_name FROM core.leads WHERE lead_id = %s::uuid", [lead_id]
    )


def plan(
    conn: psycopg.Connection,
    vendor: str,
    day: date,
    leads: pd.DataFrame,
    *,
    now: datetime,
    run_id: str,
    again: bool = False,
) -> None:
    """Write each lead down as pending, or as skipped where `reason` is given: columns lead_id, reason.

    One that is written down stays as it is; with `again`, it begins anew unless it is completed.
    """
    conn.execute(
        """
        INSERT INTO core.enrichments (lead_id, vendor, status, reason, run_id, day, requested_at, settled_at)
        SELECT n.lead_id, %(vendor)s, CASE WHEN n.reason IS NULL THEN 'pending' ELSE 'skipped' END, n.reason,
            %(run_id)s, %(day)s, %(now)s, CASE WHEN n.reason IS NOT NULL THEN %(now)s::timestamptz END
        FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS n (lead_id, reason)
        ON CONFLICT (lead_id, vendor) DO UPDATE SET status = excluded.status, reason = excluded.reason,
            settled_at = excluded.settled_at, run_id = excluded.run_id
        WHERE %(again)s AND enrichments.status <> 'completed'
        """,
        {
            "again": again, "vendor": vendor, "run_id": run_id, "day": day, "now": now,
            "ids": leads["lead_id"].tolist(),
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


def leads_of_results(
    conn: psycopg.Connection, vendor: str, asked: Sequence[Asked], workspace: str | None
) -> dict[int, Known]:
    """Drop id to the lead that each event is about, those without one left out.

    By lead id; else by domain in the event's workspace, `workspace` (slug or id) where it has none: of several
    leads one that waits for an answer first, then the newest.
    """
    rows = conn.execute(
        """
        WITH n AS (
            SELECT a.drop_id, a.lead_id, a.domain, a.is_named, a.workspace_id AS own, coalesce(a.workspace_id, (
                SELECT w.workspace_id FROM core.workspaces w
                WHERE w.slug = %(workspace)s OR w.workspace_id::text = %(workspace)s
            )) AS workspace_id
            FROM unnest(%(drops)s::bigint[], %(leads)s::uuid[], %(domains)s::text[], %(workspaces)s::uuid[],
                %(named)s::boolean[]) AS a (drop_id, lead_id, domain, workspace_id, is_named)
        ), found AS (
            SELECT n.drop_id, l.lead_id, l.day, l.received_at FROM n JOIN core.leads l
                ON l.lead_id = n.lead_id AND (NOT n.is_named OR l.workspace_id IS NOT DISTINCT FROM n.own)
            UNION ALL
            SELECT n.drop_id, l.lead_id, l.day, l.received_at FROM n JOIN core.leads l
                ON n.lead_id IS NULL AND l.domain = n.domain AND l.workspace_id = n.workspace_id
        )
        SELECT DISTINCT ON (f.drop_id) f.drop_id, f.lead_id::text, f.day
        FROM found f LEFT JOIN core.enrichments e ON e.lead_id = f.lead_id AND e.vendor = %(vendor)s
        WHERE NOT EXISTS (SELECT 1 FROM core.archived_leads a WHERE a.lead_id = f.lead_id)
        ORDER BY f.drop_id, array_position(ARRAY['pending', 'failed', 'none', 'skipped', 'completed'],
            coalesce(e.status, 'none')), f.received_at DESC, f.lead_id
        """,
        {
            "vendor": vendor, "workspace": workspace, "drops": [one.drop_id for one in asked],
            "leads": [one.lead_id for one in asked], "domains": [one.domain for one in asked],
            "workspaces": [one.workspace_id for one in asked], "named": [one.is_named for one in asked],
        },
    )  # fmt: skip
    return {drop_id: Known(lead_id, day) for drop_id, lead_id, day in rows}


def expect(conn: psycopg.Connection, vendor: str, leads: Sequence[Known], *, now: datetime, run_id: str) -> None:
    """Write leads down as pending that nobody has planned, for an answer that has come unasked."""
    conn.execute(
        """
        INSERT INTO core.enrichments (lead_id, vendor, status, run_id, day, requested_at)
        SELECT n.lead_id, %(vendor)s, 'pending', %(run_id)s, n.day, %(now)s
        FROM unnest(%(ids)s::uuid[], %(days)s::date[]) AS n (lead_id, day) ORDER BY n.lead_id ON CONFLICT DO NOTHING
        """,
        {
            "vendor": vendor, "run_id": run_id, "now": now,
            "ids": [lead.lead_id for lead in leads], "days": [lead.day for lead in leads],
        },
    )  # fmt: skip


def lock_states(conn: psycopg.Connection, vendor: str, lead_ids: Sequence[str]) -> dict[str, str | None]:
    """Lead id to the status of its enrichment, each locked once whoever settles it is done."""
    rows = conn.execute(
        "SELECT lead_id::text, status FROM core.enrichments WHERE vendor = %s AND lead_id = ANY(%s::uuid[]) "
        "ORDER BY lead_id FOR UPDATE",
        [vendor, list(lead_ids)],
    )
    return dict(rows.fetchall())


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
