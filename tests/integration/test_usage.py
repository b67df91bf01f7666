"""Usage: each message costs once, lines sum to their total, and a month that is over is closed once and for good."""

import datetime as dt
import threading
from decimal import Decimal
from uuid import uuid4

import pytest

from lead_pipeline.steps.close_statements import close_statements
from lead_pipeline.steps.run import Run
from lead_pipeline.store.usage import Used, note_usage
from tests.integration.market import insert, open_market

pytestmark = pytest.mark.integration
NOW = dt.datetime(2026, 3, 15, 12, tzinfo=dt.UTC)
SMS, EMAIL = Decimal("0.0079"), Decimal("0.0004")


@pytest.fixture
def market(database, tmp_path):
    with open_market(database, tmp_path, now=NOW) as opened:
        yield opened


@pytest.fixture
def seller(market):
    return market.seller()


def sent(market, person, channel="sms", *, at=NOW, units=1, **columns):
    """A message that a provider took at that time; what noting it came to."""
    with market.connect() as conn:
        delivery = insert(
            conn, "outbound.deliveries", "delivery_id", delivery_id=uuid4(), workspace_id=person.workspace_id,
            buyer_id=person.buyer_id, destination_id=uuid4(), channel=channel, kind="new_lead", subject="lead/1",
            state="confirmed", day=at.date(), run_id="t", intended_at=at, settled_at=at, **columns,
        )  # fmt: skip
        used = Used(delivery, "twilio" if channel == "sms" else "resend", units, SMS if channel == "sms" else EMAIL)
        return delivery, note_usage(conn, [used], now=at, run_id="t")


def usage(market, person, path="/api/usage"):
    answer = market.call(person, "GET", path)
    assert 200 == answer.status_code, answer.text
    return answer.json()["usage"]


def close(market, at):
    return close_statements(market.database.url, Run("close", lambda: at))


def first_of(month):
    return dt.datetime(2026, month, 1, 2, tzinfo=dt.UTC)


def test_a_message_is_noted_with_its_cost_and_the_sellers_markup_and_only_once(market, seller):
    buyer = market.buyer(seller)
    delivery, new = sent(market, buyer, units=3)
    assert 1 == new
    with market.connect() as conn:
        again = [Used(delivery, "twilio", 5, SMS), Used(str(uuid4()), "twilio", 1, SMS)]
        assert 0 == note_usage(conn, again, now=NOW, run_id="t")
        assert 0 == note_usage(conn, [], now=NOW, run_id="t")
    assert [("sms", "twilio", 3, "USD", 23_700, Decimal("20.00"), 4_740, NOW)] == market.rows(
        "SELECT channel, provider, units, currency, base_micros, markup_percent, markup_micros, occurred_at "
        "FROM outbound.usage_log"
    )


def test_webhooks_and_slack_cost_nothing_and_are_not_noted(market, seller):
    assert [0, 0] == [sent(market, seller, channel)[1] for channel in ("webhook", "slack")]


def test_a_workspace_that_sells_nothing_has_no_markup(market, seller):
    market.rows("DELETE FROM market.sellers WHERE workspace_id = %s RETURNING 1", seller.workspace_id)
    assert 1 == sent(market, seller)[1]
    assert [("USD", 7_900, 0)] == market.rows("SELECT currency, base_micros, markup_micros FROM outbound.usage_log")


def test_markups_are_20_and_15_percent_until_the_seller_sets_them_for_what_comes(market, seller):
    assert {"success": True, "sms": "20.00", "email": "15.00"} == market.call(
        seller, "GET", "/api/seller/markup"
    ).json()
    sent(market, seller)
    answer = market.call(seller, "PUT", "/api/seller/markup", {"sms": "50", "email": 0})
    assert {"success": True, "sms": "50.00", "email": "0.00"} == answer.json()
    sent(market, seller)
    sent(market, seller, "email")
    assert [(400, 0), (7_900, 1_580), (7_900, 3_950)] == market.rows(
        "SELECT base_micros, markup_micros FROM outbound.usage_log ORDER BY 1, 2"
    )
    other = market.seller("Zoe")
    assert "20.00" == market.call(other, "GET", "/api/seller/markup").json()["sms"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"sms": "20"}, ["email"]), ({"sms": "-1", "email": "500.01"}, ["sms", "email"]),
        ({"sms": "1e2", "email": "1.005"}, ["sms", "email"]), ({"sms": None, "email": "1"}, ["sms"]),
        ({"sms": "٥", "email": "NaN"}, ["sms", "email"]), ({"sms": "1", "email": "1", "fax": "1"}, ["fax"]),
    ],
)  # fmt: skip
def test_a_markup_that_is_none_is_refused_at_its_field(market, seller, body, fields):
    answer = market.call(seller, "PUT", "/api/seller/markup", body)
    assert (422, fields) == (answer.status_code, [one["field"] for one in answer.json()["errors"]])


def test_a_month_is_told_by_channel_and_buyer_and_its_lines_sum_to_the_total(market, seller):
    bob, cy = market.buyer(seller, "Bob"), market.buyer(seller, "Cy")
    for person in (bob, cy, cy, seller):
        sent(market, person)
        sent(market, person, "email")
    sent(market, bob, at=NOW - dt.timedelta(days=31))
    sent(market, market.seller("Zoe"))
    [told] = usage(market, seller)
    assert ("2026-03", "USD", "0.04", None) == tuple(told[name] for name in ("month", "currency", "total", "closedAt"))
    counts = [(None, 1), ("Bob", 1), ("Cy", 2)]
    assert [(name, *count) for name in ("email", "sms") for count in counts] == [
        (one["channel"], one["buyer"], one["deliveries"]) for one in told["lines"]
    ]
    assert Decimal(told["total"]) == sum(Decimal(one["amount"]) for one in told["lines"])
    last = told["lines"][-1]
    assert ("0.015800", "0.003160", "0.02", cy.buyer_id) == tuple(
        last[name] for name in ("baseCost", "markup", "amount", "buyerId")
    )
    assert ["2026-02"] == [one["month"] for one in usage(market, seller, "/api/usage?month=2026-02")]
    assert [] == usage(market, seller, "/api/usage?month=2026-01")
    assert 422 == market.call(seller, "GET", "/api/usage?month=2026-13").status_code


def test_months_that_are_over_are_closed_once_all_that_were_missed_and_not_the_current_one(market, seller):
    other = market.seller("Zoe", currency="JPY")
    buyer = market.buyer(seller)
    for at in (first_of(1), first_of(3), first_of(3), first_of(4)):
        sent(market, buyer, at=at)
        sent(market, other, "email", at=at, units=4)
    assert 4 == close(market, first_of(4))
    assert 0 == close(market, first_of(4) + dt.timedelta(days=10))
    told = usage(market, seller, "/api/usage/statements")
    assert [("2026-03", "0.02", 2), ("2026-01", "0.01", 1)] == [
        (one["month"], one["total"], one["lines"][0]["deliveries"]) for one in told
    ]
    assert {"2026-04-01T02:00:00Z"} == {one["closedAt"] for one in told}
    assert ["JPY", "JPY"] == [one["currency"] for one in usage(market, other, "/api/usage/statements")]
    assert 2 == close(market, first_of(5))
    assert 3 == len(usage(market, seller, "/api/usage/statements"))


def test_a_statement_says_what_the_month_said_line_by_line(market, seller):
    buyers = [market.buyer(seller, name) for name in ("Bob", "Cy", "Dee")]
    for number, person in enumerate((*buyers, seller) * 3):
        sent(market, person, at=first_of(3), units=1 + number % 4)
        sent(market, person, "email", at=first_of(3), units=7)
    [before] = usage(market, seller)
    assert 1 == close(market, first_of(4))
    [after], [statement] = usage(market, seller), usage(market, seller, "/api/usage/statements")
    assert {**before, "closedAt": "2026-04-01T02:00:00Z"} == after
    assert after["total"] == statement["total"]
    for line in statement["lines"]:
        of_channel = [one for one in after["lines"] if one["channel"] == line["channel"]]
        for name in ("amount", "baseCost", "markup"):
            assert Decimal(line[name]) == sum(Decimal(one[name]) for one in of_channel)


def test_a_month_is_not_closed_in_the_hour_after_its_end(market, seller):
    sent(market, seller, at=first_of(3))
    midnight = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    assert [0, 0, 1] == [close(market, midnight + dt.timedelta(minutes=minutes)) for minutes in (0, 59, 60)]


def test_two_who_close_at_once_close_once(market, seller):
    for number in range(20):
        sent(market, seller, at=first_of(1 + number % 3))
    made = []
    threads = [threading.Thread(target=lambda: made.append(close(market, first_of(4)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [0, 0, 0, 3] == sorted(made)
    assert 3 == market.one("SELECT count(*) FROM outbound.usage_statements")


def test_a_buyer_has_no_usage_of_its_own_to_look_at(market, seller):
    buyer = market.buyer(seller)
    for path in ("/api/usage", "/api/usage/statements", "/api/seller/markup"):
        assert 403 == market.call(buyer, "GET", path).status_code
