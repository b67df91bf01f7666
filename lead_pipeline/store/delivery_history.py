"""`outbound.deliveries` and their attempts as people look at them: found, listed, summed. Changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page


@dataclass(frozen=True)
class Filter:
    """Which messages: all that fit every part that is given. `since` is part of it, `until` is not."""

    states: tuple[str, ...] = ()
    channel: str | None = None
    kind: str | None = None
    lead_id: str | None = None
    endpoint_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> Mapping[str, Any]:
        """By condition, with one `%s` each; a value that is None is no condition."""
        return {
            "d.state = ANY(%s::text[])": list(self.states) or None,
            "d.channel = %s": self.channel,
            "d.kind = %s": self.kind,
            "d.lead_id = %s::uuid": self.lead_id,
            "d.destination_id = %s::uuid": self.endpoint_id,
            "d.intended_at >= %s": self.since,
            "d.intended_at < %s": self.until,
        }


@dataclass(frozen=True)
class Delivery:
    """One message. `shown` is its receiver's address as people are shown it; `attempts` since the last replay."""

    delivery_id: str
    workspace_id: str
    buyer_id: str | None
    destination_id: str
    shown: str
    channel: str
    kind: str
    subject: str
    lead_id: str | None
    state: str
    attempts: int
    resends: int
    replays: int
    replayed_at: datetime | None
    replayed_by: str | None
    provider: str | None
    provider_id: str | None
    error: str | None
    intended_at: datetime
    next_attempt_at: datetime | None
    attempted_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True)
class Attempt:
    """One call about a message. `outcome` is None while it is under way, or was cut off."""

    attempt_no: int
    action: str
    outcome: str | None
    status: int | None
    seconds: float | None
    error: str | None
    attempted_at: datetime


@dataclass(frozen=True)
class Tally:
    """How many messages of a channel are in a state; `resent` of them were sent again without knowing."""

    channel: str
    state: str
    deliveries: int
    resent: int


_SELECT = """
    SELECT d.delivery_id::text, d.workspace_id::text, d.buyer_id::text, d.destination_id::text,
        coalesce(x.shown, '') AS shown, d.channel, d.kind, d.subject, d.lead_id::text, d.state, d.attempts, d.resends,
        d.replays, d.replayed_at, d.replayed_by, d.provider, d.provider_id, d.error, d.intended_at, d.next_attempt_at,
        d.attempted_at, d.settled_at
    FROM outbound.deliveries d LEFT JOIN outbound.destinations x USING (destination_id)
    WHERE true
"""
_TALLY = """
    SELECT d.channel, d.state, count(*) AS deliveries, count(*) FILTER (WHERE d.resends > 0) AS resent
    FROM outbound.deliveries d WHERE true {conditions} GROUP BY 1, 2 ORDER BY 1, 2
"""


def list_deliveries(
    conn: psycopg.Connection, workspace_id: str | None, buyer_id: str | None, wanted: Filter, asked: Asked
) -> Page[Delivery]:
    """Messages to a buyer, else of a workspace, else of all, the last written down first."""
    whose = {"d.workspace_id = %s": workspace_id, "d.buyer_id = %s": buyer_id}
    return fetch_page(
        conn, Delivery, _SELECT, {**whose, **wanted.conditions()}, asked, order=("d.intended_at", "d.delivery_id"),
        place=lambda one: Place(one.intended_at, one.delivery_id), newest_first=True,
    )  # fmt: skip


def find_delivery(
    conn: psycopg.Connection, workspace_id: str | None, buyer_id: str | None, delivery_id: str
) -> Delivery:
    """The message of that id, of whom `list_deliveries` would list it. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Delivery)) as cursor:
        found = cursor.execute(
            f"{_SELECT} AND d.delivery_id = %(id)s "
            "AND (%(workspace)s::uuid IS NULL OR d.workspace_id = %(workspace)s::uuid) "
            "AND (%(buyer)s::uuid IS NULL OR d.buyer_id = %(buyer)s::uuid)",
            {"id": as_uuid(delivery_id), "workspace": workspace_id, "buyer": buyer_id},
        ).fetchone()
    if found is None:
        raise NotFound(f"no delivery {delivery_id!r}. List them with GET /api/deliveries.")
    return found


def payload_of(conn: psycopg.Connection, delivery_id: str) -> str | None:
    """What is sent, as JSON text; None until it is fixed."""
    row = conn.execute("SELECT payload FROM outbound.deliveries WHERE delivery_id = %s", [delivery_id]).fetchone()
    return None if row is None else row[0]


def attempts_of(conn: psycopg.Connection, delivery_id: str) -> list[Attempt]:
    """Every call about a message, the first one first."""
    with conn.cursor(row_factory=class_row(Attempt)) as cursor:
        return cursor.execute(
            "SELECT attempt_no, action, outcome, status, seconds, error, attempted_at FROM outbound.delivery_attempts "
            "WHERE delivery_id = %s ORDER BY attempt_no",
            [delivery_id],
        ).fetchall()


def tally(conn: psycopg.Connection, workspace_id: str | None, wanted: Filter) -> list[Tally]:
    """Messages of a workspace, or of all, by channel and state."""
    kept = {"d.workspace_id = %s": workspace_id, **wanted.conditions()}
    given = {condition: value for condition, value in kept.items() if value is not None}
    conditions = " ".join(f"AND {condition}" for condition in given)
    with conn.cursor(row_factory=class_row(Tally)) as cursor:
        return cursor.execute(_TALLY.format(conditions=conditions), list(given.values())).fetchall()
