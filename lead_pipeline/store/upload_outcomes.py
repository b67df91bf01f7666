"""What platforms said of the leads of a batch, row by row: confirmed with its billing event, rejected, put off, failed.

Only leads that are still open are touched. When a batch is settled and how it is claimed is in `uploads`.
"""

from collections.abc import Mapping
from datetime import datetime

import psycopg

MOST_TRIES = 5
"""How often a lead may be put off before it is given up."""


def confirm(conn: psycopg.Connection, batch_key: str, remote_ids: Mapping[str, str | None], now: datetime) -> None:
    """Leads that the platform has, with what it calls them, and their billing events."""
    conn.execute(
        """
        WITH confirmed AS (
            UPDATE outbound.platform_uploads u
            SET status = 'confirmed', settled_at = %(now)s, remote_id = nullif(n.remote_id, '')
            FROM unnest(%(ids)s::uuid[], %(remote)s::text[]) AS n (lead_id, remote_id)
            WHERE u.batch_key = %(key)s AND u.lead_id = n.lead_id AND u.status = 'intended'
            RETURNING u.lead_id
        )
        INSERT INTO outbound.billing_events (lead_id, kind, workspace_id, platform, occurred_at)
        SELECT c.lead_id, 'platform_upload', b.workspace_id, b.platform, %(now)s
        FROM confirmed c JOIN outbound.upload_batches b ON b.batch_key = %(key)s
        ON CONFLICT DO NOTHING
        """,
        {"key": batch_key, "ids": list(remote_ids), "remote": list(remote_ids.values()), "now": now},
    )


def reject(conn: psycopg.Connection, batch_key: str, reasons: Mapping[str, str], now: datetime) -> None:
    """Leads that the platform would not take, each with its reason."""
    conn.execute(
        """
        UPDATE outbound.platform_uploads u SET status = 'rejected', reason = n.reason, settled_at = %s
        FROM unnest(%s::uuid[], %s::text[]) AS n (lead_id, reason)
        WHERE u.batch_key = %s AND u.lead_id = n.lead_id AND u.status = 'intended'
        """,
        [now, list(reasons), list(reasons.values()), batch_key],
    )


def put_off(conn: psycopg.Connection, batch_key: str, reasons: Mapping[str, str], now: datetime) -> int:
    """Leads that the platform could not take now: tried again, MOST_TRIES times in all. Returns how many still wait."""
    rows = conn.execute(
        """
        UPDATE outbound.platform_uploads u SET tries = u.tries + 1,
            status = CASE WHEN u.tries + 1 >= %(most)s THEN 'failed' ELSE 'intended' END,
            reason = CASE WHEN u.tries + 1 >= %(most)s THEN n.reason END,
            settled_at = CASE WHEN u.tries + 1 >= %(most)s THEN %(now)s::timestamptz END
        FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS n (lead_id, reason)
        WHERE u.batch_key = %(key)s AND u.lead_id = n.lead_id AND u.status = 'intended'
        RETURNING u.status
        """,
        {"key": batch_key, "ids": list(reasons), "reasons": list(reasons.values()), "now": now, "most": MOST_TRIES},
    ).fetchall()
    return sum(status == "intended" for (status,) in rows)
