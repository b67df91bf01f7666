"""The plain result of a run of everything: small tables over what is stored. Reads only."""

from typing import Any

import psycopg

SUMMARIES = {
    "Drops by day and source": (
        ("day", "source", "drops", "received", "accepted", "duplicate", "quarantined"),
        """
        SELECT day::text, source, count(*), sum(received_rows)::bigint, sum(accepted_rows)::bigint,
            sum(duplicate_rows)::bigint, sum(quarantined_rows)::bigint
        FROM raw.drops WHERE kind <> 'vendor_answer' GROUP BY day, source ORDER BY day, source
        """,
    ),
    "Leads by intent": (
        ("band", "leads", "enriched", "skipped", "failed", "contacts"),
        """
        SELECT s.band, count(*), count(*) FILTER (WHERE e.status = 'completed'),
            count(*) FILTER (WHERE e.status = 'skipped'), count(*) FILTER (WHERE e.status = 'failed'),
            coalesce(sum(e.contacts_found), 0)::bigint
        FROM core.intent_scores s LEFT JOIN core.enrichments e USING (lead_id)
        GROUP BY s.band ORDER BY core.band_rank(s.band) DESC
        """,
    ),
    "Leads by owner": (
        ("workspace", "reason", "leads"),
        """
        SELECT w.slug, a.reason, count(*) FROM core.lead_assignments a
        JOIN core.workspaces w ON w.workspace_id = a.destination_id
        GROUP BY w.slug, a.reason ORDER BY count(*) DESC, w.slug, a.reason
        """,
    ),
    "Uploads by platform": (
        ("platform", "hot", "warm", "confirmed", "rejected", "failed", "waiting"),
        """
        SELECT b.platform, count(*) FILTER (WHERE b.band = 'hot'), count(*) FILTER (WHERE b.band = 'warm'),
            count(*) FILTER (WHERE u.status = 'confirmed'), count(*) FILTER (WHERE u.status = 'rejected'),
            count(*) FILTER (WHERE u.status = 'failed'), count(*) FILTER (WHERE u.status = 'intended')
        FROM outbound.platform_uploads u JOIN outbound.upload_batches b USING (batch_key)
        GROUP BY b.platform ORDER BY b.platform
        """,
    ),
    "Messages by channel": (
        ("channel", "kind", "confirmed", "sent", "waiting", "failed", "skipped", "resent unknowing"),
        """
        SELECT channel, kind, count(*) FILTER (WHERE state = 'confirmed'), count(*) FILTER (WHERE state = 'sent'),
            count(*) FILTER (WHERE state IN ('intended', 'unknown')),
            count(*) FILTER (WHERE state IN ('failed', 'dead')), count(*) FILTER (WHERE state = 'skipped'),
            count(*) FILTER (WHERE resends > 0)
        FROM outbound.deliveries GROUP BY channel, kind ORDER BY channel, kind
        """,
    ),
}


def summary(conn: psycopg.Connection, title: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Columns and rows of one of SUMMARIES."""
    columns, query = SUMMARIES[title]
    return columns, conn.execute(query).fetchall()
