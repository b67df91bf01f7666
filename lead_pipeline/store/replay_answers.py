"""The schema `replay` for answers of Clay: which are kept about which lead, and what was rebuilt from them.

All of it happens in the caller's transaction, as in `store.replay`. Compares nothing and reads nothing out of a body.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd
import psycopg
from psycopg.rows import class_row

from lead_pipeline.store.bulk import copy_frame
from lead_pipeline.store.replay import Chosen, begin_schema

_AT_ONCE = 500


@dataclass(frozen=True, repr=False)
class KeptAnswer:
    """One answer about a lead, `event` being `webhook` for a webhook. `decided`: by the record it settled the lead."""

    drop_id: int
    lead_id: str
    event: str
    external_id: str
    body: bytes | None
    is_as_received: bool
    decided: bool | None


def begin(conn: psycopg.Connection, vendor: str) -> int:
    """Make the schema anew, with the answers that name their lead in it. Returns how many these are.

    Raises InProgress while another replay is under way.
    """
    begin_schema(conn)
    conn.execute(_SCHEMA)
    return conn.execute(_ANSWERS, {"vendor": vendor}).rowcount


def kept_webhooks(conn: psycopg.Connection, vendor: str) -> Iterator[list[tuple[int, bytes]]]:
    """Drop id and body of webhooks that are kept and settled no lead that is recorded, in chunks."""
    after = 0
    query = """
        SELECT d.drop_id, d.body FROM raw.drops d
        WHERE d.source = %s AND d.kind = 'webhook' AND d.stage = 'kept' AND d.body IS NOT NULL AND d.drop_id > %s
            AND NOT EXISTS (SELECT 1 FROM replay.answers a WHERE a.drop_id = d.drop_id)
        ORDER BY d.drop_id LIMIT %s
    """
    while rows := conn.execute(query, [vendor, after, _AT_ONCE]).fetchall():
        after = rows[-1][0]
        yield [(drop_id, bytes(body)) for drop_id, body in rows]


def note_webhooks(conn: psycopg.Connection, leads: Sequence[tuple[int, str]]) -> None:
    """Webhooks by drop id that name a lead."""
    if leads:
        copy_frame(
            conn, "replay.answers", pd.DataFrame(leads, columns=["drop_id", "lead_id"]).assign(event="webhook")
        )  # fmt: skip


def choose_leads(conn: psycopg.Connection, vendor: str, chosen: Chosen) -> int:
    """Settle which leads are compared: those of the chosen days. Returns how many retention has left out."""
    days = {"vendor": vendor, "since": chosen.since, "until": chosen.until}
    conn.execute("CREATE UNLOGGED TABLE replay.compared (lead_id uuid PRIMARY KEY)")
    conn.execute(_COMPARED, days)
    archived = conn.execute(
        "DELETE FROM replay.compared c USING core.archived_leads a WHERE a.lead_id = c.lead_id"
    ).rowcount
    conn.execute("CREATE INDEX ON replay.answers (lead_id); ANALYZE replay.answers; ANALYZE replay.compared")
    return archived


def next_leads(conn: psycopg.Connection, vendor: str, after: str) -> list[tuple[str, list[KeptAnswer]]]:
    """The next leads by id, each with the answers about it in the order in which they came."""
    with conn.cursor(row_factory=class_row(KeptAnswer)) as cursor:
        answers = cursor.execute(_NEXT, {"vendor": vendor, "after": after, "limit": _AT_ONCE}).fetchall()
    return [(lead_id, list(of_lead)) for lead_id, of_lead in groupby(answers, key=lambda answer: answer.lead_id)]


def leave_out(conn: psycopg.Connection, lead_id: str) -> None:
    """Take a lead whose answers are not all kept out of the comparison."""
    conn.execute("DELETE FROM replay.compared WHERE lead_id = %s::uuid", [lead_id])


def keep_outcomes(conn: psycopg.Connection, vendor: str, outcomes: pd.DataFrame, contacts: pd.DataFrame) -> None:
    """Write what was rebuilt: outcomes as `enrichments.settle` takes them, contacts as core.lead_contacts has them."""
    if not outcomes.empty:
        copy_frame(conn, "replay.enrichments", outcomes.assign(vendor=vendor))
    if not contacts.empty:
        copy_frame(conn, "replay.lead_contacts", contacts)


_SCHEMA: Any = """
CREATE UNLOGGED TABLE replay.answers (drop_id bigint PRIMARY KEY, lead_id uuid NOT NULL, event text NOT NULL);
CREATE UNLOGGED TABLE replay.lead_contacts (LIKE core.lead_contacts);
CREATE UNLOGGED TABLE replay.enrichments AS
SELECT lead_id, vendor, status, reason, contacts_found, answer_drop_id FROM core.enrichments LIMIT 0;
"""
_ANSWERS = """
INSERT INTO replay.answers
SELECT d.drop_id, split_part(d.external_id, '/', 2)::uuid, d.event_type FROM raw.drops d
WHERE d.source = %(vendor)s AND d.kind = 'vendor_answer'
    AND d.external_id ~ '^(company_contacts|verify_email)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(/|$)'
UNION ALL
SELECT d.drop_id, e.lead_id, 'webhook' FROM core.enrichments e JOIN raw.drops d ON d.drop_id = e.answer_drop_id
WHERE e.vendor = %(vendor)s AND d.source = %(vendor)s AND d.kind = 'webhook' AND d.stage = 'kept'
"""
_COMPARED = """
INSERT INTO replay.compared
SELECT n.lead_id FROM (
    SELECT lead_id FROM replay.answers UNION SELECT lead_id FROM core.lead_contacts
    UNION SELECT lead_id FROM core.enrichments WHERE vendor = %(vendor)s
) n
JOIN core.leads l USING (lead_id)
LEFT JOIN core.enrichments e ON e.lead_id = n.lead_id AND e.vendor = %(vendor)s
WHERE (%(since)s::date IS NULL OR coalesce(e.day, l.day) >= %(since)s)
    AND (%(until)s::date IS NULL OR coalesce(e.day, l.day) <= %(until)s)
"""
_NEXT = """
SELECT d.drop_id, a.lead_id::text, a.event, d.external_id, d.body,
    encode(sha256(d.body), 'hex') = d.body_sha256 AS is_as_received, e.answer_drop_id = d.drop_id AS decided
FROM (
    SELECT DISTINCT a.lead_id FROM replay.answers a JOIN replay.compared c USING (lead_id)
    WHERE a.lead_id > %(after)s::uuid ORDER BY a.lead_id LIMIT %(limit)s
) n
JOIN replay.answers a USING (lead_id) JOIN raw.drops d USING (drop_id)
LEFT JOIN core.enrichments e ON e.lead_id = n.lead_id AND e.vendor = %(vendor)s
ORDER BY a.lead_id, d.drop_id
"""
