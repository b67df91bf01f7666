"""Attempts of deliveries: written down before they are made, and what they came to. Makes none.

While the outcome of a send is not known, the message is `sent`, and due again only once it can no longer be on its way.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.domain.deliveries import Outcome, Verdict


@dataclass(frozen=True)
class Ended:
    """What an attempt came to. `seconds` is how long it took, `status` the HTTP status, None where there was none."""

    outcome: Outcome
    status: int | None = None
    seconds: float = 0.0
    error: str | None = None


def begin(
    conn: psycopg.Connection,
    delivery_id: str,
    action: str,
    *,
    provider: str,
    is_resend: bool,
    now: datetime,
    until: datetime,
    run_id: str,
) -> int | None:
    """Write an attempt down before it is made: its number. None where the message is not due any more.

    Until `until` nobody takes it up again, unless the outcome is written down before. One that is sent again because a
    process died over it has lost no attempt.
    """
    row = conn.execute(
        """
        WITH begun AS (
            UPDATE outbound.deliveries SET
                state = CASE WHEN %(is_send)s THEN 'sent' ELSE state END,
                attempts = attempts + (%(is_send)s AND state <> 'sent')::int,
                resends = resends + %(is_resend)s::int,
                attempted_at = CASE WHEN %(is_send)s THEN %(now)s ELSE attempted_at END,
                provider = %(provider)s, next_attempt_at = %(until)s, error = NULL
            WHERE delivery_id = %(id)s AND state IN ('intended', 'sent', 'unknown') AND next_attempt_at <= %(now)s
            RETURNING delivery_id
        )
        INSERT INTO outbound.delivery_attempts (delivery_id, attempt_no, action, run_id, attempted_at)
        SELECT delivery_id, 1 + (
            SELECT coalesce(max(a.attempt_no), 0) FROM outbound.delivery_attempts a WHERE a.delivery_id = %(id)s
        ), %(action)s, %(run_id)s, %(now)s
        FROM begun RETURNING attempt_no
        """,
        {
            "id": delivery_id,
            "action": action,
            "is_send": action == "send",
            "is_resend": is_resend,
            "provider": provider,
            "now": now,
            "until": until,
            "run_id": run_id,
        },
    ).fetchone()
    return None if row is None else int(row[0])


def end(
    conn: psycopg.Connection,
    delivery_id: str,
    attempt_no: int,
    ended: Ended,
    verdict: Verdict,
    *,
    provider_id: str | None,
    now: datetime,
) -> None:
    """Write down what an attempt came to, and what the message is after it, in one statement."""
    conn.execute(
        """
        WITH ended AS (
            UPDATE outbound.delivery_attempts SET outcome = %(outcome)s, status = %(status)s, seconds = %(seconds)s,
                error = %(error)s
            WHERE delivery_id = %(id)s AND attempt_no = %(number)s
        )
        UPDATE outbound.deliveries SET state = %(state)s, next_attempt_at = %(next_at)s, error = %(error)s,
            provider_id = coalesce(%(provider_id)s, provider_id), attempts = attempts - %(is_free)s::int,
            settled_at = CASE WHEN %(next_at)s::timestamptz IS NULL THEN %(now)s::timestamptz END
        WHERE delivery_id = %(id)s
        """,
        {
            "id": delivery_id,
            "number": attempt_no,
            **vars(ended),
            "state": verdict.state,
            "next_at": verdict.next_at,
            "is_free": verdict.is_free,
            "provider_id": provider_id,
            "now": now,
        },
    )
