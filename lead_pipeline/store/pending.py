"""What waits for a run, and what has arrived: the questions that sensors ask. Reads only, decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg
from psycopg.rows import class_row

from lead_pipeline.store.drops import try_hold
from lead_pipeline.store.upload_jobs import PendingJob, pending_jobs

SEEN_AT_ONCE = 500
LOOK_BACK = timedelta(days=7)  # sensors look after recent days; an older one is a backfill
OPEN_LONGEST = timedelta(minutes=10)  # no transaction that lands or settles a drop is open for longer


@dataclass(frozen=True)
class WaitingDrops:
    """Landed drops of one source and day: how many, with the first and the last id."""

    source: str
    day: date
    count: int
    first: int
    last: int


@dataclass(frozen=True)
class Request:
    """A person's request to do something now, as it landed."""

    drop_id: int
    event_type: str | None
    body: bytes
    day: date


@dataclass(frozen=True)
class Arrivals:
    """Drops of one kind, day, source and event type, and their rows by what became of them."""

    kind: str
    day: date
    source: str
    event_type: str | None
    drops: int
    waiting: int
    refused_whole: int
    received: int
    accepted: int
    duplicate: int
    quarantined: int
    first: int
    last: int


def waiting_events(
    conn: psycopg.Connection, sources: Sequence[str], *, now: datetime, supplier_seconds: float
) -> list[WaitingDrops]:
    """Landed webhooks, supplier leads and repairs by source and day, oldest day first.

    A supplier's lead is decided in its request: only one that is older than `supplier_seconds` waits.
    """
    with conn.cursor(row_factory=class_row(WaitingDrops)) as cursor:
        return cursor.execute(
            """
            SELECT source, day, count(*) AS count, min(drop_id) AS first, max(drop_id) AS last FROM raw.drops
            WHERE stage = 'landed' AND kind IN ('webhook', 'supplier_lead', 'repair') AND source = ANY(%s)
                AND (kind <> 'supplier_lead' OR received_at < %s)
            GROUP BY source, day ORDER BY day, source
            """,
            [list(sources), now - timedelta(seconds=supplier_seconds)],
        ).fetchall()


def days_to_enrich(
    conn: psycopg.Connection, vendor: str, since: date, *, sent_by: datetime | None = None
) -> dict[date, int]:
    """Days with leads of DataShopper that nobody has asked `vendor` about: not planned yet, or still pending.

    With `sent_by`, a lead that was sent later than that waits for the vendor's webhook, and for no run.
    """
    rows = conn.execute(
        """
        SELECT day, sum(leads)::bigint FROM (
            SELECT f.day, count(*) AS leads FROM core.discovered_leads f
            WHERE f.day >= %(since)s
                AND NOT EXISTS (SELECT 1 FROM core.enrichments e WHERE e.lead_id = f.lead_id AND e.vendor = %(vendor)s)
            GROUP BY f.day
            UNION ALL
            SELECT day, count(*) FROM core.enrichments
            WHERE vendor = %(vendor)s AND status = 'pending' AND day >= %(since)s
                AND (sent_at IS NULL OR %(sent_by)s::timestamptz IS NULL OR sent_at <= %(sent_by)s) GROUP BY day
        ) waiting GROUP BY day ORDER BY day
        """,
        {"vendor": vendor, "since": since, "sent_by": sent_by},
    )
    return dict(rows.fetchall())


def days_to_upload(conn: psycopg.Connection, since: date) -> dict[date, int]:
    """Days with hot and warm leads that are enriched, or need not be, and that no batch holds yet; and days with
    batches that wait, each looked at less and less often, by the database's clock, to an account that there is.
    """
    rows = conn.execute(
        """
        SELECT day, sum(leads)::bigint FROM (
            SELECT f.day, count(*) AS leads FROM core.discovered_leads f
            JOIN core.intent_scores s USING (lead_id) JOIN core.enrichments e USING (lead_id)
            WHERE f.day >= %(since)s AND s.band IN ('hot', 'warm') AND e.status IN ('completed', 'skipped')
                AND NOT EXISTS (SELECT 1 FROM outbound.platform_uploads u WHERE u.lead_id = f.lead_id)
            GROUP BY f.day
            UNION ALL
            SELECT b.day, count(*) FROM outbound.upload_batches b
            JOIN outbound.platform_accounts a USING (workspace_id, platform)
            JOIN outbound.platform_uploads u ON u.batch_key = b.batch_key AND u.status = 'intended'
            WHERE b.day >= %(since)s AND b.status IN ('intended', 'unknown')
                AND b.intended_at + make_interval(mins => 15 + 15 * b.attempts * (b.attempts + 1) / 2)
                    < statement_timestamp()
            GROUP BY b.day
        ) waiting GROUP BY day ORDER BY day
        """,
        {"since": since},
    )
    return dict(rows.fetchall())


def days_of_parties(conn: psycopg.Connection, since: date, *, now: datetime, grace: timedelta) -> dict[date, int]:
    """Days with decided events of the CRM that nobody took up, and enrichments that are due.

    The run that decides an event enriches it too: one that is younger than `grace` is left to it. What closes a lead is
    decided by no run, and waits only where there is a manager to tell.
    """
    rows = conn.execute(
        """
        SELECT day, sum(waiting)::bigint FROM (
            SELECT d.day, count(*) AS waiting FROM raw.drops d
            WHERE d.source = 'c2s' AND d.kind = 'webhook' AND d.stage = 'routed' AND d.received_at >= %(since)s
                AND d.settled_at <= %(idle)s
                AND NOT EXISTS (SELECT 1 FROM core.crm_events e WHERE e.drop_id = d.drop_id)
            GROUP BY d.day
            UNION ALL
            SELECT d.day, count(*) FROM raw.drops d
            WHERE d.source = 'c2s' AND d.kind = 'webhook' AND d.stage = 'kept' AND d.received_at >= %(since)s
                AND NOT EXISTS (SELECT 1 FROM core.crm_events e WHERE e.drop_id = d.drop_id)
                AND EXISTS (
                    SELECT 1 FROM core.realtor_managers m
                    WHERE m.workspace_id = d.workspace_id AND m.deleted_at IS NULL AND m.created_at <= d.received_at
                )
            GROUP BY d.day
            UNION ALL
            SELECT day, count(*) FROM core.party_enrichments
            WHERE status = 'pending' AND day >= %(since)s AND next_attempt_at <= %(now)s AND requested_at <= %(idle)s
            GROUP BY day
        ) work GROUP BY day ORDER BY day
        """,
        {"since": since, "now": now, "idle": now - grace},
    )
    return dict(rows.fetchall())


def idle_jobs(conn: psycopg.Connection) -> list[PendingJob]:
    """Upload jobs in `processing` that no process is importing. `conn` commits by itself: no lock is kept."""
    return [job for job in pending_jobs(conn) if try_hold(conn, job.drop_id)]


def new_requests(conn: psycopg.Connection, after: int, *, seen: Sequence[int], now: datetime) -> list[Request]:
    """Requests with an id beyond `after`, and late ones: a smaller id may be committed after a greater one.

    `seen` are ids that are done with. Oldest first, at most SEEN_AT_ONCE.
    """
    with conn.cursor(row_factory=class_row(Request)) as cursor:
        return cursor.execute(
            """
            SELECT drop_id, event_type, coalesce(body, '') AS body, day FROM raw.drops
            WHERE source = 'admin' AND kind = 'request' AND (drop_id > %s OR received_at > %s) AND drop_id <> ALL(%s)
            ORDER BY drop_id LIMIT %s
            """,
            [after, now - OPEN_LONGEST, list(seen), SEEN_AT_ONCE],
        ).fetchall()


def day_of_lead(conn: psycopg.Connection, lead_id: str) -> date | None:
    """The day of a lead by its id (a UUID), None where there is no such lead."""
    row = conn.execute("SELECT day FROM core.leads WHERE lead_id = %s::uuid", [lead_id]).fetchone()
    return None if row is None else row[0]


def changed_days(conn: psycopg.Connection, kinds: Sequence[str], since: datetime | None) -> list[date]:
    """Days with drops that landed or settled after `since`, or while a transaction of then may have been open.

    Looks LOOK_BACK behind `since`, and at everything where it is None.
    """
    begin = None if since is None else since - OPEN_LONGEST
    rows = conn.execute(
        """
        SELECT DISTINCT day FROM raw.drops
        WHERE kind = ANY(%(kinds)s) AND (%(begin)s::timestamptz IS NULL
            OR day >= %(first)s AND (received_at > %(begin)s OR settled_at > %(begin)s))
        ORDER BY day
        """,
        {"kinds": list(kinds), "begin": begin, "first": begin and begin.date() - LOOK_BACK},
    )
    return [day for (day,) in rows]


def arrivals(conn: psycopg.Connection, kinds: Sequence[str], days: Sequence[date]) -> list[Arrivals]:
    """What arrived on these days, by kind, day, source and event type."""
    with conn.cursor(row_factory=class_row(Arrivals)) as cursor:
        return cursor.execute(
            """
            SELECT kind, day, source, event_type, count(*) AS drops,
                count(*) FILTER (WHERE stage = 'landed') AS waiting,
                count(*) FILTER (WHERE stage = 'quarantined') AS refused_whole,
                sum(received_rows)::bigint AS received, sum(accepted_rows)::bigint AS accepted,
                sum(duplicate_rows)::bigint AS duplicate, sum(quarantined_rows)::bigint AS quarantined,
                min(drop_id) AS first, max(drop_id) AS last
            FROM raw.drops WHERE kind = ANY(%s) AND day = ANY(%s)
            GROUP BY kind, day, source, event_type ORDER BY kind, day, source, event_type
            """,
            [list(kinds), list(days)],
        ).fetchall()
