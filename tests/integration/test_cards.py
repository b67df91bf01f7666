"""Cards over HTTP: added through Stripe, kept without their number, one of them primary, each its buyer's alone."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from lead_pipeline.sandbox.server import SandboxServer
from tests.integration.stripe_market import ATTACHING_DECLINED, GOOD, KEY, Books, open_stripe_market

pytestmark = pytest.mark.integration
METHODS = "/api/payments/methods"


@pytest.fixture
def shop(stripe_market):
    return stripe_market


def cards(shop, buyer):
    return shop.market.call(buyer, "GET", METHODS).json()["methods"]


def test_a_setup_intent_is_made_for_one_customer_of_the_buyer(shop):
    buyer = shop.buyer(card=None)
    with ThreadPoolExecutor(4) as threads:
        path = "/api/payments/setup-intent"
        answers = list(threads.map(lambda _: shop.market.call(buyer, "POST", path), range(4)))
    told = [answer.json() for answer in answers]
    assert 4 == len({one["setupIntentId"] for one in told})
    assert all(one["clientSecret"].startswith(one["setupIntentId"]) for one in told)
    customer = shop.market.one("SELECT stripe_customer FROM market.buyers WHERE buyer_id = %s", buyer.buyer_id)
    found = _stripe(shop, "GET", f"/v1/setup_intents/{told[0]['setupIntentId']}").json()
    assert found["customer"].startswith("cus_")
    assert customer.startswith("cus_")


def test_a_card_of_a_finished_setup_intent_is_added(shop):
    buyer = shop.buyer(card=None)
    begun = shop.market.call(buyer, "POST", "/api/payments/setup-intent").json()
    card = Books.card_of(shop, "4242424242424242")
    sent = {"client_secret": begun["clientSecret"], "payment_method": card}
    _stripe(shop, "POST", f"/v1/setup_intents/{begun['setupIntentId']}/confirm", sent).raise_for_status()
    assert card == shop.add_card(buyer, card)
    [kept] = cards(shop, buyer)
    assert (card, "visa", "4242", 12, 2030, True) == tuple(
        kept[name] for name in ("id", "brand", "last4", "expMonth", "expYear", "isPrimary")
    )


def test_the_first_card_is_primary_until_another_is_chosen(shop):
    buyer = shop.buyer(card=None)
    first, second = shop.add_card(buyer), shop.add_card(buyer)
    assert [(first, True), (second, False)] == [(one["id"], one["isPrimary"]) for one in cards(shop, buyer)]
    assert 200 == shop.market.call(buyer, "POST", f"{METHODS}/{second}/primary").status_code
    assert [(second, True), (first, False)] == [(one["id"], one["isPrimary"]) for one in cards(shop, buyer)]


def test_adding_a_card_twice_keeps_it_once(shop):
    buyer = shop.buyer(card=None)
    card = shop.add_card(buyer)
    assert card == shop.add_card(buyer, card)
    assert 1 == len(cards(shop, buyer))


def test_choosing_at_once_leaves_one_primary_card(shop):
    buyer = shop.buyer(card=None)
    added = [shop.add_card(buyer) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda card: shop.market.call(buyer, "POST", f"{METHODS}/{card}/primary"), added * 3))
    assert 1 == [one["isPrimary"] for one in cards(shop, buyer)].count(True)


def test_a_card_that_its_bank_declines_is_not_kept(shop):
    buyer = shop.buyer(card=None)
    answer = shop.market.call(buyer, "POST", METHODS, {"paymentMethodId": ATTACHING_DECLINED})
    assert (402, "Your card was declined.") == (answer.status_code, answer.json()["detail"])
    assert [] == cards(shop, buyer)


def test_a_card_is_removed_here_and_at_stripe_the_primary_one_last(shop):
    buyer = shop.buyer(card=None)
    first, second = shop.add_card(buyer), shop.add_card(buyer)
    assert 409 == shop.market.call(buyer, "DELETE", f"{METHODS}/{first}").status_code
    assert 200 == shop.market.call(buyer, "DELETE", f"{METHODS}/{second}").status_code
    assert 200 == shop.market.call(buyer, "DELETE", f"{METHODS}/{first}").status_code
    assert [] == cards(shop, buyer)
    with shop.stripe() as stripe:
        assert [None, None] == [stripe.card(card).customer for card in (first, second)]
    assert 404 == shop.market.call(buyer, "DELETE", f"{METHODS}/{first}").status_code


def test_a_card_stays_where_stripe_does_not_answer_and_can_be_removed_again(shop):
    buyer = shop.buyer()
    [card] = cards(shop, buyer)
    shop.fault("lost_answer", times=1)
    assert 503 == shop.market.call(buyer, "DELETE", f"{METHODS}/{card['id']}").status_code
    assert 1 == len(cards(shop, buyer))
    assert 200 == shop.market.call(buyer, "DELETE", f"{METHODS}/{card['id']}").status_code


def test_another_buyers_card_is_not_there(shop):
    buyer, other = shop.buyer(), shop.buyer("Eve", card=None)
    stranger = shop.market.buyer(shop.market.seller("Zoe"), "Mallory")
    [card] = [one["id"] for one in cards(shop, buyer)]
    for person in (other, stranger):
        assert [] == cards(shop, person)
        assert 404 == shop.market.call(person, "POST", METHODS, {"paymentMethodId": card}).status_code
        assert 404 == shop.market.call(person, "POST", f"{METHODS}/{card}/primary").status_code
        assert 404 == shop.market.call(person, "DELETE", f"{METHODS}/{card}").status_code
    assert [card] == [one["id"] for one in cards(shop, buyer)]


@pytest.mark.parametrize("card", ["pm_../../customers", "pm_x/attach", "", "cus_1", "pm_" + "x" * 300, 7, None])
def test_what_can_be_no_card_is_refused_by_its_field(shop, card):
    buyer = shop.buyer(card=None)
    answer = shop.market.call(buyer, "POST", METHODS, {"paymentMethodId": card})
    assert (422, "paymentMethodId") == (answer.status_code, answer.json()["errors"][0]["field"])


def test_a_card_that_stripe_does_not_know_is_not_found(shop):
    buyer = shop.buyer(card=None)
    assert 404 == shop.market.call(buyer, "POST", METHODS, {"paymentMethodId": "pm_nobody"}).status_code
    assert 404 == shop.market.call(buyer, "DELETE", f"{METHODS}/pm_%2e%2e%2fx").status_code


def test_cards_are_the_buyers_own_business(shop):
    calls = [
        ("GET", METHODS, None),
        ("POST", METHODS, {"paymentMethodId": GOOD}),
        ("POST", "/api/payments/setup-intent", None),
    ]
    for method, path, sent in calls:
        assert 403 == shop.market.call(shop.seller, method, path, sent).status_code
        assert 401 == shop.market.call(None, method, path, sent).status_code


def test_stripe_down_is_told_with_patience(shop):
    buyer = shop.buyer(card=None)
    shop.fault("error")
    answer = shop.market.call(buyer, "POST", "/api/payments/setup-intent")
    assert (503, True) == (answer.status_code, "Retry-After" in answer.headers)


def test_a_stripe_that_has_forgotten_a_customer_gets_a_new_one(database, tmp_path):
    with SandboxServer(stripe=True) as sandbox, open_stripe_market(database, tmp_path, sandbox) as shop:
        buyer = shop.buyer()
        httpx.post(f"{sandbox.url}/admin/reset").raise_for_status()
        assert shop.add_card(buyer)


def _stripe(shop, method, path, sent=None):
    return httpx.request(method, f"{shop.sandbox}/stripe{path}", data=sent, headers={"Authorization": f"Bearer {KEY}"})
