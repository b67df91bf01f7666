"""A market with a Stripe: the real app on a database, the sandbox with localstripe behind it, and cards by hand.

Holds no test. `cards` are Stripe's own test cards, by what they do when they are charged.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.steps.cards import add_card
from lead_pipeline.steps.recharge import charge_due
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.recharges import request_recharges
from lead_pipeline.vendors.stripe_api import StripeApi
from tests.integration.market import Market, Person, make_buyer, make_seller, open_market

KEY, WEBHOOK_SECRET, OLD_SECRET = "sk_test_sandbox", "whsec_current", "whsec_before"
GOOD, ATTACHING_DECLINED, CHARGING_DECLINED = "pm_card_visa", "pm_card_chargeDeclined", "pm_card_chargeCustomerFail"
TIMEOUT = 1.0


class StripeMarket:
    """`market` calls the app; `sandbox` is the witness of what was charged."""

    def __init__(self, market: Market, sandbox: str) -> None:
        self.market, self.sandbox = market, sandbox
        self.seller = market.seller()

    def buyer(self, name: str = "Bob", card: str | None = GOOD, **columns: Any) -> Person:
        """A buyer of the seller, with a primary card."""
        buyer = self.market.buyer(self.seller, name, **columns)
        if card is not None:
            self.add_card(buyer, card)
        return buyer

    def add_card(self, buyer: Person, card: str = GOOD) -> str:
        answer = self.market.call(buyer, "POST", "/api/payments/methods", {"paymentMethodId": card})
        assert 201 == answer.status_code, answer.text
        return answer.json()["method"]["id"]

    def fund(self, buyer: Person, amount: str = "25.00", key: str | None = None) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.market.call(buyer, "POST", "/api/payments/add-funds", {"amount": amount}, headers=headers)

    def wallet(self, buyer: Person, **asked: Any) -> dict[str, Any]:
        answer = self.market.call(buyer, "GET", "/api/payments/wallet", params=asked)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def fault(self, kind: str, **more: Any) -> None:
        body = {"target": "stripe", "kind": kind, **more}
        httpx.post(f"{self.sandbox}/admin/faults", json=body).raise_for_status()

    def clear_faults(self) -> None:
        httpx.delete(f"{self.sandbox}/admin/faults").raise_for_status()

    def charges(self, buyer: Person) -> list[int]:
        """What Stripe charged a buyer's cards, each charge once."""
        customer = self.market.one("SELECT stripe_customer FROM market.buyers WHERE buyer_id = %s", buyer.buyer_id)
        found = httpx.get(f"{self.sandbox}/admin/record").json()["charges"]
        return sorted(found.get(customer, {}).values())

    def stripe(self, timeout: float = TIMEOUT) -> StripeApi:
        return StripeApi(f"{self.sandbox}/stripe", KEY, timeout=timeout)

    def balance(self, buyer: Person) -> int:
        found = self.market.rows(
            "SELECT balance_minor FROM market.ledger_accounts WHERE kind = 'wallet' AND buyer_id = %s", buyer.buyer_id
        )
        return found[0][0] if found else 0

    def payments(self, buyer: Person) -> list[tuple[str, str]]:
        """Kind and state of each, oldest first."""
        return self.market.rows(
            "SELECT kind, state FROM market.payments WHERE buyer_id = %s ORDER BY created_at", buyer.buyer_id
        )

    def notices(self, buyer: Person) -> list[str]:
        return [
            kind
            for (kind,) in self.market.rows(
                "SELECT kind FROM market.notices WHERE buyer_id = %s ORDER BY notice_id", buyer.buyer_id
            )
        ]

    def assert_whole(self, *buyers: Person) -> None:
        """What was charged is what was credited, and every entry of the ledger sums to zero."""
        for buyer in buyers:
            credited = self.market.rows(
                "SELECT p.amount_minor FROM market.ledger_entries e JOIN market.ledger_postings p USING (entry_id) "
                "JOIN market.ledger_accounts a USING (account_id) "
                "WHERE e.kind = 'fund' AND e.key LIKE 'payment/%%' AND a.kind = 'wallet' AND a.buyer_id = %s",
                buyer.buyer_id,
            )
            assert self.charges(buyer) == sorted(amount for (amount,) in credited)
        sums = "SELECT entry_id FROM market.ledger_postings GROUP BY entry_id HAVING sum(amount_minor) <> 0"
        assert [] == self.market.rows(sums)


@contextmanager
def open_stripe_market(database: Any, var: Path, sandbox: SandboxServer, **environment: str) -> Iterator[StripeMarket]:
    """A market whose cards are charged by the sandbox's Stripe."""
    chosen = {
        "SANDBOX_URL": sandbox.url,
        "VENDOR_TIMEOUT_SECONDS": str(TIMEOUT),
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_WEBHOOK_SECRET_PREVIOUS": OLD_SECRET,
        **environment,
    }
    with open_market(database, var, **chosen) as market:
        yield StripeMarket(market, sandbox.url)


def event(kind: str, about: dict[str, Any], *, event_id: str = "evt_1", created: int = 1_767_225_600) -> bytes:
    """An event as Stripe sends it."""
    document = {"id": event_id, "object": "event", "type": kind, "created": created, "data": {"object": about}}
    return json.dumps(document).encode()


@dataclass
class Books:
    """The same without the app: steps on a database, the sandbox's Stripe, and a clock by hand. Nothing runs beside."""

    url: str
    sandbox: str
    now: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)
    workspace_id: str = ""

    def __post_init__(self) -> None:
        with self.connect() as conn:
            self.workspace_id = make_seller(conn, "seller")

    def connect(self) -> psycopg.Connection:
        return connect(self.url, autocommit=True)

    @property
    def run(self) -> Run:
        return Run("test", lambda: self.now)

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def stripe(self, timeout: float = TIMEOUT) -> StripeApi:
        return StripeApi(f"{self.sandbox}/stripe", KEY, timeout=timeout)

    def buyer(self, *, card: str | None = GOOD, low: bool = True, **columns: Any) -> str:
        """A buyer with a card; where `low`, below the threshold of a recharge of 100.00."""
        recharge = {"recharge_threshold_minor": 5_000, "recharge_amount_minor": 10_000} if low else {}
        with self.connect() as conn, self.stripe() as stripe:
            buyer_id = make_buyer(conn, self.workspace_id, **recharge, **columns)
            if card is not None:
                add_card(conn, stripe, buyer_id, card, self.run)
                conn.execute("DELETE FROM market.payments; DELETE FROM market.notices")
        return buyer_id

    def add_card(self, buyer_id: str, card: str = GOOD) -> str:
        with self.connect() as conn, self.stripe() as stripe:
            return add_card(conn, stripe, buyer_id, card, self.run).payment_method_id

    def card_of(self, number: str) -> str:
        """A card at Stripe by its number, as a browser makes it: nobody's yet."""
        card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123"}
        sent = {"type": "card", **{f"card[{name}]": value for name, value in card.items()}}
        made = httpx.post(
            f"{self.sandbox}/stripe/v1/payment_methods", data=sent, headers={"Authorization": f"Bearer {KEY}"}
        )
        return made.raise_for_status().json()["id"]

    def decide(self, *buyer_ids: str) -> list[str]:
        """As a decision that finds these wallets low."""
        with self.connect() as conn, conn.transaction():
            lock_sellers(conn, [self.workspace_id])
            return request_recharges(conn, buyer_ids, self.now, run_id="test")

    def charge(self, timeout: float = TIMEOUT) -> dict[str, int]:
        with self.stripe(timeout) as stripe:
            return dict(charge_due(self.connect, stripe, self.run))

    def fault(self, kind: str, **more: Any) -> None:
        body = {"target": "stripe", "kind": kind, **more}
        httpx.post(f"{self.sandbox}/admin/faults", json=body).raise_for_status()

    def clear_faults(self) -> None:
        httpx.delete(f"{self.sandbox}/admin/faults").raise_for_status()

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.connect() as conn:
            return conn.execute(query, parameters).fetchall()

    def states(self, buyer_id: str) -> list[str]:
        found = self.rows("SELECT state FROM market.payments WHERE buyer_id = %s ORDER BY created_at", buyer_id)
        return [state for (state,) in found]

    def notices(self, buyer_id: str) -> list[str]:
        found = self.rows("SELECT kind FROM market.notices WHERE buyer_id = %s ORDER BY notice_id", buyer_id)
        return [kind for (kind,) in found]

    def charged(self) -> list[int]:
        """Every charge that Stripe made, each once."""
        found = httpx.get(f"{self.sandbox}/admin/record").json()["charges"].values()
        return sorted(amount for charges in found for amount in charges.values())

    def credited(self) -> list[int]:
        """Every amount that a card brought into a wallet."""
        found = self.rows(
            "SELECT p.amount_minor FROM market.ledger_entries e JOIN market.ledger_postings p USING (entry_id) "
            "WHERE e.kind = 'fund' AND e.key LIKE 'payment/%%' AND p.amount_minor > 0"
        )
        return sorted(amount for (amount,) in found)
