"""`market.campaign_subscriptions`: buyers' standing orders in campaigns. Decides no lead."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page

TABLE, KEY = "market.campaign_subscriptions", "subscription_id"


@dataclass(frozen=True)
class SubscriptionRow:
    """A subscription with what it hangs on: its campaign (slug) and its buyer (name), and how these stand."""

    subscription_id: str
    campaign_id: str
    campaign: str
    campaign_status: str
    allow_state_selection: bool
    buyer_id: str
    buyer: str
    buyer_status: str
    status: str
    daily_cap: int | None
    states: list[str]
    weight: int | None
    waterfall_rank: int
    target: int | None
    schedule: list[dict[str, Any]] | None
    version: int
    created_at: datetime


_SELECT = """
    SELECT s.subscription_id::text, s.campaign_id::text, c.slug AS campaign,
        CASE WHEN c.deleted_at IS NULL THEN c.status ELSE 'DELETED' END AS campaign_status, c.allow_state_selection,
        s.buyer_id::text, b.name AS buyer, b.status AS buyer_status, s.status, s.daily_cap, s.states, s.weight,
        s.waterfall_rank, s.target, s.schedule, s.version, s.created_at
    FROM market.campaign_subscriptions s
    JOIN market.campaigns c USING (campaign_id) JOIN market.buyers b USING (buyer_id)
    WHERE true
"""


def find_subscription(conn: psycopg.Connection, workspace_id: str, subscription_id: str) -> SubscriptionRow:
    """The subscription of that id, a cancelled one too. Raises NotFound."""
    with conn.cursor(row_factory=class_row(SubscriptionRow)) as cursor:
        found = cursor.execute(
            f"{_SELECT} AND s.workspace_id = %s AND s.subscription_id = %s", [workspace_id, as_uuid(subscription_id)]
        ).fetchone()
    if found is None:
        raise NotFound(f"no subscription {subscription_id!r}. List them with GET /api/subscriptions.")
    return found


def list_subscriptions(
    conn: psycopg.Connection,
    workspace_id: str,
    asked: Asked,
    *,
    status: str | None = None,
    campaign_id: str | None = None,
    buyer_id: str | None = None,
) -> Page[SubscriptionRow]:
    """Subscriptions, oldest first; cancelled ones only where that status is asked for."""
    wanted = {
        "s.workspace_id = %s": workspace_id,
        "s.status = %s": status,
        "s.status <> %s": "CANCELLED" if status is None else None,
        "s.campaign_id = %s": campaign_id,
        "s.buyer_id = %s": buyer_id,
    }
    return fetch_page(
        conn, SubscriptionRow, _SELECT, wanted, asked,
        order=("s.created_at", "s.subscription_id"), place=lambda one: Place(one.created_at, one.subscription_id),
    )  # fmt: skip


def subscription_of(conn: psycopg.Connection, campaign_id: str, buyer_id: str) -> tuple[str, str] | None:
    """Id and status of a buyer's subscription to a campaign, None where it never had one."""
    row = conn.execute(
        "SELECT subscription_id::text, status FROM market.campaign_subscriptions "
        "WHERE campaign_id = %s AND buyer_id = %s",
        [campaign_id, buyer_id],
    ).fetchone()
    return None if row is None else (row[0], row[1])


def cancel_subscriptions(conn: psycopg.Connection, buyer_id: str) -> None:
    """Cancel all that a buyer has."""
    conn.execute(
        "UPDATE market.campaign_subscriptions SET status = 'CANCELLED' WHERE buyer_id = %s AND status <> 'CANCELLED'",
        [buyer_id],
    )


def next_position(conn: psycopg.Connection, campaign_id: str) -> int:
    """The place in the rotation that nobody had yet. The campaign's row is held by the caller."""
    row = conn.execute("SELECT market.next_position(%s)", [campaign_id]).fetchone()
    assert row is not None
    return int(row[0])
