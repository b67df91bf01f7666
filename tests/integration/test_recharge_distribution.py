"""A lead that a poor wallet refused is sold to it as soon as its card has paid: over the real supplier API."""

import time

import pytest

from lead_pipeline.steps.move_money import RETURN_DAYS
from tests.integration.market import make_campaign, make_category, subscribe
from tests.integration.stripe_market import CHARGING_DECLINED

pytestmark = pytest.mark.integration


def until(seen, seconds=20):
    end = time.monotonic() + seconds
    while not seen() and time.monotonic() < end:
        time.sleep(0.05)
    return seen()


@pytest.fixture
def shop(stripe_market):
    return stripe_market


def campaign(shop, *buyers):
    """A campaign of 25.00 a lead that these buyers take in order, and a supplier's key for it."""
    with shop.market.connect() as conn:
        category = make_category(conn, shop.seller.workspace_id)
        made = make_campaign(conn, shop.seller.workspace_id, logic="WATERFALL", price_minor=2500, category_id=category)
        for rank, buyer in enumerate(buyers, 1):
            subscribe(conn, made, buyer.buyer_id, waterfall_rank=rank)
    return made, category, shop.market.supplier(shop.seller, categories=[category])


def ingest(shop, offered, number=1):
    made, category, key = offered
    lead = {
        "campaignId": made,
        "categoryId": category,
        "state": "CA",
        "quality": "HOT",
        "data": {"firstName": "Ada", "lastName": "Example", "email": f"ada{number}@shop.example.com"},
    }
    answer = shop.market.ingest(key, lead)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def sold(shop, buyer):
    return shop.market.one(
        "SELECT count(*) FROM core.lead_assignments WHERE destination_kind = 'buyer' AND destination_id = %s",
        buyer.buyer_id,
    )


def test_a_refused_lead_is_sold_once_the_wallet_is_recharged(shop):
    buyer = shop.buyer()
    set_by_hand = "UPDATE market.buyers SET recharge_threshold_minor = 2000, recharge_amount_minor = 10000 RETURNING 1"
    shop.market.rows(set_by_hand)  # as if the wallet had been low for a while
    told = ingest(shop, campaign(shop, buyer))
    assert "everybody_refused" == told["outcome"]
    assert until(lambda: 1 == sold(shop, buyer))
    assert (7_500, [10_000]) == (shop.balance(buyer), shop.charges(buyer))


def test_many_leads_below_the_threshold_never_have_two_recharges_in_flight(shop):
    buyer = shop.buyer(balance_minor=2_500 * 50, recharge_threshold_minor=2_500 * 50, recharge_amount_minor=50_000)
    shop.fault("latency", seconds=0.9)
    offered = campaign(shop, buyer)
    for number in range(20):
        ingest(shop, offered, number)
    shop.clear_faults()
    assert until(lambda: {"succeeded"} == {state for _, state in shop.payments(buyer)})
    assert 20 == sold(shop, buyer)
    recharges = len(shop.payments(buyer))
    assert 2_500 * 30 + 50_000 * recharges == shop.balance(buyer)
    shop.assert_whole(buyer)


def test_a_buyer_whose_card_is_declined_is_skipped_and_the_next_one_buys(shop):
    poor = shop.buyer(card=CHARGING_DECLINED, recharge_threshold_minor=2_000, recharge_amount_minor=10_000)
    rich = shop.buyer("Eve", card=None, balance_minor=10_000)
    offered = campaign(shop, poor, rich)
    assert [rich.buyer_id] == [one["buyerId"] for one in ingest(shop, offered)["assignments"]]
    assert until(lambda: "card_declined" in shop.notices(poor))
    for number in range(2, 4):
        assert [rich.buyer_id] == [one["buyerId"] for one in ingest(shop, offered, number)["assignments"]]
    assert 1 == len([kind for kind in shop.notices(poor) if kind == "card_declined"])


def test_a_refund_puts_the_price_back_once_and_only_its_own_sellers(shop):
    buyer, stranger = shop.buyer(card=None, balance_minor=2_500), shop.market.seller("Zoe")
    lead = ingest(shop, campaign(shop, buyer))["leadId"]
    sent = {"leadId": lead, "buyerId": buyer.buyer_id, "reason": "wrong number"}
    path = "/api/payments/refunds"
    assert 0 == shop.balance(buyer)
    assert 404 == shop.market.call(stranger, "POST", path, sent).status_code
    assert 201 == shop.market.call(shop.seller, "POST", path, sent).status_code
    assert (2_500, 409) == (shop.balance(buyer), shop.market.call(shop.seller, "POST", path, sent).status_code)
    assert ["refund", "charge", "fund"] == [one["kind"] for one in shop.wallet(buyer)["transactions"]]
    assert 422 == shop.market.call(shop.seller, "POST", path, {**sent, "reason": " "}).status_code
    assert 30 == RETURN_DAYS
