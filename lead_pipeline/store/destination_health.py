"""How the receivers of webhooks and Slack messages answer: failures in a row, until when they are left alone, and why
one is disabled. Decides nothing (`domain.deliveries`).
"""

from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from lead_pipeline.domain.deliveries import hold_for
from lead_pipeline.store.intents import intend_notices


def note_answered(conn: psycopg.Connection, destination_id: str) -> None:
    """It took a message, or refused just that one."""
    conn.execute(
        "UPDATE outbound.destinations SET failures = 0, failing_since = NULL, retry_at = NULL "
        "WHERE destination_id = %s AND (failures > 0 OR retry_at IS NOT NULL)",
        [destination_id],
    )


def note_failed(
    conn: psycopg.Connection, destination_id: str, now: datetime, retry_after: float | None = None
) -> datetime:
    """It failed: leave it alone for a while that grows. Returns since when it has been failing."""
    row = conn.execute(
        """
        UPDATE outbound.destinations SET failures = failures + 1, failing_since = coalesce(failing_since, %(now)s)
        WHERE destination_id = %(id)s RETURNING failures, failing_since
        """,
        {"id": destination_id, "now": now},
    ).fetchone()
    assert row is not None
    failures: int = row[0]
    since: datetime = row[1]
    hold_until(conn, destination_id, now + hold_for(failures, retry_after))
    return since


def hold_until(conn: psycopg.Connection, destination_id: str, until: datetime) -> None:
    """Leave it alone until then."""
    conn.execute("UPDATE outbound.destinations SET retry_at = %s WHERE destination_id = %s", [until, destination_id])


def disable(conn: psycopg.Connection, destination_id: str, reason: str, *, now: datetime, run_id: str) -> None:
    """Send it nothing more until somebody enables it, and tell whose it is. In the caller's transaction."""
    row = conn.execute(
        """
        UPDATE outbound.destinations SET status = 'disabled', status_reason = %(reason)s, updated_at = %(now)s
        WHERE destination_id = %(id)s AND status = 'active'
        RETURNING workspace_id, buyer_id, shown, channel, failing_since
        """,
        {"id": destination_id, "reason": reason, "now": now},
    ).fetchone()
    if row is None:
        return
    workspace, buyer, shown, channel, since = row
    key = f"endpoint_disabled/{destination_id}/{now:%Y-%m-%dT%H:%M:%S}"
    detail = {
        "host": shown,
        "channel": channel,
        "reason": reason,
        "failing_since": None if since is None else since.isoformat(),
    }
    told = conn.execute(
        """
        INSERT INTO market.notices (workspace_id, buyer_id, kind, key, detail, created_at)
        SELECT s.workspace_id, %s, 'endpoint_disabled', %s, %s, %s FROM market.sellers s WHERE s.workspace_id = %s
        ON CONFLICT DO NOTHING
        """,
        [buyer, key, Jsonb(detail), now, workspace],
    )
    if told.rowcount:
        intend_notices(conn, [key], now=now, run_id=run_id)
