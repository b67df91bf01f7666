"""The ledger of uploads, `outbound.upload_batches` and what hangs off it: intents, claims, attempts. Calls nobody.

What platforms said of the leads is in `upload_outcomes`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import psycopg
from psycopg.rows import class_row

from lead_pipeline.store.bulk import copy_frame, fetch_frame


@dataclass(frozen=True)
class Batch:
    """A claimed batch. `was_sent`: a send of it was begun before, so the platform may have it."""

    batch_key: str
    workspace_id: str
    platform: str
    band: str
    was_sent: bool


def lock_planning(conn: psycopg.Connection) -> None:
    """One planner at a time, until the transaction ends: a lead can then be in one batch only."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtext('outbound.platform_uploads'))")


def ready_leads(conn: psycopg.Connection, day: date) -> pd.DataFrame:
    """Hot and warm leads of a day whose enrichment is completed or skipped and that no batch holds yet."""
    frame = fetch_frame(
        conn,
        """
        SELECT l.lead_id::text, l.workspace_id::text, l.company_name, l.domain, l.industry, l.industry_group,
            l.employee_count, l.revenue, l.city, l.state, l.country, s.band, l.signals::text AS signals,
            l.received_at, CASE WHEN e.status = 'completed' THEN e.settled_at END AS enriched_at
        FROM core.discovered_leads f
        JOIN core.leads l USING (lead_id)
        JOIN core.intent_scores s USING (lead_id)
        JOIN core.enrichments e USING (lead_id)
        WHERE f.day = %s AND s.band IN ('hot', 'warm') AND e.status IN ('completed', 'skipped')
            AND NOT EXISTS (SELECT 1 FROM outbound.platform_uploads u WHERE u.lead_id = l.lead_id)
        ORDER BY l.lead_id
        """,
        [day],
    )
    integers = frame.astype({"employee_count": "Int64", "revenue": "Int64"})
    return integers.assign(
        received_at=pd.to_datetime(frame["received_at"], utc=True),
        enriched_at=pd.to_datetime(frame["enriched_at"], utc=True),
    )


def contacts_of(conn: psycopg.Connection, lead_ids: Sequence[str]) -> pd.DataFrame:
    """Contacts of leads, without those whose address was refused."""
    return fetch_frame(
        conn,
        """
        SELECT lead_id::text, contact_no, full_name, email, title, seniority, department, is_primary
        FROM core.lead_contacts
        WHERE lead_id = ANY(%s::uuid[]) AND email_status IS DISTINCT FROM 'invalid'
        ORDER BY lead_id, contact_no
        """,
        [list(lead_ids)],
    )


def intend(conn: psycopg.Connection, batches: pd.DataFrame, uploads: pd.DataFrame) -> None:
    """Write down what will be sent: the columns of upload_batches; lead_id, batch_key, payload (JSON text)."""
    copy_frame(conn, "outbound.upload_batches", batches)
    copy_frame(conn, "outbound.platform_uploads", uploads)


def claim_batch(conn: psycopg.Connection, day: date, platform: str, done: Sequence[str]) -> Batch | None:
    """Lock the next open batch of a platform, hot before warm. Its attempts can still be written beside the lock."""
    with conn.cursor(row_factory=class_row(Batch)) as cursor:
        locked = cursor.connection.execute(
            """
            SELECT batch_key FROM outbound.upload_batches
            WHERE day = %s AND platform = %s AND status IN ('intended', 'unknown') AND batch_key <> ALL(%s)
            ORDER BY band, batch_key LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
            """,
            [day, platform, list(done)],
        ).fetchone()
        # Read once it is locked: a run that has just died may have noted its send after the statement above began.
        return (
            locked
            and cursor.execute(
                """
            SELECT b.batch_key, b.workspace_id::text, b.platform, b.band, EXISTS (
                SELECT 1 FROM outbound.upload_attempts a WHERE a.batch_key = b.batch_key AND a.action = 'send'
            ) AS was_sent
            FROM outbound.upload_batches b WHERE b.batch_key = %s
            """,
                locked,
            ).fetchone()
        )


def payloads_of(conn: psycopg.Connection, batch_key: str) -> list[dict[str, Any]]:
    """The exact payloads of a batch's leads that are still open, as they were written down."""
    rows = conn.execute(
        "SELECT payload FROM outbound.platform_uploads WHERE batch_key = %s AND status = 'intended' ORDER BY lead_id",
        [batch_key],
    )
    return [payload for (payload,) in rows]


def begin_attempt(journal: psycopg.Connection, batch_key: str, action: str, run_id: str, now: datetime) -> int:
    """Write down a call before it is made, on a connection that commits at once. Returns its number."""
    row = journal.execute(
        """
        INSERT INTO outbound.upload_attempts (batch_key, attempt_no, action, run_id, attempted_at)
        SELECT %(key)s, coalesce(max(attempt_no), 0) + 1, %(action)s, %(run_id)s, %(now)s
        FROM outbound.upload_attempts WHERE batch_key = %(key)s
        RETURNING attempt_no
        """,
        {"key": batch_key, "action": action, "run_id": run_id, "now": now},
    ).fetchone()
    assert row is not None
    return int(row[0])


def end_attempt(journal: psycopg.Connection, batch_key: str, number: int, outcome: str, error: str | None) -> None:
    """Write down what the call came to."""
    journal.execute(
        "UPDATE outbound.upload_attempts SET outcome = %s, error = %s WHERE batch_key = %s AND attempt_no = %s",
        [outcome, error, batch_key, number],
    )


def leave_open(conn: psycopg.Connection, batch_key: str, status: str, error: str) -> None:
    """The batch waits for another run: `intended` where it was surely not taken, else `unknown`."""
    conn.execute(
        "UPDATE outbound.upload_batches SET status = %s, error = %s, attempts = attempts + 1 WHERE batch_key = %s",
        [status, error, batch_key],
    )


def close(conn: psycopg.Connection, batch_key: str, now: datetime) -> None:
    """Close a batch that the platform answered for, lead by lead."""
    _close(conn, batch_key, "confirmed", None, now)


def fail(conn: psycopg.Connection, batch_key: str, error: str, now: datetime) -> None:
    """Close a batch that the platform refused as a whole."""
    conn.execute(
        "UPDATE outbound.platform_uploads SET status = 'failed', reason = %s, settled_at = %s "
        "WHERE batch_key = %s AND status = 'intended'",
        [error, now, batch_key],
    )
    _close(conn, batch_key, "failed", error, now)


def upload_counts(conn: psycopg.Connection, day: date) -> dict[tuple[str, str], int]:
    """Uploads of a day by product and status: intended, confirmed, rejected, failed. No account: no product, `none`."""
    rows = conn.execute(
        """
        SELECT coalesce(a.provider, 'none'), u.status, count(*)
        FROM outbound.platform_uploads u JOIN outbound.upload_batches b USING (batch_key)
        LEFT JOIN outbound.platform_accounts a USING (workspace_id, platform)
        WHERE b.day = %s GROUP BY 1, 2 ORDER BY 1, 2
        """,
        [day],
    ).fetchall()
    return {(provider, status): count for provider, status, count in rows}


def open_errors(conn: psycopg.Connection, day: date) -> list[str]:
    """Why batches of a day still wait, each reason once."""
    rows = conn.execute(
        """
        SELECT DISTINCT platform || ': ' || coalesce(error, 'not sent yet') FROM outbound.upload_batches
        WHERE day = %s AND status IN ('intended', 'unknown') ORDER BY 1
        """,
        [day],
    )
    return [reason for (reason,) in rows]


def _close(conn: psycopg.Connection, batch_key: str, status: str, error: str | None, now: datetime) -> None:
    conn.execute(
        """
        UPDATE outbound.upload_batches SET status = %s, error = %s, settled_at = %s, attempts = attempts + 1
        WHERE batch_key = %s
        """,
        [status, error, now, batch_key],
    )
