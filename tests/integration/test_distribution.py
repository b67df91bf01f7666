"""The step that sells, on real Postgres: what each logic decides, and what caps, limits and wallets leave of it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from lead_pipeline.errors import ContractBroken, NotFound
from lead_pipeline.steps.distribute import DECIDED_COLUMNS
from tests.integration.market import make_buyer, make_campaign, make_seller, subscribe
from tests.integration.selling import (
    LOGICS,
    NOW,
    PRICE,
    assert_books_agree,
    books,
    buyers_of,
    offer,
    run_at,
    sell,
)

pytestmark = pytest.mark.integration
PLENTY = 100 * PRICE


@pytest.fixture
def conn(database: Any) -> Iterator[psycopg.Connection]:
    with database.connect() as opened:
        yield opened
        assert_books_agree(opened)


@pytest.fixture
def seller(conn: psycopg.Connection) -> str:
    return make_seller(conn, "ada", currency="EUR", time_zone="Europe/Berlin")


def campaign_of(
    conn: psycopg.Connection, seller: str, *members: dict[str, Any], logic: str = "ROUND_ROBIN", **columns: Any
) -> str:
    """A campaign whose members are the buyers a, b, c ... in this order, each with plenty of money."""
    campaign = make_campaign(conn, seller, logic=logic, price_minor=PRICE, **columns)
    for name, member in zip("abcdefgh", members, strict=False):
        of_buyer = {key: member[key] for key in member if key.endswith("_minor") or key == "priority"}
        rest = {key: member[key] for key in member if key not in of_buyer}
        buyer = make_buyer(conn, seller, name, **{"balance_minor": PLENTY, **of_buyer})
        subscribe(conn, campaign, buyer, **rest)
    return campaign


def outcomes(conn: psycopg.Connection) -> list[str]:
    return [outcome for (outcome,) in conn.execute("SELECT outcome FROM market.campaign_leads ORDER BY lead_id")]


@pytest.mark.parametrize(
    ("logic", "members", "bought"),
    [
        ("ROUND_ROBIN", [{}, {}, {}], "abcabca"),
        ("WEIGHTED_ROUND_ROBIN", [{"weight": 5}, {"weight": 1}, {"weight": 1}], "aabacaa"),
        ("WEIGHTED_ROUND_ROBIN", [{"priority": 5}, {"priority": 1}, {"priority": 9, "weight": 1}], "aabacaa"),
        ("WATERFALL", [{"waterfall_rank": 2}, {"waterfall_rank": 1, "daily_cap": 3}, {"waterfall_rank": 3}], "bbbaaaa"),
        ("BROADCAST", [{}, {"states": ["NY"]}, {}], "acacacacacacac"),
        ("TARGET_WEIGHTED", [{"target": 30}, {"target": 10}], "abaaaba"),
    ],
)
def test_each_logic_sells_seven_leads_to_its_buyers_in_its_order(
    conn: psycopg.Connection, seller: str, logic: str, members: list[dict[str, Any]], bought: str
) -> None:
    campaign = campaign_of(conn, seller, *members, logic=logic, allow_state_selection=True)
    told = sell(conn, offer(conn, campaign, ["CA"] * 7))
    assert list(bought) == buyers_of(conn)
    assert list(bought) == told["buyer"].tolist()
    assert ["assigned"] * 7 == outcomes(conn)
    assert list(DECIDED_COLUMNS) == list(told.columns)
    assert {(PRICE, "EUR", "assigned")} == set(zip(told["price_minor"], told["currency"], told["outcome"], strict=True))


@pytest.mark.parametrize("logic", LOGICS)
def test_nobody_eligible_and_everybody_refused_are_told_apart(
    conn: psycopg.Connection, seller: str, logic: str
) -> None:
    campaign = campaign_of(
        conn, seller, {"states": ["NY"]}, {"states": ["CA"], "balance_minor": PRICE - 1},
        logic=logic, allow_state_selection=True,
    )  # fmt: skip
    told = sell(conn, offer(conn, campaign, ["TX", "CA", "NY"]))
    assert ["nobody_eligible", "everybody_refused", "assigned"] == outcomes(conn)
    assert ["assigned", "nobody_eligible", "everybody_refused"] == told["outcome"].tolist()
    assert [False, True, True] == told["buyer_id"].isna().tolist() == told["price_minor"].isna().tolist()
    assert ["a"] == buyers_of(conn)


def test_a_paused_or_deleted_campaign_sells_nothing(conn: psycopg.Connection, seller: str) -> None:
    paused = campaign_of(conn, seller, {}, status="PAUSED")
    deleted = campaign_of(conn, seller, {}, deleted_at=NOW)
    sell(conn, offer(conn, [paused, deleted], ["CA", "CA"]))
    assert ["campaign_paused"] * 2 == outcomes(conn)
    assert [] == buyers_of(conn)


def test_who_cancelled_is_not_considered_and_who_paused_is(conn: psycopg.Connection, seller: str) -> None:
    campaign = campaign_of(conn, seller, {"status": "CANCELLED"}, {"status": "PAUSED"}, {})
    sell(conn, offer(conn, campaign))
    assert ["c"] == buyers_of(conn)
    assert [(2, b"\x01\x80")] == conn.execute(
        "SELECT jsonb_array_length(s.members), flags FROM core.assignment_candidates "
        "JOIN market.candidate_sets s USING (set_id)"
    ).fetchall()


def test_an_inactive_buyer_gets_nothing_until_it_is_active_again(conn: psycopg.Connection, seller: str) -> None:
    campaign = campaign_of(conn, seller, {}, {})
    for first, status in ((0, "INACTIVE"), (2, "ACTIVE")):
        conn.execute("UPDATE market.buyers SET status = %s WHERE name = 'a'", [status])
        sell(conn, offer(conn, campaign, ["CA", "CA"], first=first))
    assert ["b", "b", "a", "b"] == buyers_of(conn)


def test_a_wallet_a_limit_and_a_cap_hold_across_two_campaigns_of_one_call(
    conn: psycopg.Connection, seller: str
) -> None:
    first, second = (make_campaign(conn, seller, price_minor=PRICE) for _ in range(2))
    bounds = {
        "poor": {"balance_minor": 3 * PRICE},
        "thrifty": {"balance_minor": PLENTY, "weekly_limit_minor": 2 * PRICE},
        "slow": {"balance_minor": PLENTY, "monthly_limit_minor": PRICE},
        "capped": {"balance_minor": PLENTY},
    }
    for name, columns in bounds.items():
        buyer = make_buyer(conn, seller, name, **columns)
        for campaign in (first, second):
            subscribe(conn, campaign, buyer, daily_cap=2 if name == "capped" else None)
    sell(conn, offer(conn, [first, second], ["CA"] * 20))
    bought = buyers_of(conn)
    assert {"poor": 3, "thrifty": 2, "slow": 1, "capped": 4} == {name: bought.count(name) for name in bounds}
    assert 10 == outcomes(conn).count("everybody_refused")
    sell(conn, offer(conn, [first, second], ["CA"] * 4, first=100))
    assert bought == buyers_of(conn)


def test_caps_and_limits_turn_at_the_midnight_of_the_seller(conn: psycopg.Connection, seller: str) -> None:
    campaign = campaign_of(conn, seller, {"daily_cap": 1}, {"weekly_limit_minor": PRICE})
    sunday = dt.datetime(2026, 3, 8, 22, 59, tzinfo=dt.UTC)  # a minute before Monday in Berlin
    sell(conn, offer(conn, campaign, ["CA"] * 3), run_at(sunday))
    assert ["a", "b"] == buyers_of(conn)
    sell(conn, offer(conn, campaign, ["CA"] * 3, first=10), run_at(sunday + dt.timedelta(minutes=1)))
    assert ["a", "b", "a", "b"] == buyers_of(conn)
    weeks = conn.execute(
        "SELECT starts_on, spent_minor FROM market.spending WHERE period = 'week' ORDER BY 1"
    ).fetchall()
    assert [(dt.date(2026, 3, day), PRICE) for day in (2, 2, 9, 9)] == weeks
    assert [(dt.date(2026, 3, 1), 2 * PRICE)] * 2 == conn.execute(
        "SELECT starts_on, spent_minor FROM market.spending WHERE period = 'month'"
    ).fetchall()


def test_opening_hours_are_those_of_the_sellers_zone(conn: psycopg.Connection, seller: str) -> None:
    hours = [{"days": [3], "from": "13:00", "to": "14:00"}]
    campaign = campaign_of(conn, seller, {"schedule": hours})
    sell(conn, offer(conn, campaign), run_at(NOW - dt.timedelta(minutes=1)))
    sell(conn, offer(conn, campaign, first=10), run_at(NOW))
    assert ["nobody_eligible", "assigned"] == outcomes(conn)


def test_a_sold_lead_is_never_sold_again(conn: psycopg.Connection, seller: str) -> None:
    leads = offer(conn, campaign_of(conn, seller, {}, {}), ["CA"] * 3)
    sell(conn, leads)
    before = books(conn)
    assert sell(conn, leads).empty
    assert before == books(conn)


def test_two_sellers_in_one_call_keep_their_own_books(conn: psycopg.Connection, seller: str) -> None:
    other = make_seller(conn, "bob", currency="JPY")
    leads = offer(conn, [campaign_of(conn, seller, {}), campaign_of(conn, other, {})], ["CA"] * 4)
    told = sell(conn, leads)
    assert ["EUR", "EUR", "JPY", "JPY"] == sorted(told["currency"])
    assert 4 == told["buyer_id"].notna().sum()


def test_a_lead_that_was_not_offered_or_is_of_another_seller_is_refused(conn: psycopg.Connection, seller: str) -> None:
    other = make_seller(conn, "bob")
    campaign = campaign_of(conn, seller, {})
    leads = offer(conn, campaign)
    with pytest.raises(ContractBroken, match="offer each"):
        sell(conn, leads.assign(lead_id="018f0000-0000-7000-8000-000000000001"))
    with pytest.raises(NotFound, match="has no campaign"):
        sell(conn, leads.assign(workspace_id=other))
    assert [None] == outcomes(conn)


def test_a_crash_between_two_statements_leaves_nothing(
    conn: psycopg.Connection, seller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads = offer(conn, campaign_of(conn, seller, {}, {}, logic="BROADCAST"), ["CA"] * 5)
    before = books(conn)
    statements, execute, copy = 0, psycopg.Cursor.execute, psycopg.Cursor.copy

    def crash(limit: int) -> None:
        def counted(original: Any) -> Any:
            def call(cursor: Any, *arguments: Any, **more: Any) -> Any:
                nonlocal statements
                statements += 1
                if statements == limit:
                    raise KeyboardInterrupt
                return original(cursor, *arguments, **more)

            return call

        monkeypatch.setattr(psycopg.Cursor, "execute", counted(execute))
        monkeypatch.setattr(psycopg.Cursor, "copy", counted(copy))

    limit = 0
    while True:
        limit, statements = limit + 1, 0
        crash(limit)
        try:
            sell(conn, leads)
        except KeyboardInterrupt:
            monkeypatch.undo()
            assert before == books(conn)
        else:
            monkeypatch.undo()
            break
    assert 10 < limit
    assert ["assigned"] * 5 == outcomes(conn)
