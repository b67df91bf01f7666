"""What must hold of messages, and what people should know of them: the questions of checks. Reads only."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

_LATE = timedelta(hours=1)


def wrong_deliveries(conn: psycopg.Connection, day: date) -> list[dict[str, Any]]:
    """Messages of a day that are confirmed without a word of their receiver, or were sent after it was known to have
    them.
    """
    return _records(
        conn,
        """
        SELECT d.delivery_id::text, d.channel, d.state, CASE WHEN d.state = 'confirmed' AND NOT EXISTS (
                SELECT 1 FROM outbound.delivery_attempts a
                WHERE a.delivery_id = d.delivery_id AND a.outcome IN ('confirmed', 'accepted')
            ) THEN 'confirmed by nobody' ELSE 'sent again though it was there' END AS what
        FROM outbound.deliveries d
        WHERE d.day = %s AND (
            d.state = 'confirmed' AND NOT EXISTS (
                SELECT 1 FROM outbound.delivery_attempts a
                WHERE a.delivery_id = d.delivery_id AND a.outcome IN ('confirmed', 'accepted')
            )
            OR d.replays = 0 AND EXISTS (
                SELECT 1 FROM outbound.delivery_attempts a JOIN outbound.delivery_attempts b USING (delivery_id)
                WHERE a.delivery_id = d.delivery_id AND a.action = 'send' AND b.action = 'send'
                    AND a.outcome IN ('confirmed', 'accepted') AND b.attempt_no > a.attempt_no
            )
        )
        ORDER BY d.seq
        """,
        [day],
    )


def undelivered(conn: psycopg.Connection, day: date, now: datetime) -> list[dict[str, Any]]:
    """Messages of a day that were given up, or are open for more than an hour, by channel, state and reason."""
    return _records(
        conn,
        """
        SELECT channel, state, coalesce(error, 'not sent yet') AS reason, count(*) AS messages
        FROM outbound.deliveries
        WHERE day = %s AND (state IN ('dead', 'failed')
            OR state IN ('intended', 'unknown') AND intended_at < %s AND next_attempt_at < %s)
        GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3
        """,
        [day, now - _LATE, now],
    )


def resent_without_knowing(conn: psycopg.Connection, day: date) -> int:
    """How many messages of a day were sent again though they may have been there."""
    row = conn.execute("SELECT count(*) FROM outbound.deliveries WHERE day = %s AND resends > 0", [day]).fetchone()
    assert row is not None
    return int(row[0])


def disabled_destinations(conn: psycopg.Connection) -> list[dict[str, Any]]:
    """Destinations that are disabled, with why."""
    return _records(
        conn,
        """
        SELECT w.slug AS workspace, d.channel, d.shown, d.status_reason AS reason, d.destination_id::text
        FROM outbound.destinations d JOIN core.workspaces w USING (workspace_id)
        WHERE d.status = 'disabled' AND d.deleted_at IS NULL ORDER BY 1, 2, 3
        """,
        [],
    )


def unheard_rules(conn: psycopg.Connection) -> list[dict[str, Any]]:
    """Active rules whose notify_via names a channel on which nobody of their destination wants to be told."""
    return _records(
        conn,
        """
        SELECT w.slug AS workspace, r.rule_name, o.slug AS destination, c.channel
        FROM core.lead_routing_rules r
        JOIN core.workspaces w ON w.workspace_id = r.workspace_id
        JOIN core.workspaces o ON o.workspace_id = r.destination_workspace_id
        CROSS JOIN LATERAL jsonb_array_elements_text(
            CASE jsonb_typeof(r.actions -> 'notify_via') WHEN 'array' THEN r.actions -> 'notify_via' ELSE '[]' END
        ) AS c (channel)
        WHERE r.valid_to IS NULL AND r.is_active AND NOT EXISTS (
            SELECT 1 FROM outbound.receivers x
            WHERE x.workspace_id = r.destination_workspace_id AND x.buyer_id IS NULL AND x.channel = c.channel
                AND x.kinds @> '{routed_leads}'
        )
        ORDER BY 1, 2, 4
        """,
        [],
    )


def _records(conn: psycopg.Connection, query: str, given: Sequence[Any]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, given).fetchall()
