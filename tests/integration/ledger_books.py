"""A seller with buyers and a clock, for tests of the ledger: moves as the steps make them, and what the books say.

Charges are written as the distribution writes them, with their assignments and what counts against limits. No test is
here.
"""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import psycopg

from lead_pipeline.domain.books import periods_of
from lead_pipeline.steps.run import Run
from lead_pipeline.store.campaign_assignments import insert_buyer_assignments
from lead_pipeline.store.ledger import account_ids, insert_charges
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.selling_counters import note_spending
from lead_pipeline.store.workspaces import save_workspace

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
ZONE = "America/New_York"


@dataclass
class Books:
    """The seller's `workspace_id`, its `buyers`, and the moment that it is."""

    workspace_id: str
    buyers: list[str]
    now: datetime = START
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        self.run = Run("test", lambda: self.now)

    def pass_time(self, **time: float) -> None:
        self.now += timedelta(**time)

    def move(self, buyer: int, amount: int, key: str | None = None) -> dict[str, Any]:
        """What fund, reserve and adjust are called with."""
        return {
            "workspace_id": self.workspace_id, "buyer_id": self.buyers[buyer], "amount_minor": amount,
            "key": key or f"test/{uuid.uuid4()}", "reason": "a test", "run": self.run,
        }  # fmt: skip

    def back(self, buyer: int, lead_id: str) -> dict[str, Any]:
        """What refund is called with."""
        return {
            "workspace_id": self.workspace_id, "buyer_id": self.buyers[buyer], "lead_id": lead_id,
            "reason": "a wrong number", "now": self.now, "run": self.run,
        }  # fmt: skip

    def charge(self, conn: psycopg.Connection, *sales: tuple[int, int], lead_id: str | None = None) -> list[str]:
        """Sell a lead for each buyer and price, in one transaction. Returns the leads."""
        leads = [lead_id or str(uuid.uuid4()) for _ in sales]
        buyers = [self.buyers[buyer] for buyer, _ in sales]
        with conn.transaction():
            lock_sellers(conn, [self.workspace_id])
            accounts = account_ids(conn, self.workspace_id, buyers)
            sold = pd.DataFrame(
                {"lead_id": leads, "buyer_id": buyers, "price_minor": [price for _, price in sales], "campaign_id": "c",
                 "seq": 1, "reason": "round_robin"}
            )  # fmt: skip
            insert_buyer_assignments(conn, sold, {"c": 1}, run_id="test", now=self.now)
            insert_charges(
                conn,
                pd.DataFrame(
                    {"lead_id": leads, "buyer_id": buyers, "workspace_id": self.workspace_id,
                     "amount_minor": sold["price_minor"], "wallet_account": sold["buyer_id"].map(accounts.wallet),
                     "revenue_account": accounts.revenue, "reason": "round_robin", "run_id": "test",
                     "occurred_at": self.now.isoformat()}
                ),
            )  # fmt: skip
            spent = sold.groupby("buyer_id")["price_minor"].sum().to_dict()
            note_spending(conn, periods_of(self.now, ZONE), spent)
        return leads

    def balances(self, conn: psycopg.Connection, kind: str = "wallet") -> list[int]:
        """What the buyers' wallets hold, or what is reserved of them."""
        rows = conn.execute(
            "SELECT buyer_id::text, balance_minor FROM market.ledger_accounts WHERE workspace_id = %s AND kind = %s",
            [self.workspace_id, kind],
        ).fetchall()
        return [dict(rows).get(buyer_id, 0) for buyer_id in self.buyers]

    def total(self, conn: psycopg.Connection) -> int:
        """Of all accounts: zero, always."""
        return conn.execute(
            "SELECT coalesce(sum(balance_minor), 0) FROM market.ledger_accounts WHERE workspace_id = %s",
            [self.workspace_id],
        ).fetchone()[0]


def open_books(conn: psycopg.Connection, buyers: int = 2, *, currency: str = "USD") -> Books:
    """A seller in New York and its buyers, their wallets empty."""
    slug = f"seller-{uuid.uuid4()}"
    workspace_id = save_workspace(conn, slug=slug, name="Seller", plan="pro")
    conn.execute("UPDATE core.workspaces SET time_zone = %s WHERE workspace_id = %s", [ZONE, workspace_id])
    code = uuid.uuid4().hex[:8].translate(str.maketrans("0123456789abcdef", "ABCDEFGHJKLMNPQR"))
    conn.execute("INSERT INTO market.sellers (workspace_id, invite_code, currency) VALUES (%s, %s, %s)",
        [workspace_id, code, currency])  # fmt: skip
    rows = conn.execute(
        "INSERT INTO market.buyers (workspace_id, name) SELECT %s, 'Buyer ' || n FROM generate_series(0, %s - 1) n "
        "RETURNING buyer_id::text",
        [workspace_id, buyers],
    ).fetchall()
    return Books(workspace_id, [buyer_id for (buyer_id,) in rows])
