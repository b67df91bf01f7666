"""A seller's own subscription at Stripe, in its row of `market.sellers`: the newest that was told of it."""

from datetime import datetime
from uuid import UUID

import psycopg


def save_subscription(
    conn: psycopg.Connection,
    *,
    workspace_id: str | None,
    customer: str,
    subscription_id: str,
    status: str,
    plan: str | None,
    told_at: datetime,
) -> bool:
    """Keep what was told of a subscription, unless something newer is here. False where it is no seller's.

    The seller is the one of that customer, else the one that the subscription names and that has none yet.
    """
    row = conn.execute(
        """
        UPDATE market.sellers AS s SET stripe_customer = %(customer)s,
            stripe_subscription = CASE WHEN n.is_newer THEN %(subscription)s ELSE s.stripe_subscription END,
            subscription_status = CASE WHEN n.is_newer THEN %(status)s ELSE s.subscription_status END,
            subscription_plan = CASE WHEN n.is_newer THEN %(plan)s ELSE s.subscription_plan END,
            subscription_changed_at = greatest(s.subscription_changed_at, %(told_at)s)
        FROM (
            SELECT workspace_id, coalesce(subscription_changed_at <= %(told_at)s, true) AS is_newer
            FROM market.sellers
            WHERE stripe_customer = %(customer)s OR (workspace_id = %(workspace)s::uuid AND stripe_customer IS NULL)
            ORDER BY stripe_customer IS NULL LIMIT 1 FOR UPDATE
        ) AS n
        WHERE s.workspace_id = n.workspace_id RETURNING 1
        """,
        {
            "workspace": _uuid(workspace_id), "customer": customer, "subscription": subscription_id,
            "status": status, "plan": plan, "told_at": told_at,
        },
    ).fetchone()  # fmt: skip
    return row is not None


def _uuid(text: str | None) -> str | None:
    try:
        return None if text is None else str(UUID(text))
    except ValueError:
        return None
