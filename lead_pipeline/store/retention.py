"""What is old enough to go, and its removal: jobs, personal data of delivered leads, messages, refused rows, bodies.

Says which columns are personal and what counts as delivered. Keeps no blob and no time (`steps.retention`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from lead_pipeline.errors import InProgress

PERSONAL_COLUMNS = (
    "full_name", "first_name", "last_name", "job_title", "email", "email_suggestion", "phone", "linkedin_url",
    "company_name", "domain", "website", "city", "postal_code", "country_raw", "state_raw", "attributes", "signals",
)  # fmt: skip
ARCHIVED = "archived"
"""Key of core.quarantined_rows.row that stands, alone, for a content that is in the blob it names."""
WITHOUT_VALUES = """(
    SELECT jsonb_agg(x.reason || '{{"value": null}}' ORDER BY x.place)
    FROM jsonb_array_elements({reasons}) WITH ORDINALITY AS x (reason, place)
)"""
_LOCK = 7_263_403

# The one place that says which leads are delivered.
_DELIVERED = """
    SELECT u.lead_id FROM outbound.platform_uploads u WHERE u.status = 'confirmed'
    UNION ALL
    SELECT m.lead_id FROM outbound.deliveries m WHERE m.state = 'confirmed' AND m.kind IN ('new_lead', 'hot_lead')
"""
# A workspace keeps everything by settings.retention.archive = false; a slip there keeps everything too.
_ARCHIVES = """
    coalesce(CASE jsonb_typeof(w.settings -> 'retention')
        WHEN 'object' THEN w.settings #> '{retention,archive}' ELSE w.settings -> 'retention'
    END, 'true') = 'true'
"""
_DUE_LEADS = f"""
    FROM core.leads l LEFT JOIN core.workspaces w USING (workspace_id)
    WHERE l.received_at <= %(leads_until)s AND {_ARCHIVES}
        AND EXISTS (SELECT 1 FROM ({_DELIVERED}) d WHERE d.lead_id = l.lead_id)
        AND NOT EXISTS (SELECT 1 FROM core.archived_leads a WHERE a.lead_id = l.lead_id)
        AND NOT EXISTS (SELECT 1 FROM core.enrichments e WHERE e.lead_id = l.lead_id AND e.status = 'pending')
        AND NOT EXISTS (
            SELECT 1 FROM outbound.deliveries m
            WHERE m.lead_id = l.lead_id AND m.state IN ('intended', 'sent', 'unknown')
        )
"""  # noqa: S608 - made of constants
_DUE_ROWS = f"""
    FROM core.quarantined_rows q JOIN raw.drops d USING (drop_id) LEFT JOIN core.workspaces w USING (workspace_id)
    WHERE q.status <> 'waiting' AND NOT q.row ? '{ARCHIVED}' AND d.received_at <= %(leads_until)s AND {_ARCHIVES}
"""
_DUE_MESSAGES = f"""
    FROM outbound.deliveries m JOIN core.workspaces w USING (workspace_id)
    WHERE m.settled_at <= %(leads_until)s AND (m.payload IS NOT NULL OR m.context <> '{{}}') AND {_ARCHIVES}
"""
_DUE_JOBS = "FROM core.bulk_upload_jobs j WHERE j.completed_at <= %(jobs_until)s"


def _due_bodies(gone: str) -> str:
    """Drops, as `d`, that hold nothing but `gone` leads and settled rows, and answers about such leads."""
    stays = f"NOT EXISTS (SELECT 1 FROM ({gone}) g WHERE g.lead_id = x.lead_id)"  # noqa: S608 - made of constants
    return f"""
    FROM raw.drops d LEFT JOIN core.workspaces w USING (workspace_id)
    WHERE d.body IS NOT NULL AND {_ARCHIVES} AND (
        d.stage IN ('routed', 'quarantined') AND d.received_rows > 0 AND d.received_at <= %(leads_until)s
        AND NOT EXISTS (SELECT 1 FROM core.leads x WHERE x.drop_id = d.drop_id AND {stays})
        AND NOT EXISTS (SELECT 1 FROM core.lead_sightings x WHERE x.drop_id = d.drop_id AND {stays})
        AND NOT EXISTS (SELECT 1 FROM core.quarantined_rows q WHERE q.drop_id = d.drop_id AND q.status = 'waiting')
        OR d.stage = 'kept' AND d.kind = 'webhook' AND d.received_at <= %(leads_until)s
        AND NOT EXISTS (SELECT 1 FROM core.enrichments x WHERE x.answer_drop_id = d.drop_id AND {stays})
        OR d.kind = 'vendor_answer' AND d.headers ->> 'lead_id' IN (SELECT g.lead_id::text FROM ({gone}) g)
        OR d.drop_id IN (
            SELECT x.answer_drop_id FROM core.enrichments x GROUP BY x.answer_drop_id HAVING NOT bool_or({stays})
        )
    )
    """  # noqa: S608 - made of constants


@dataclass(frozen=True)
class Bounds:
    """What is older goes: jobs by when they were completed, leads and drops by when they were received."""

    jobs_until: datetime
    leads_until: datetime


@dataclass(frozen=True)
class Due:
    """How much of a kind is due in a workspace (slug), None where a drop has none."""

    kind: str
    workspace: str | None
    count: int


@contextmanager
def held(session: psycopg.Connection) -> Iterator[None]:
    """Be the only one to remove. `session` commits by itself. Raises InProgress where another process removes."""
    if session.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
        raise InProgress("another run of retention is under way. Let it finish; nothing is removed twice.")
    try:
        yield
    finally:
        if not session.broken:
            session.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def count_due(conn: psycopg.Connection, bounds: Bounds) -> list[Due]:
    """What a removal would remove now, by kind and workspace."""
    with conn.cursor(row_factory=class_row(Due)) as cursor:
        return cursor.execute(_COUNTS, vars(bounds)).fetchall()


def remove_jobs(conn: psycopg.Connection, bounds: Bounds, limit: int) -> int:
    """Remove finished jobs. Their drops stay."""
    return conn.execute(
        f"DELETE FROM core.bulk_upload_jobs WHERE job_id IN (SELECT j.job_id {_DUE_JOBS} LIMIT %(limit)s)",  # noqa: S608
        {**vars(bounds), "limit": limit},
    ).rowcount


def forget_messages(conn: psycopg.Connection, bounds: Bounds, limit: int) -> int:
    """Remove what was written in messages that are long settled; that they were sent, and to whom, stays."""
    return conn.execute(
        f"""
        UPDATE outbound.deliveries SET payload = NULL, context = '{{}}'
        WHERE delivery_id IN (SELECT m.delivery_id {_DUE_MESSAGES} LIMIT %(limit)s)
        """,  # noqa: S608 - made of constants
        {**vars(bounds), "limit": limit},
    ).rowcount


def due_leads(conn: psycopg.Connection, bounds: Bounds, after: str, limit: int) -> list[tuple[str, str]]:
    """The next due leads by id, locked: id, and all that goes and what it belongs to as one line of JSON."""
    return conn.execute(_LEADS, {**vars(bounds), "after": after, "limit": limit}).fetchall()


def forget_leads(
    conn: psycopg.Connection, lead_ids: Sequence[str], *, blob: str, run_id: str, now: datetime
) -> tuple[int, int]:
    """Remove what is personal of leads that a blob holds. Returns how many contacts and payloads went."""
    ids = {"ids": list(lead_ids), "blob": blob, "run_id": run_id, "now": now}
    conn.execute("INSERT INTO core.archived_leads SELECT unnest(%(ids)s::uuid[]), %(blob)s, %(run_id)s, %(now)s", ids)
    nothing = ", ".join(f"{column} = NULL" for column in PERSONAL_COLUMNS)
    conn.execute(f"UPDATE core.leads SET {nothing} WHERE lead_id = ANY(%(ids)s::uuid[])", ids)  # noqa: S608
    conn.execute("UPDATE core.intent_scores SET deciding = NULL WHERE lead_id = ANY(%(ids)s::uuid[])", ids)
    contacts = conn.execute("DELETE FROM core.lead_contacts WHERE lead_id = ANY(%(ids)s::uuid[])", ids).rowcount
    payloads = conn.execute(
        "UPDATE outbound.platform_uploads SET payload = '{}' WHERE lead_id = ANY(%(ids)s::uuid[])", ids
    ).rowcount
    return contacts, payloads


def due_rows(
    conn: psycopg.Connection, bounds: Bounds, after: tuple[int, int], limit: int
) -> list[tuple[int, int, str]]:
    """The next settled refused rows of old drops, locked: drop id, row number, the row as one line of JSON."""
    return conn.execute(
        f"""
        SELECT q.drop_id, q.row_no, jsonb_build_object(
            'drop_id', q.drop_id, 'row_no', q.row_no, 'row', q.row, 'reasons', q.reasons
        )::text {_DUE_ROWS} AND (q.drop_id, q.row_no) > (%(drop)s, %(row)s)
        ORDER BY q.drop_id, q.row_no LIMIT %(limit)s FOR UPDATE OF q
        """,
        {**vars(bounds), "drop": after[0], "row": after[1], "limit": limit},
    ).fetchall()


def forget_rows(conn: psycopg.Connection, keys: Sequence[tuple[int, int]], *, blob: str) -> None:
    """Leave of refused rows that a blob holds which checks they failed."""
    conn.execute(
        f"""
        UPDATE core.quarantined_rows q SET row = jsonb_build_object('{ARCHIVED}', %s::text),
            reasons = {WITHOUT_VALUES.format(reasons="q.reasons")}
        FROM unnest(%s::bigint[], %s::bigint[]) AS n (drop_id, row_no)
        WHERE q.drop_id = n.drop_id AND q.row_no = n.row_no
        """,  # noqa: S608 - made of constants
        [blob, [drop_id for drop_id, _ in keys], [row_no for _, row_no in keys]],
    )


def due_bodies(conn: psycopg.Connection, bounds: Bounds, after: int, limit: int) -> list[int]:
    """The next drops by id whose body goes, once due leads and rows are gone."""
    rows = conn.execute(
        f"SELECT d.drop_id {_due_bodies(_GONE)} AND d.drop_id > %(after)s ORDER BY d.drop_id LIMIT %(limit)s",
        {**vars(bounds), "after": after, "limit": limit},
    )
    return [drop_id for (drop_id,) in rows]


def lock_bodies(conn: psycopg.Connection, drop_ids: Sequence[int]) -> list[tuple[int, bytes]]:
    """Those of the bodies that are still in the database, locked."""
    return conn.execute(
        "SELECT drop_id, body FROM raw.drops WHERE drop_id = ANY(%s) AND body IS NOT NULL ORDER BY drop_id FOR UPDATE",
        [list(drop_ids)],
    ).fetchall()


def move_bodies(conn: psycopg.Connection, blobs: dict[int, str]) -> None:
    """Drop id to the blob that holds its body: the body leaves the database."""
    conn.execute(
        """
        UPDATE raw.drops d SET body = NULL, blob_path = n.blob
        FROM unnest(%s::bigint[], %s::text[]) AS n (drop_id, blob) WHERE d.drop_id = n.drop_id
        """,
        [list(blobs), list(blobs.values())],
    )


_GONE = "SELECT lead_id FROM core.archived_leads"
_LEADS: Any = f"""
SELECT l.lead_id::text, jsonb_build_object(
    'lead', to_jsonb(l),
    'deciding', (SELECT s.deciding FROM core.intent_scores s WHERE s.lead_id = l.lead_id),
    'contacts', (SELECT jsonb_agg(c ORDER BY c.contact_no) FROM core.lead_contacts c WHERE c.lead_id = l.lead_id),
    'enrichments', (
        SELECT jsonb_agg(jsonb_build_object('vendor', e.vendor, 'answer_drop_id', e.answer_drop_id) ORDER BY e.vendor)
        FROM core.enrichments e WHERE e.lead_id = l.lead_id
    ),
    'upload', (
        SELECT jsonb_build_object('batch_key', u.batch_key, 'payload', u.payload)
        FROM outbound.platform_uploads u WHERE u.lead_id = l.lead_id
    )
)::text {_DUE_LEADS} AND l.lead_id > %(after)s ORDER BY l.lead_id LIMIT %(limit)s FOR UPDATE OF l
"""  # noqa: S608 - made of constants
_COUNTS: Any = f"""
WITH due AS MATERIALIZED (SELECT l.lead_id, w.slug {_DUE_LEADS}),
counted AS (
    SELECT 'bulk_upload_jobs' AS kind, (
        SELECT w.slug FROM core.workspaces w WHERE w.workspace_id = j.workspace_id
    ) AS workspace {_DUE_JOBS}
    UNION ALL SELECT 'leads', slug FROM due
    UNION ALL SELECT 'lead_contacts', due.slug FROM due JOIN core.lead_contacts USING (lead_id)
    UNION ALL SELECT 'upload_payloads', due.slug FROM due JOIN outbound.platform_uploads USING (lead_id)
    UNION ALL SELECT 'message_payloads', w.slug {_DUE_MESSAGES}
    UNION ALL SELECT 'quarantined_rows', w.slug {_DUE_ROWS}
    UNION ALL SELECT 'drop_bodies', w.slug {_due_bodies(_GONE + " UNION ALL SELECT lead_id FROM due")}
)
SELECT kind, workspace, count(*) AS count FROM counted GROUP BY kind, workspace ORDER BY kind, workspace
"""  # noqa: S608 - made of constants
