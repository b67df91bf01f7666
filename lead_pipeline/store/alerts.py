"""`core.alerts`: one row per breach, open from its first sight until the figure is good again. Sends nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.alerts import WINDOW, Verdict


@dataclass(frozen=True)
class OpenAlert:
    """A breach that is not over. `notified_at` is None until somebody was told."""

    alert_id: int
    notified_at: datetime | None


def open_alert(conn: psycopg.Connection, verdict: Verdict, now: datetime) -> bool:
    """Note a breach, unless one of that name is open: then False. The unique index decides between processes."""
    row = conn.execute(
        """
        INSERT INTO core.alerts (name, threshold, figure, counted, time_window, opened_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (name) WHERE closed_at IS NULL DO NOTHING RETURNING alert_id
        """,
        [verdict.name, verdict.threshold.percent, verdict.value, verdict.total, WINDOW, now],
    ).fetchone()
    return row is not None


@contextmanager
def held_alert(conn: psycopg.Connection, name: str) -> Iterator[OpenAlert | None]:
    """The open alert of a name, locked for the block in a transaction of its own.

    None where there is none, or where another process is telling people of it at this moment.
    """
    with conn.transaction(), conn.cursor(row_factory=class_row(OpenAlert)) as cursor:
        yield cursor.execute(
            """
            SELECT alert_id, notified_at FROM core.alerts WHERE name = %s AND closed_at IS NULL
            FOR UPDATE SKIP LOCKED
            """,
            [name],
        ).fetchone()


def note_notified(conn: psycopg.Connection, alert_id: int, now: datetime) -> None:
    """Somebody was told."""
    conn.execute("UPDATE core.alerts SET notified_at = %s WHERE alert_id = %s", [now, alert_id])


def close_alert(conn: psycopg.Connection, alert_id: int, now: datetime) -> None:
    """The figure is good again; the next breach of that name is another alert."""
    conn.execute("UPDATE core.alerts SET closed_at = %s WHERE alert_id = %s", [now, alert_id])
