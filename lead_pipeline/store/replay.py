"""The schema `replay`: drops chosen to be rebuilt, what was rebuilt from them, and which arrival was the first.

All of it happens in the caller's transaction, so that it sees one state of `core`. Compares nothing (`comparison`)
and reads no body (`steps.replay_rows`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import psycopg
from psycopg.rows import class_row

from lead_pipeline.errors import InProgress
from lead_pipeline.store.bulk import copy_frame
from lead_pipeline.store.drops import Drop
from lead_pipeline.store.retention import ARCHIVED, PERSONAL_COLUMNS, WITHOUT_VALUES

KINDS = ("vendor_page", "csv", "webhook", "supplier_lead", "repair")
_LOCK = 7_263_402
_BYTES_AT_ONCE = 16 << 20
_DROPS_AT_ONCE = 500


@dataclass(frozen=True)
class Chosen:
    """The drops to rebuild: days `since` to `until`, both included, and sources; None and empty choose all."""

    since: date | None = None
    until: date | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recorded(Drop):
    """A drop with what was recorded about it. `refusal`: why it was refused whole, None where it never was."""

    body_sha256: str
    refusal: str | None


def begin_schema(conn: psycopg.Connection) -> None:
    """Make the schema anew, empty. Raises InProgress while another replay is under way."""
    row = conn.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK]).fetchone()
    if row != (True,):
        raise InProgress("another replay is under way in this database. Let it finish, then start this one.")
    conn.execute("DROP SCHEMA IF EXISTS replay CASCADE; CREATE SCHEMA replay")


def begin(conn: psycopg.Connection, chosen: Chosen) -> tuple[int, int]:
    """Make the schema anew, with the chosen drops in it. Returns how many they are, and the rows that they brought.

    Raises InProgress while another replay is under way.
    """
    begin_schema(conn)
    conn.execute(_SCHEMA)
    conn.execute(
        """
        INSERT INTO replay.drops SELECT d.drop_id, d.received_rows FROM raw.drops d
        WHERE d.kind = ANY(%(kinds)s) AND d.stage <> 'kept' AND d.source <> 'stripe'
            AND (%(since)s::date IS NULL OR d.day >= %(since)s) AND (%(until)s::date IS NULL OR d.day <= %(until)s)
            AND (cardinality(%(sources)s::text[]) = 0 OR d.source = ANY(%(sources)s))
        """,
        {**chosen.__dict__, "sources": list(chosen.sources), "kinds": list(KINDS)},
    )
    conn.execute("ANALYZE replay.drops")
    found = conn.execute("SELECT count(*), coalesce(sum(received_rows), 0)::bigint FROM replay.drops").fetchone()
    assert found is not None
    return found[0], found[1]


def next_drops(conn: psycopg.Connection, after: int) -> list[Recorded]:
    """The next chosen drops by id, as many as stay within the bounds of one chunk, at least one."""
    with conn.cursor(row_factory=class_row(Recorded)) as cursor:
        return cursor.execute(_NEXT, {"after": after, "drops": _DROPS_AT_ONCE, "bytes": _BYTES_AT_ONCE}).fetchall()


def leave_out(conn: psycopg.Connection, drop_id: int) -> None:
    """Take a drop that cannot be read out of the comparison."""
    conn.execute("DELETE FROM replay.drops WHERE drop_id = %s", [drop_id])


def keep_rows(conn: psycopg.Connection, table: str, rows: pd.DataFrame) -> None:
    """Write rebuilt rows into a table of the schema; columns as in the table of `core` of the same name."""
    if not rows.empty:
        copy_frame(conn, f"replay.{table}", rows.dropna(axis="columns", how="all"))


def deciding_versions(conn: psycopg.Connection, lead_ids: Sequence[str]) -> pd.Series:
    """Of those that are recorded as leads or assigned: lead id to rule set version, -1 where none is recorded."""
    ids = [f"{{{','.join(lead_ids)}}}"]
    recorded = conn.execute("SELECT lead_id::text, -1 FROM core.leads WHERE lead_id = ANY(%s::uuid[])", ids).fetchall()
    assigned = conn.execute(
        """
        SELECT lead_id::text, rule_set_version FROM core.lead_assignments
        WHERE lead_id = ANY(%s::uuid[]) AND destination_kind = 'workspace' AND seq = 1
        """,
        ids,
    ).fetchall()
    return pd.Series(dict(recorded) | dict(assigned), dtype="int64")


def tell_apart(conn: psycopg.Connection) -> None:
    """Make leads and sightings of the arrivals in replay.leads, by the recorded first arrival of each party.

    Tables without statistics of their own are joined by keys only: planned as small, they would take hours.
    """
    conn.execute("ANALYZE replay.leads")
    conn.execute(_SIGHTINGS)
    conn.execute("ANALYZE replay.lead_sightings")
    conn.execute(
        """
        DELETE FROM replay.leads l USING replay.lead_sightings s
        WHERE l.drop_id = s.drop_id AND l.row_no = s.row_no
        """
    )
    for table in ("intent_scores", "lead_assignments"):
        conn.execute(
            f"""
            DELETE FROM replay.{table} t
            WHERE NOT EXISTS (SELECT 1 FROM replay.leads l WHERE l.lead_id = t.lead_id)
            """  # noqa: S608 - one of two names of our own
        )
    conn.execute(
        """
        CREATE UNLOGGED TABLE replay.lead_ids (lead_id uuid PRIMARY KEY);
        INSERT INTO replay.lead_ids
        SELECT lead_id FROM core.leads JOIN replay.drops USING (drop_id) UNION SELECT lead_id FROM replay.leads;
        ANALYZE replay.lead_ids
        """
    )


def forget_archived(conn: psycopg.Connection) -> tuple[int, int]:
    """Take what retention has removed in `core` out of what was rebuilt. Returns how many leads, and refused rows."""
    nothing = ", ".join(f"{column} = NULL" for column in PERSONAL_COLUMNS)
    leads = conn.execute(
        f"UPDATE replay.leads l SET {nothing} FROM core.archived_leads a WHERE a.lead_id = l.lead_id"  # noqa: S608
    ).rowcount
    conn.execute(
        "UPDATE replay.intent_scores s SET deciding = NULL FROM core.archived_leads a WHERE a.lead_id = s.lead_id"
    )
    rows = conn.execute(
        f"""
        UPDATE replay.quarantined_rows r SET row = c.row, reasons = {WITHOUT_VALUES.format(reasons="r.reasons")}
        FROM core.quarantined_rows c
        WHERE c.drop_id = r.drop_id AND c.row_no = r.row_no AND c.row ? '{ARCHIVED}'
        """  # noqa: S608 - made of constants
    ).rowcount
    return leads, rows


def archived_bodies(conn: psycopg.Connection) -> int:
    """How many of the chosen drops have their body in the blob store since retention moved it there."""
    row = conn.execute(
        "SELECT count(*) FROM raw.drops JOIN replay.drops USING (drop_id) WHERE kind <> 'csv' AND blob_path IS NOT NULL"
    ).fetchone()
    assert row is not None
    return int(row[0])


_TABLES: Mapping[str, str] = {
    "leads": "core.leads",
    "intent_scores": "core.intent_scores",
    "lead_assignments": "core.lead_assignments",
    "quarantined_rows": "core.quarantined_rows",
}
_SCHEMA: Any = (
    "CREATE UNLOGGED TABLE replay.drops (drop_id bigint PRIMARY KEY, received_rows bigint NOT NULL);"
    + "".join(f"CREATE UNLOGGED TABLE replay.{name} (LIKE {of} INCLUDING DEFAULTS);" for name, of in _TABLES.items())
)
_NEXT = """
SELECT d.drop_id, d.source, d.kind, d.event_type, d.workspace_id::text AS workspace_id,
    w.country AS workspace_country, d.headers, d.body, d.blob_path, d.day, d.received_at, d.stage, d.next_row,
    d.body_sha256,
    CASE WHEN d.stage = 'quarantined' THEN d.error ELSE q.reasons #>> '{0,check}' END AS refusal
FROM (
    SELECT x.drop_id, sum(CASE WHEN x.body IS NULL THEN 1 << 20 ELSE octet_length(x.body) END)
        OVER (ORDER BY x.drop_id) AS bytes, row_number() OVER (ORDER BY x.drop_id) AS place
    FROM (
        SELECT drop_id, body FROM raw.drops JOIN replay.drops USING (drop_id)
        WHERE drop_id > %(after)s ORDER BY drop_id LIMIT %(drops)s
    ) x
) n
JOIN raw.drops d USING (drop_id)
LEFT JOIN core.workspaces w USING (workspace_id)
LEFT JOIN core.quarantined_rows q ON q.drop_id = d.drop_id AND q.row_no = -1
WHERE n.bytes <= %(bytes)s OR n.place = 1
ORDER BY d.drop_id
"""
# The recorded lead of a party is its first arrival, where it is among those rebuilt or came in a drop that was not
# chosen. Else it is not what the drops say: the lowest arrival is the lead, and the comparison shows both.
_SIGHTINGS = """
CREATE UNLOGGED TABLE replay.lead_sightings AS
SELECT n.drop_id, n.row_no, n.first AS lead_id
FROM (
    SELECT a.drop_id, a.row_no, a.lead_id, CASE
        WHEN k.lead_id IS NULL OR (o.drop_id IS NOT NULL AND f.lead_id IS NULL)
            THEN first_value(a.lead_id) OVER (
                PARTITION BY a.workspace_id, a.fingerprint ORDER BY a.drop_id, a.row_no
            )
        ELSE k.lead_id
    END AS first
    FROM replay.leads a
    LEFT JOIN core.leads k ON k.workspace_id = a.workspace_id AND k.fingerprint = a.fingerprint
    LEFT JOIN replay.drops o ON o.drop_id = k.drop_id
    LEFT JOIN replay.leads f ON f.lead_id = k.lead_id
) n
WHERE n.lead_id <> n.first
"""
