"""Questions about a day whose right answer is "none": each returns the offenders, so that a check can name them."""

from datetime import date

import pandas as pd
import psycopg

from lead_pipeline.store.bulk import fetch_frame


def unaccounted_drops(conn: psycopg.Connection, day: date) -> pd.DataFrame:
    """Drops whose counts are not the rows that the tables hold: drop_id, and counted and found of each kind."""
    return fetch_frame(
        conn,
        """
        WITH d AS (SELECT * FROM raw.drops WHERE day = %(day)s AND (stage <> 'kept' OR kind = 'webhook')),
        a AS (SELECT drop_id, count(*) n FROM core.leads JOIN d USING (drop_id) GROUP BY drop_id),
        s AS (SELECT drop_id, count(*) n FROM core.lead_sightings JOIN d USING (drop_id) GROUP BY drop_id),
        q AS (SELECT drop_id, count(*) n FROM core.quarantined_rows JOIN d USING (drop_id) GROUP BY drop_id)
        SELECT d.drop_id, d.accepted_rows, coalesce(a.n, 0) AS leads, d.duplicate_rows, coalesce(s.n, 0) AS sightings,
            d.quarantined_rows, coalesce(q.n, 0) AS quarantined
        FROM d LEFT JOIN a USING (drop_id) LEFT JOIN s USING (drop_id) LEFT JOIN q USING (drop_id)
        WHERE (d.accepted_rows, d.duplicate_rows, d.quarantined_rows)
            <> (coalesce(a.n, 0), coalesce(s.n, 0), coalesce(q.n, 0))
        ORDER BY d.drop_id
        """,
        {"day": day},
    )


def failed_files(conn: psycopg.Connection, day: date) -> pd.DataFrame:
    """Files of a day that could not be read to their end: drop_id, file_name and error."""
    return fetch_frame(
        conn,
        """
        SELECT drop_id, headers ->> 'file_name' AS file_name, error FROM raw.drops
        WHERE day = %s AND kind = 'csv' AND error IS NOT NULL ORDER BY drop_id
        """,
        [day],
    )


def undecided_leads(conn: psycopg.Connection, day: date, table: str) -> int:
    """Leads of drops that are through whose decision is not in `table`: core.intent_scores or core.lead_assignments."""
    stages = ["scored", "routed"] if table == "core.intent_scores" else ["routed"]
    row = conn.execute(
        f"""
        SELECT count(*) FROM raw.drops d JOIN core.leads l USING (drop_id)
        WHERE d.day = %s AND d.stage = ANY(%s) AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.lead_id = l.lead_id)
        """,  # noqa: S608 - one of two names of our own
        [day, stages],
    ).fetchone()
    assert row is not None
    return int(row[0])


def crowded_leads(conn: psycopg.Connection, day: date) -> int:
    """Leads with more than five contacts, or with contacts whose enrichment is not completed."""
    row = conn.execute(
        """
        SELECT count(*) FROM (
            SELECT c.lead_id FROM core.enrichments e JOIN core.lead_contacts c USING (lead_id)
            WHERE e.day = %s GROUP BY c.lead_id, e.status HAVING count(*) > 5 OR e.status <> 'completed'
        ) offenders
        """,
        [day],
    ).fetchone()
    assert row is not None
    return int(row[0])


def wrong_uploads(conn: psycopg.Connection, day: date) -> pd.DataFrame:
    """Uploads of cold leads, confirmed ones without exactly one billing event, and ones left over in a closed batch."""
    return fetch_frame(
        conn,
        """
        SELECT u.lead_id::text, u.status, s.band, b.status AS batch_status, e.lead_id IS NOT NULL AS is_billed
        FROM outbound.upload_batches b
        JOIN outbound.platform_uploads u USING (batch_key)
        LEFT JOIN core.intent_scores s ON s.lead_id = u.lead_id
        LEFT JOIN outbound.billing_events e ON e.lead_id = u.lead_id AND e.kind = 'platform_upload'
        WHERE b.day = %s AND (
            s.band IS DISTINCT FROM b.band
            OR (u.status = 'confirmed') <> (e.lead_id IS NOT NULL)
            OR (b.status IN ('confirmed', 'failed') AND u.status = 'intended')
        )
        ORDER BY u.lead_id
        """,
        [day],
    )


def assigned_leads(conn: psycopg.Connection, day: date, limit: int) -> pd.DataFrame:
    """A sample of a day's routed leads, the same one every time: what routing decides on, and what it decided."""
    return fetch_frame(
        conn,
        """
        SELECT l.lead_id::text, l.workspace_id::text, l.industry, l.industry_group, l.country, l.state, l.region,
            a.destination_id::text, a.rule_id::text, a.rule_version, a.rule_set_version, a.reason
        FROM raw.drops d
        JOIN core.leads l USING (drop_id)
        JOIN core.lead_assignments a ON a.lead_id = l.lead_id AND a.destination_kind = 'workspace' AND a.seq = 1
        WHERE d.day = %s ORDER BY hashtext(l.lead_id::text), l.lead_id LIMIT %s
        """,
        [day, limit],
    )
