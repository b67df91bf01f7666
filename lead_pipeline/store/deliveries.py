"""`outbound.deliveries` as they wait to be worked off: what is due in which lane, and what ends without an attempt.

Sends nothing. Attempts are in `delivery_attempts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.deliveries import State


@dataclass(frozen=True)
class Lane:
    """A queue of messages to one receiver, or by one provider. `due`: how many wait now."""

    name: str
    due: int


@dataclass(frozen=True)
class Due:
    """A message that is due. `lane` is channel/provider or channel/destination. `asks`: questions about it so far.

    `is_failing`: its receiver failed the last time. `address` is in clear, of who is told at the address of their
    account; else it is sealed in `address_sealed`. `quiet_from` and `quiet_until` are local times in `time_zone`.
    """

    delivery_id: str
    lane: str
    workspace_id: str
    buyer_id: str | None
    destination_id: str
    channel: str
    kind: str
    subject: str
    lead_id: str | None
    context: dict[str, Any] = field(repr=False)
    payload: str | None = field(repr=False)
    state: State
    attempts: int
    asks: int
    provider_id: str | None
    intended_at: datetime
    attempted_at: datetime | None
    next_attempt_at: datetime
    seq: int
    address: str | None = field(repr=False)
    address_sealed: bytes | None = field(repr=False)
    secret_sealed: bytes | None = field(repr=False)
    previous_secret_sealed: bytes | None = field(repr=False)
    is_failing: bool
    quiet_from: time | None
    quiet_until: time | None
    time_zone: str


_LANE = """
    CASE d.channel
        WHEN 'email' THEN 'email/' || CASE d.state
            WHEN 'intended' THEN coalesce(w.settings ->> 'email_provider', %(email_provider)s)
            ELSE coalesce(d.provider, %(email_provider)s)
        END
        WHEN 'sms' THEN 'sms/twilio'
        ELSE d.channel || '/' || d.destination_id
    END
"""
_IS_DUE = """
    d.state IN ('intended', 'sent', 'unknown') AND d.next_attempt_at <= %(now)s
    AND (x.retry_at IS NULL OR x.retry_at <= %(now)s)
"""
_FROM = """
    FROM outbound.deliveries d
    JOIN outbound.destinations x USING (destination_id)
    JOIN core.workspaces w ON w.workspace_id = d.workspace_id
"""
_LANES = f"""
SELECT {_LANE} AS name, count(*) AS due {_FROM} WHERE {_IS_DUE} GROUP BY 1 ORDER BY 1
"""
_DUE = f"""
SELECT
    d.delivery_id::text, {_LANE} AS lane, d.workspace_id::text, d.buyer_id::text, d.destination_id::text, d.channel,
    d.kind, d.subject, d.lead_id::text, d.context, d.payload, d.state, d.attempts, CASE WHEN d.state = 'intended' THEN 0
        ELSE (SELECT count(*) FROM outbound.delivery_attempts a
            WHERE a.delivery_id = d.delivery_id AND a.action = 'ask') END AS asks,
    d.provider_id, d.intended_at, d.attempted_at, d.next_attempt_at, d.seq,
    CASE WHEN x.address_sealed IS NULL THEN coalesce(u.email, b.email) END AS address, x.address_sealed,
    x.secret_sealed,
    CASE WHEN x.previous_secret_until > %(now)s THEN x.previous_secret_sealed END AS previous_secret_sealed,
    x.failures > 0 OR x.retry_at IS NOT NULL AS is_failing,
    x.quiet_from, x.quiet_until, coalesce(x.time_zone, w.time_zone) AS time_zone
{_FROM}
LEFT JOIN core.users u ON u.user_id = x.user_id
LEFT JOIN market.buyers b ON b.buyer_id = x.buyer_id
WHERE {_IS_DUE} AND {_LANE} = %(lane)s
    AND (%(after_at)s::timestamptz IS NULL OR (d.next_attempt_at, d.seq) > (%(after_at)s, %(after_seq)s))
ORDER BY d.next_attempt_at, d.seq LIMIT %(limit)s
"""  # noqa: S608 - constants


def due_lanes(conn: psycopg.Connection, now: datetime, *, email_provider: str) -> list[Lane]:
    """Lanes in which something is due, whose receiver is not left alone for a while."""
    with conn.cursor(row_factory=class_row(Lane)) as cursor:
        return cursor.execute(_LANES, {"now": now, "email_provider": email_provider}).fetchall()


def due_deliveries(
    conn: psycopg.Connection,
    lane: str,
    now: datetime,
    *,
    email_provider: str,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Due]:
    """The next messages of a lane, the longest due first: those after a message's `next_attempt_at` and `seq`."""
    at, seq = (None, None) if after is None else after
    given = {
        "lane": lane,
        "now": now,
        "email_provider": email_provider,
        "limit": limit,
        "after_at": at,
        "after_seq": seq,
    }
    with conn.cursor(row_factory=class_row(Due)) as cursor:
        return cursor.execute(_DUE, given).fetchall()


def close_undeliverable(conn: psycopg.Connection, now: datetime) -> int:
    """End messages whose destination is disabled, or wants no more. Ones that a provider has are asked about still."""
    return conn.execute(
        """
        UPDATE outbound.deliveries d SET next_attempt_at = NULL, settled_at = %(now)s,
            state = CASE WHEN x.deleted_at IS NULL THEN 'dead' ELSE 'skipped' END,
            error = CASE WHEN x.deleted_at IS NULL
                THEN 'its destination is disabled: ' || x.status_reason || '. Enable it, then replay this.'
                ELSE 'its destination was removed before it was sent.' END
        FROM outbound.destinations x
        WHERE x.destination_id = d.destination_id AND (x.deleted_at IS NOT NULL OR x.status = 'disabled')
            AND d.state IN ('intended', 'unknown') AND d.next_attempt_at <= %(now)s
        """,
        {"now": now},
    ).rowcount


def save_payloads(conn: psycopg.Connection, payloads: Mapping[str, str]) -> None:
    """Fix what is sent, once: a message that has its payload keeps it. As binary, for long texts are slow to escape."""
    conn.execute(
        """
        UPDATE outbound.deliveries d SET payload = p.payload
        FROM unnest(%s::uuid[], %b::text[]) AS p (delivery_id, payload)
        WHERE d.delivery_id = p.delivery_id AND d.payload IS NULL
        """,
        [list(payloads), list(payloads.values())],
    )


def skip(conn: psycopg.Connection, reasons: Mapping[str, str], now: datetime) -> None:
    """End messages for which there is no way, each with its reason."""
    conn.execute(
        """
        UPDATE outbound.deliveries d SET state = 'skipped', error = r.reason, next_attempt_at = NULL, settled_at = %s
        FROM unnest(%s::uuid[], %s::text[]) AS r (delivery_id, reason)
        WHERE d.delivery_id = r.delivery_id AND d.state = 'intended'
        """,
        [now, list(reasons), list(reasons.values())],
    )


def postpone(conn: psycopg.Connection, until: Mapping[str, datetime]) -> None:
    """Let messages wait, which costs them no attempt."""
    conn.execute(
        """
        UPDATE outbound.deliveries d SET next_attempt_at = p.until
        FROM unnest(%s::uuid[], %s::timestamptz[]) AS p (delivery_id, until)
        WHERE d.delivery_id = p.delivery_id AND d.state IN ('intended', 'sent', 'unknown')
        """,
        [list(until), list(until.values())],
    )


def leave_waiting(conn: psycopg.Connection, reasons: Mapping[str, str], until: datetime) -> None:
    """Let messages wait for somebody to set something right, each with the reason; it costs them no attempt."""
    conn.execute(
        """
        UPDATE outbound.deliveries d SET next_attempt_at = %s, error = r.reason
        FROM unnest(%s::uuid[], %s::text[]) AS r (delivery_id, reason)
        WHERE d.delivery_id = r.delivery_id AND d.state IN ('intended', 'sent', 'unknown')
        """,
        [until, list(reasons), list(reasons.values())],
    )


def state_counts(conn: psycopg.Connection, day: date) -> dict[str, int]:
    """How many messages of a day are in each state."""
    return dict(conn.execute("SELECT state, count(*) FROM outbound.deliveries WHERE day = %s GROUP BY 1", [day]))


def waiting_reasons(conn: psycopg.Connection, day: date, limit: int = 20) -> list[tuple[str, str, int]]:
    """Why messages of a day wait: channel, reason, how many; the most first."""
    return conn.execute(
        """
        SELECT channel, coalesce(error, 'not sent yet'), count(*) FROM outbound.deliveries
        WHERE day = %s AND state IN ('intended', 'sent', 'unknown') GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT %s
        """,
        [day, limit],
    ).fetchall()
