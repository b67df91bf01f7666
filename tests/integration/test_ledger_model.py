"""The ledger against a model of it in a few lines: any moves in any order, LEAD_PIPELINE_LEDGER_RUNS (12) times."""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lead_pipeline.errors import Conflict, NotFound, PaymentRefused
from lead_pipeline.steps.move_money import adjust, fund, post, refund, reserve, void
from lead_pipeline.steps.seal_ledger import seal_days
from lead_pipeline.steps.verify_ledger import verify
from lead_pipeline.store.statements import statement
from tests.integration.ledger_books import START, open_books

pytestmark = [pytest.mark.integration, pytest.mark.slow]
RUNS = int(os.environ.get("LEAD_PIPELINE_LEDGER_RUNS", "12"))
BUYER = st.integers(0, 1)
AMOUNT = st.one_of(st.integers(1, 10_000), st.integers(1, 10**12))
WHICH = st.integers(0, 30)
HOURS = st.integers(-48, 24 * 40)


@dataclass
class Sale:
    buyer: int
    lead: str
    price: int
    at: datetime
    is_refunded: bool = False


@dataclass
class Held:
    buyer: int
    entry: int
    amount: int
    is_settled: bool = False


@dataclass
class Model:
    """What the wallets hold, what is reserved, and every line of every wallet."""

    wallet: list[int] = field(default_factory=lambda: [0, 0])
    reserved: list[int] = field(default_factory=lambda: [0, 0])
    lines: list[list[tuple[datetime, int]]] = field(default_factory=lambda: [[], []])
    keys: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    sales: list[Sale] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def move(self, buyer: int, amount: int, at: datetime) -> None:
        self.wallet[buyer] += amount
        self.lines[buyer].append((at, amount))


def machine(database, conn):
    class Ledger(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.books, self.model = open_books(conn), Model()

        @rule(buyer=BUYER, amount=AMOUNT)
        def fund(self, buyer, amount):
            order = self.books.move(buyer, amount)
            self.model.keys[order["key"]] = (buyer, amount, fund(conn, **order))
            self.model.move(buyer, amount, self.books.now)

        @rule(which=WHICH, more=st.integers(0, 1))
        def fund_again(self, which, more):
            if not self.model.keys:
                return
            key, (buyer, amount, entry) = list(self.model.keys.items())[which % len(self.model.keys)]
            if more:
                with pytest.raises(Conflict):
                    fund(conn, **self.books.move(buyer, amount + more, key))
            else:
                assert entry == fund(conn, **self.books.move(buyer, amount, key))

        @rule(buyer=BUYER, amount=AMOUNT, sign=st.sampled_from((-1, 1)))
        def adjust(self, buyer, amount, sign):
            if self.model.wallet[buyer] + sign * amount < 0:
                with pytest.raises(PaymentRefused):
                    adjust(conn, **self.books.move(buyer, sign * amount))
            else:
                adjust(conn, **self.books.move(buyer, sign * amount))
                self.model.move(buyer, sign * amount, self.books.now)

        @rule(prices=st.lists(st.tuples(BUYER, AMOUNT), min_size=1, max_size=4))
        def charge(self, prices):
            totals = [sum(price for one, price in prices if one == buyer) for buyer in (0, 1)]
            if any(total > holds for total, holds in zip(totals, self.model.wallet, strict=True)):
                with pytest.raises(psycopg.errors.CheckViolation, match="no_negative_wallet"):
                    self.books.charge(conn, *prices)
                return
            for lead, (buyer, price) in zip(self.books.charge(conn, *prices), prices, strict=True):
                self.model.sales.append(Sale(buyer, lead, price, self.books.now))
                self.model.move(buyer, -price, self.books.now)

        @rule(buyer=BUYER, amount=AMOUNT)
        def reserve(self, buyer, amount):
            if amount > self.model.wallet[buyer]:
                with pytest.raises(PaymentRefused):
                    reserve(conn, **self.books.move(buyer, amount))
                return
            self.model.held.append(Held(buyer, reserve(conn, **self.books.move(buyer, amount)), amount))
            self.model.move(buyer, -amount, self.books.now)
            self.model.reserved[buyer] += amount

        @rule(which=WHICH, settle=st.sampled_from((post, void)))
        def settle(self, which, settle):
            if not self.model.held:
                return
            held = self.model.held[which % len(self.model.held)]
            if held.is_settled:
                with pytest.raises(Conflict):
                    settle(conn, held.entry, reason="again", run=self.books.run)
                return
            settle(conn, held.entry, reason="settled", run=self.books.run)
            held.is_settled = True
            self.model.reserved[held.buyer] -= held.amount
            if settle is void:
                self.model.move(held.buyer, held.amount, self.books.now)

        @rule(which=WHICH, other=st.integers(0, 5))
        def refund(self, which, other):
            if not self.model.sales:
                return
            sale = self.model.sales[which % len(self.model.sales)]
            if other == 0:
                with pytest.raises(NotFound):
                    refund(conn, **self.books.back(1 - sale.buyer, sale.lead))
            elif sale.is_refunded:
                with pytest.raises(Conflict):
                    refund(conn, **self.books.back(sale.buyer, sale.lead))
            elif self.books.now > sale.at + timedelta(days=30):
                with pytest.raises(PaymentRefused):
                    refund(conn, **self.books.back(sale.buyer, sale.lead))
            else:
                refund(conn, **self.books.back(sale.buyer, sale.lead))
                sale.is_refunded = True
                self.model.move(sale.buyer, sale.price, self.books.now)

        @rule(hours=HOURS)
        def pass_time(self, hours):
            self.books.pass_time(hours=hours)

        @rule(days=st.integers(0, 3))
        def seal(self, days):
            seal_days(database.url, self.books.now.date() - timedelta(days=days))

        @rule(buyer=BUYER, since=HOURS, long=st.integers(0, 24 * 40))
        def read_a_statement(self, buyer, since, long):
            begin = START + timedelta(hours=since)
            end = begin + timedelta(hours=long)
            told = statement(conn, self.books.buyers[buyer], begin, end)
            lines = sorted(
                (line for line in self.model.lines[buyer] if begin <= line[0] < end), key=lambda line: line[0]
            )
            assert sum(amount for at, amount in self.model.lines[buyer] if at < begin) == told.opening_minor
            assert lines == [(line.occurred_at, line.amount_minor) for line in told.lines]
            assert told.opening_minor + sum(amount for _, amount in lines) == told.closing_minor
            assert [told.closing_minor] == [line.balance_minor for line in told.lines][-1:] or not lines

        @invariant()
        def every_wallet_holds_what_the_model_says(self):
            assert self.model.wallet == self.books.balances(conn)
            assert self.model.reserved == self.books.balances(conn, "reserved")
            assert min(self.model.wallet + self.model.reserved) >= 0
            assert 0 == self.books.total(conn)

        def teardown(self):
            seal_days(database.url, self.books.now.date())
            verify(database.url)

    return Ledger


def test_any_moves_in_any_order_leave_the_books_as_the_model_has_them(database):
    with database.connect() as conn:
        run_state_machine_as_test(
            machine(database, conn),
            settings=settings(
                max_examples=RUNS, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
