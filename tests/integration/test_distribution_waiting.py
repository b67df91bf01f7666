"""Leads that wait: batches decide as requests do, unsold ones are offered again when that may change something."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from lead_pipeline.steps.check_distribution import replay_candidates, uncharged_sales
from lead_pipeline.steps.distribute_waiting import distribute_waiting
from lead_pipeline.steps.move_money import fund
from lead_pipeline.store.unsold_leads import OFFERED_FOR, Waiting, days_to_distribute
from tests.integration.market import insert, make_buyer, make_campaign, make_seller, subscribe
from tests.integration.selling import LOGICS, NOW, PRICE, assert_books_agree, books, buyers_of, offer, run_at, sell

pytestmark = pytest.mark.integration
STATES = ("CA", "NY", "TX", "WA", "FL")
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def conn(database: Any) -> Iterator[psycopg.Connection]:
    with database.connect() as opened:
        yield opened
        assert_books_agree(opened)


@pytest.fixture
def seller(conn: psycopg.Connection) -> str:
    return make_seller(conn, "ada", time_zone="America/New_York")


def busy_market(conn: psycopg.Connection, seller: str) -> list[str]:
    """A campaign of each logic and one by seeded chance, a dozen buyers in two or three of them, with every bound."""
    draw = random.Random(20260101)
    logics = [*((logic, None) for logic in LOGICS), ("WEIGHTED_ROUND_ROBIN", 7)]
    campaigns = [
        make_campaign(
            conn, seller, logic=logic, seed=seed, price_minor=draw.choice((1500, PRICE)), allow_state_selection=True
        )
        for logic, seed in logics
    ]
    hours = [
        None,
        None,
        [{"days": [3], "from": "07:00", "to": "08:00"}],
        [{"days": [3], "from": "06:00", "to": "07:00"}],
    ]
    for number in range(12):
        buyer = make_buyer(
            conn, seller, f"buyer {number}", balance_minor=draw.randint(0, 20) * PRICE, priority=draw.randint(1, 10),
            weekly_limit_minor=draw.choice((None, 6 * PRICE)), monthly_limit_minor=draw.choice((None, 9 * PRICE)),
        )  # fmt: skip
        for campaign in draw.sample(campaigns, 3):
            subscribe(
                conn, campaign, buyer, daily_cap=draw.choice((None, 2, 5)), states=draw.sample(STATES, 3),
                weight=draw.choice((None, 3)), waterfall_rank=draw.randint(1, 3), target=draw.choice((None, 4)),
                schedule=draw.choice(hours), status=draw.choice(("ACTIVE", "ACTIVE", "PAUSED")),
            )  # fmt: skip
    return campaigns


def given_again(conn: psycopg.Connection) -> None:
    """Everything that was decided and charged is forgotten, as if the leads had just been offered."""
    conn.execute("ALTER TABLE market.ledger_entries DISABLE TRIGGER append_only")
    conn.execute("ALTER TABLE market.ledger_postings DISABLE TRIGGER append_only")
    conn.execute("ALTER TABLE market.ledger_accounts DISABLE TRIGGER moved_by_postings_alone")
    conn.execute(
        """
        DELETE FROM market.ledger_postings p USING market.ledger_entries e
        WHERE e.entry_id = p.entry_id AND e.kind = 'charge';
        DELETE FROM market.ledger_entries WHERE kind = 'charge';
        UPDATE market.ledger_accounts a SET balance_minor = coalesce(
            (SELECT sum(amount_minor) FROM market.ledger_postings p WHERE p.account_id = a.account_id), 0);
        TRUNCATE core.lead_assignments, core.assignment_candidates, market.subscription_days, market.spending,
            market.rotations;
        UPDATE market.campaign_leads SET outcome = NULL, decided_at = NULL;
        """
    )
    conn.execute("ALTER TABLE market.ledger_accounts ENABLE TRIGGER moved_by_postings_alone")
    conn.execute("ALTER TABLE market.ledger_entries ENABLE TRIGGER append_only")
    conn.execute("ALTER TABLE market.ledger_postings ENABLE TRIGGER append_only")


def test_leads_one_by_one_and_in_one_batch_and_in_several_are_decided_the_same(
    database: Any, conn: psycopg.Connection, seller: str
) -> None:
    leads = offer(conn, busy_market(conn, seller), [STATES[number % 5] for number in range(120)])
    for row in range(len(leads)):
        sell(conn, leads.iloc[[row]])
    live = books(conn)
    assert {"assigned", "nobody_eligible", "everybody_refused"} == {outcome for _, outcome in live["leads"]}
    given_again(conn)
    sell(conn, leads)
    assert live == books(conn)
    given_again(conn)
    counts = distribute_waiting(database.url, run_at(), at_once=7)
    assert live == books(conn)
    assert len(live["sold"]) == counts["sales"]
    assert len(leads) == sum(counts.values()) - counts["sales"]


def test_the_checks_hold_and_name_what_was_tampered_with(database: Any, conn: psycopg.Connection, seller: str) -> None:
    paused = make_campaign(conn, seller, status="PAUSED")
    sell(conn, offer(conn, [*busy_market(conn, seller), paused], [STATES[number % 5] for number in range(140)]))
    assert (140, []) == replay_candidates(database.url, NOW.date())
    assert uncharged_sales(database.url, NOW.date()).empty
    assert (0, []) == replay_candidates(database.url, NOW.date() - dt.timedelta(days=1))

    [(lead, flags, observed)] = conn.execute(
        "SELECT lead_id::text, flags, observed FROM core.assignment_candidates WHERE outcome = 'assigned' "
        "AND position('\\x00'::bytea IN flags) > 0 ORDER BY lead_id LIMIT 1"
    ).fetchall()
    for column, value in (("flags", flags[::-1]), ("observed", observed[:-8]), ("observed", observed[:-1] + b"\x7f"),
                          ("outcome", "everybody_refused"), ("set_id", 10_000)):  # fmt: skip
        before = conn.execute(f"SELECT {column} FROM core.assignment_candidates WHERE lead_id = %s", [lead]).fetchone()
        conn.execute(f"UPDATE core.assignment_candidates SET {column} = %s WHERE lead_id = %s", [value, lead])
        assert (140, [lead]) == replay_candidates(database.url, NOW.date()), column
        conn.execute(f"UPDATE core.assignment_candidates SET {column} = %s WHERE lead_id = %s", [before[0], lead])
    assert (140, []) == replay_candidates(database.url, NOW.date())

    conn.execute("UPDATE core.lead_assignments SET price_minor = price_minor + 1 WHERE lead_id = %s", [lead])
    assert [lead] == uncharged_sales(database.url, NOW.date())["lead_id"].unique().tolist()
    conn.execute("UPDATE core.lead_assignments SET price_minor = price_minor - 1 WHERE lead_id = %s", [lead])


def poor_market(conn: psycopg.Connection, seller: str, **columns: Any) -> tuple[str, str]:
    """A campaign and its one buyer, who has no money."""
    campaign, buyer = make_campaign(conn, seller, price_minor=PRICE), make_buyer(conn, seller, "poor", **columns)
    subscribe(conn, campaign, buyer)
    made_long_ago(conn)
    return campaign, buyer


def made_long_ago(conn: psycopg.Connection) -> None:
    """The test's clock stands in the past; what was set up by the real one would be a change to come."""
    conn.execute("UPDATE market.versions SET valid_from = %s", [NOW - 60 * MINUTE])


def give(conn: psycopg.Connection, seller: str, buyer: str, leads: int, at: dt.datetime) -> None:
    with conn.transaction():
        fund(
            conn, workspace_id=seller, buyer_id=buyer, amount_minor=leads * PRICE, key=f"test/{at}/{buyer}",
            reason="test", run=run_at(at),
        )  # fmt: skip


def rounds(conn: psycopg.Connection) -> list[tuple[int, str]]:
    return conn.execute("SELECT round, outcome FROM core.assignment_candidates ORDER BY lead_id, round").fetchall()


def test_unsold_leads_are_sold_oldest_first_once_the_wallet_is_funded(
    database: Any, conn: psycopg.Connection, seller: str
) -> None:
    campaign, buyer = poor_market(conn, seller)
    sell(conn, offer(conn, campaign, ["CA"] * 3))
    assert {"sales": 0} == distribute_waiting(database.url, run_at(NOW + MINUTE))
    give(conn, seller, buyer, 2, NOW + 2 * MINUTE)
    assert {NOW.date(): 3} == days_to_distribute(conn, Waiting(NOW + 3 * MINUTE))
    assert {"sales": 2, "assigned": 2, "everybody_refused": 1} == distribute_waiting(
        database.url, run_at(NOW + 3 * MINUTE)
    )
    assert [(1, "everybody_refused"), (2, "assigned")] * 2 + [(1, "everybody_refused")] == rounds(conn)
    assert {} == days_to_distribute(conn, Waiting(NOW + 4 * MINUTE))
    assert (5, []) == replay_candidates(database.url, NOW.date())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE market.campaigns SET price_minor = price_minor - 1",
        "UPDATE market.buyers SET name = 'renamed'",
        "UPDATE market.campaign_subscriptions SET daily_cap = 5",
    ],
)
def test_a_change_of_what_decides_has_unsold_leads_offered_again(
    database: Any, conn: psycopg.Connection, seller: str, change: str
) -> None:
    campaign, _ = poor_market(conn, seller)
    now = dt.datetime.now(dt.UTC) + MINUTE
    sell(conn, offer(conn, campaign, received_at=now - 3 * MINUTE), run_at(now - 3 * MINUTE))
    assert {} == days_to_distribute(conn, Waiting(now + MINUTE))
    conn.execute(change)
    assert [1] == list(days_to_distribute(conn, Waiting(now + MINUTE)).values())
    assert 1 == distribute_waiting(database.url, run_at(now + MINUTE))["everybody_refused"]


def test_a_day_later_a_lead_is_offered_no_more(database: Any, conn: psycopg.Connection, seller: str) -> None:
    campaign, buyer = poor_market(conn, seller)
    sell(conn, offer(conn, campaign, ["CA"] * 2, received_at=NOW))
    give(conn, seller, buyer, 2, NOW + OFFERED_FOR)
    assert {"sales": 0} == distribute_waiting(database.url, run_at(NOW + OFFERED_FOR), again=True)
    counts = distribute_waiting(database.url, run_at(NOW + OFFERED_FOR - MINUTE), again=True)
    assert {"sales": 2, "assigned": 2} == counts


def test_hours_that_turn_sell_a_lead_when_it_is_offered_again(
    database: Any, conn: psycopg.Connection, seller: str
) -> None:
    campaign = make_campaign(conn, seller, price_minor=PRICE)
    buyer = make_buyer(conn, seller, "early")
    give(conn, seller, buyer, 1, NOW - 60 * MINUTE)
    subscribe(conn, campaign, buyer, schedule=[{"days": [3], "from": "08:00", "to": "09:00"}])
    made_long_ago(conn)
    sell(conn, offer(conn, campaign))
    hour = NOW + 60 * MINUTE
    assert {"sales": 0} == distribute_waiting(database.url, run_at(hour))
    assert {"sales": 1, "assigned": 1} == distribute_waiting(database.url, run_at(hour), day=NOW.date(), again=True)
    assert [(1, "nobody_eligible"), (2, "assigned")] == rounds(conn)


def test_offering_again_without_a_difference_writes_no_round(
    database: Any, conn: psycopg.Connection, seller: str
) -> None:
    campaign, _ = poor_market(conn, seller)
    sell(conn, offer(conn, campaign, ["CA"] * 2))
    for minute in (1, 2):
        counts = distribute_waiting(database.url, run_at(NOW + minute * MINUTE), again=True)
        assert {"sales": 0, "everybody_refused": 2} == counts
    assert [(1, "everybody_refused")] * 2 == rounds(conn)


def test_only_leads_of_the_day_asked_for_are_decided(database: Any, conn: psycopg.Connection, seller: str) -> None:
    campaign, _ = poor_market(conn, seller)
    offer(conn, campaign)
    offer(conn, campaign, received_at=NOW - dt.timedelta(days=1))
    assert 1 == distribute_waiting(database.url, run_at(), day=NOW.date())["everybody_refused"]
    assert {NOW.date() - dt.timedelta(days=1): 1} == days_to_distribute(conn, Waiting(NOW))


def with_card(conn: psycopg.Connection, seller: str, buyer: str) -> None:
    insert(
        conn, "market.payment_methods", "payment_method_id",
        payment_method_id=f"pm_{buyer}", workspace_id=seller, buyer_id=buyer, brand="visa", last4="4242",
        exp_month=1, exp_year=2030, is_primary=True, created_at=NOW,
    )  # fmt: skip


def test_a_wallet_that_falls_below_its_threshold_asks_for_one_recharge(
    database: Any, conn: psycopg.Connection, seller: str
) -> None:
    campaign, buyer = poor_market(conn, seller, recharge_threshold_minor=3 * PRICE, recharge_amount_minor=10 * PRICE)
    with_card(conn, seller, buyer)
    give(conn, seller, buyer, 4, NOW - MINUTE)
    payments = "SELECT kind, state, amount_minor FROM market.payments"
    leads = offer(conn, campaign, ["CA"] * 6)
    sell(conn, leads.iloc[:1])
    assert [] == conn.execute(payments).fetchall()
    sell(conn, leads.iloc[1:2])
    assert [("recharge", "intended", 10 * PRICE)] == conn.execute(payments).fetchall()
    sell(conn, leads.iloc[2:])
    assert [("recharge", "intended", 10 * PRICE)] == conn.execute(payments).fetchall()
    assert [("low_balance",)] == conn.execute("SELECT kind FROM market.notices").fetchall()
    assert ["poor"] * 4 == buyers_of(conn)


def test_a_buyer_who_loses_a_lead_for_its_wallet_alone_is_recharged_and_nobody_else(
    conn: psycopg.Connection, seller: str
) -> None:
    campaign, poor = poor_market(conn, seller, recharge_threshold_minor=0, recharge_amount_minor=PRICE)
    closed = make_buyer(conn, seller, "closed", recharge_threshold_minor=0, recharge_amount_minor=PRICE)
    subscribe(conn, campaign, closed, schedule=[])
    for buyer in (poor, closed):
        with_card(conn, seller, buyer)
    sell(conn, offer(conn, campaign))
    assert [(poor,)] == conn.execute("SELECT buyer_id::text FROM market.payments").fetchall()
