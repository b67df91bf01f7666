"""`market.buyers`: who buys of a seller, with the balance of the wallet. Moves no money."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page

TABLE, KEY = "market.buyers", "buyer_id"


@dataclass(frozen=True)
class BuyerRow:
    """A buyer. Amounts are minor units of the seller's currency; a limit that is None does not bind."""

    buyer_id: str
    name: str
    email: str | None
    status: str
    priority: int
    weekly_limit_minor: int | None
    monthly_limit_minor: int | None
    balance_minor: int
    version: int
    created_at: datetime


_SELECT = """
    SELECT b.buyer_id::text, b.name, b.email, b.status, b.priority, b.weekly_limit_minor, b.monthly_limit_minor,
        coalesce(a.balance_minor, 0) AS balance_minor, b.version, b.created_at
    FROM market.buyers b
    LEFT JOIN market.ledger_accounts a
        ON a.workspace_id = b.workspace_id AND a.kind = 'wallet' AND a.buyer_id = b.buyer_id
    WHERE b.deleted_at IS NULL
"""


def find_buyer(conn: psycopg.Connection, workspace_id: str, buyer_id: str) -> BuyerRow:
    """The buyer of that id. Raises NotFound."""
    with conn.cursor(row_factory=class_row(BuyerRow)) as cursor:
        found = cursor.execute(
            f"{_SELECT} AND b.workspace_id = %s AND b.buyer_id = %s", [workspace_id, as_uuid(buyer_id)]
        ).fetchone()
    if found is None:
        raise NotFound(f"no buyer {buyer_id!r}. List them with GET /api/buyers.")
    return found


def list_buyers(
    conn: psycopg.Connection, workspace_id: str, asked: Asked, *, status: str | None = None
) -> Page[BuyerRow]:
    """The buyers that there are, oldest first."""
    return fetch_page(
        conn, BuyerRow, _SELECT, {"b.workspace_id = %s": workspace_id, "b.status = %s": status}, asked,
        order=("b.created_at", "b.buyer_id"), place=lambda one: Place(one.created_at, one.buyer_id),
    )  # fmt: skip
