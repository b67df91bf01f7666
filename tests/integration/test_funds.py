"""Adding funds over HTTP: a card is charged once and the wallet credited as often, whatever happens on the way."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lead_pipeline.steps.sessions import open_session
from tests.integration.fault_kinds import KINDS
from tests.integration.stripe_market import CHARGING_DECLINED, GOOD, open_stripe_market

pytestmark = pytest.mark.integration
WANTS_ITS_OWNER = "4000002500003155"
_CHILD = """
import sys
from lead_pipeline.steps.add_funds import add_funds
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.vendors.stripe_api import StripeApi
url, stripe_url, buyer = sys.argv[1:]
with connect(url, autocommit=True) as conn, StripeApi(stripe_url, "sk_test_sandbox") as stripe:
    add_funds(conn, stripe, buyer, 2500, key="killed", run=Run("child"))
"""


@pytest.fixture
def shop(stripe_market):
    return stripe_market


def until(seen, *, seconds=15):
    """Wait for what goes on beside the requests."""
    end = time.monotonic() + seconds
    while not seen() and time.monotonic() < end:
        time.sleep(0.05)
    assert seen()


def hurry(shop):
    """Let payments that wait be asked about now, not after their pause."""
    with shop.market.connect() as conn:
        conn.execute("UPDATE market.payments SET next_attempt_at = now() WHERE state = 'unknown'")
        conn.execute("NOTIFY wallets, 'recharge'")


def settled(shop, buyer):
    def seen():
        hurry(shop)
        return {state for _, state in shop.payments(buyer)} <= {"succeeded", "failed"}

    return seen


def test_a_card_is_charged_and_the_wallet_credited(shop):
    buyer = shop.buyer()
    answer = shop.fund(buyer, "25.00")
    assert 200 == answer.status_code
    told = answer.json()
    assert ("25.00", "USD", "succeeded") == tuple(told["payment"][name] for name in ("amount", "currency", "status"))
    assert (True, "25.00", "USD") == (told["success"], told["balance"], told["currency"])
    assert ([2500], 2500) == (shop.charges(buyer), shop.balance(buyer))


def test_the_same_key_is_the_same_payment_and_another_amount_under_it_clashes(shop):
    buyer = shop.buyer()
    first, again = shop.fund(buyer, "25.00", "key-1").json(), shop.fund(buyer, "25.00", "key-1").json()
    assert first["payment"] == again["payment"]
    assert 409 == shop.fund(buyer, "26.00", "key-1").status_code
    assert [2500] == shop.charges(buyer)
    other = shop.buyer("Eve")
    assert first["payment"]["id"] != shop.fund(other, "25.00", "key-1").json()["payment"]["id"]


def test_without_a_key_each_request_is_a_payment_of_its_own(shop):
    buyer = shop.buyer()
    shop.fund(buyer)
    shop.fund(buyer)
    assert ([2500, 2500], 5000) == (shop.charges(buyer), shop.balance(buyer))


def test_the_same_key_twenty_times_at_once_charges_once(shop):
    buyer = shop.buyer()
    with ThreadPoolExecutor(10) as threads:
        statuses = {answer.status_code for answer in threads.map(lambda _: shop.fund(buyer, "25.00", "k"), range(20))}
    assert statuses <= {200, 202}
    until(settled(shop, buyer))
    assert ([2500], 2500) == (shop.charges(buyer), shop.balance(buyer))


def test_a_declined_card_is_told_in_its_own_words_and_nothing_is_moved(shop):
    buyer = shop.buyer(card=CHARGING_DECLINED)
    for _ in range(2):
        answer = shop.fund(buyer, "25.00", "key")
        assert (402, "Payment refused") == (answer.status_code, answer.json()["title"])
        assert "Your card was declined." in answer.json()["detail"]
    assert ([], 0, ["card_declined"]) == (shop.charges(buyer), shop.balance(buyer), shop.notices(buyer))


def test_a_card_whose_bank_wants_its_owner_is_not_charged_and_the_charge_is_ended(shop):
    card = _card_of(shop, WANTS_ITS_OWNER)
    buyer = shop.buyer(card=card)
    answer = shop.fund(buyer)
    assert (402, True) == (answer.status_code, "owner" in answer.json()["detail"])
    intent = shop.market.one("SELECT stripe_intent FROM market.payments")
    with shop.stripe() as stripe:
        assert "canceled" == stripe.intent(intent).status


def _card_of(shop, number):
    from tests.integration.stripe_market import Books

    return Books.card_of(shop, number)


@pytest.mark.parametrize(
    "amount", ["0.99", "50000.01", "0", "-5.00", "25.001", "1e3", "abc", "", "9" * 30, None, [], True, "٢٥.٠٠"]
)
def test_an_amount_that_is_none_or_out_of_bounds_is_refused_by_its_field(shop, amount):
    buyer = shop.buyer(card=None)
    answer = shop.market.call(buyer, "POST", "/api/payments/add-funds", {"amount": amount})
    assert (422, "amount") == (answer.status_code, answer.json()["errors"][0]["field"])


def test_the_bounds_themselves_are_taken(shop):
    buyer = shop.buyer()
    assert {200} == {shop.fund(buyer, amount).status_code for amount in ("1.00", "50000", "50000.00")}


def test_a_currency_without_decimals_is_charged_in_whole_units(shop):
    seller = shop.market.seller(currency="JPY")
    buyer = shop.market.buyer(seller)
    shop.add_card(buyer)
    assert 422 == shop.fund(buyer, "100.50").status_code
    assert "100" == shop.fund(buyer, "100").json()["balance"]
    assert [100] == shop.charges(buyer)


def test_without_a_card_it_says_so(shop):
    answer = shop.fund(shop.buyer(card=None))
    assert (404, True) == (answer.status_code, "no card is primary" in answer.json()["detail"])


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_goes_wrong_at_a_call_the_card_is_charged_once(shop, kind, every):
    """`every` 1: the charge is being made; 2: it is being confirmed, so that its effect may be there."""
    buyer = shop.buyer()
    more = {**KINDS[kind], **({"seconds": 1.3} if kind == "latency" else {})}
    shop.fault(kind, every=every, times=1, **more)
    assert shop.fund(buyer, "25.00", "key").status_code in (200, 202)
    until(settled(shop, buyer))
    again = shop.fund(buyer, "25.00", "key")
    assert (200, "succeeded") == (again.status_code, again.json()["payment"]["status"])
    assert ([2500], 2500) == (shop.charges(buyer), shop.balance(buyer))
    shop.assert_whole(buyer)


def test_while_stripe_is_down_a_payment_waits_and_is_made_once_it_is_back(shop):
    buyer = shop.buyer()
    shop.fault("reset")
    answer = shop.fund(buyer, "25.00", "key")
    assert (202, "processing") == (answer.status_code, answer.json()["payment"]["status"])
    hurry(shop)
    assert 202 == shop.fund(buyer, "25.00", "key").status_code
    shop.clear_faults()
    until(settled(shop, buyer))
    assert ([2500], 2500) == (shop.charges(buyer), shop.balance(buyer))


def test_a_process_that_is_killed_between_the_intent_and_the_answer_charges_once(shop):
    buyer = shop.buyer()
    shop.fault("latency", seconds=0.4)
    arguments = [sys.executable, "-c", _CHILD, shop.market.database.url, f"{shop.sandbox}/stripe", buyer.buyer_id]
    for wait in (0.2, 0.6, 1.0):
        child = subprocess.Popen(arguments)
        until(lambda: shop.payments(buyer))
        time.sleep(wait)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    shop.clear_faults()
    until(settled(shop, buyer), seconds=30)
    time.sleep(0.5)  # whatever a killed process has sent arrives
    assert 200 == shop.fund(buyer, "25.00", "killed").status_code
    assert ([2500], 2500) == (shop.charges(buyer), shop.balance(buyer))


def test_a_wallet_shows_its_movements_page_by_page(shop):
    buyer = shop.buyer(weekly_limit_minor=10_000)
    for amount in ("1.00", "2.00", "3.00"):
        shop.fund(buyer, amount)
    first = shop.wallet(buyer, limit=2)
    assert ("6.00", "USD") == (first["balance"], first["currency"])
    assert {"limit": "100.00", "spent": "0.00"} == first["weekly"]
    assert {"limit": None, "spent": "0.00"} == first["monthly"]
    assert ["3.00", "2.00"] == [one["amount"] for one in first["transactions"]]
    rest = shop.wallet(buyer, limit=2, cursor=first["nextCursor"])
    assert (["1.00"], None) == ([one["amount"] for one in rest["transactions"]], rest["nextCursor"])
    assert {"fund"} == {one["kind"] for one in rest["transactions"]}
    assert ("visa", "4242") == (first["primaryMethod"]["brand"], first["primaryMethod"]["last4"])


def test_a_wallet_is_read_by_its_buyer_and_its_seller_and_by_nobody_else(shop):
    buyer, other, stranger = shop.buyer(), shop.buyer("Eve"), shop.market.seller("Zoe")
    shop.fund(buyer)
    path, asked = "/api/payments/wallet", {"buyerId": buyer.buyer_id}
    assert "25.00" == shop.market.call(shop.seller, "GET", path, params=asked).json()["balance"]
    assert 422 == shop.market.call(shop.seller, "GET", path).status_code
    assert "0.00" == shop.wallet(other)["balance"]
    for person in (other, stranger):
        assert 404 == shop.market.call(person, "GET", path, params=asked).status_code
    assert 401 == shop.market.call(None, "GET", path).status_code


def test_a_statement_of_a_month_sums_and_ends_at_midnight_where_the_seller_is(shop):
    seller = shop.market.seller("Kim", time_zone="America/New_York")
    buyer = shop.market.buyer(seller)
    shop.add_card(buyer)
    for now in (datetime(2026, 4, 1, 3, 59, tzinfo=UTC), datetime(2026, 4, 1, 4, 1, tzinfo=UTC)):
        shop.market.now = now  # 23:59 in March and 00:01 in April in New York
        token = replace(buyer, token=_again(shop, buyer))
        assert 200 == shop.fund(token, "10.00").status_code
    path = "/api/payments/statement"
    told = {
        month: shop.market.call(token, "GET", path, params=asked).json()
        for month, asked in (("march", {"month": "2026-03"}), ("april", {}))
    }
    assert [("0.00", 1, "10.00"), ("10.00", 1, "20.00")] == [
        (told[month]["opening"], len(told[month]["lines"]), told[month]["closing"]) for month in ("march", "april")
    ]
    assert ("2026-03-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00") == (
        told["march"]["since"], told["march"]["until"],
    )  # fmt: skip
    assert ("10.00", "20.00", "fund") == tuple(
        told["april"]["lines"][0][name] for name in ("amount", "balance", "kind")
    )
    for wrong in ("2026-13", "2026", "x", "2026-3"):
        assert 422 == shop.market.call(token, "GET", path, params={"month": wrong}).status_code


def _again(shop, person):
    """A session that begins now."""
    with shop.market.connect() as conn:
        membership = conn.execute(
            "SELECT membership_id::text FROM core.memberships WHERE user_id = %s", [person.user_id]
        ).fetchone()[0]
        return open_session(conn, person.user_id, membership, shop.market.settings, shop.market.clock())


def test_the_recharge_is_set_shown_and_charged_at_once_by_the_service(shop):
    buyer = shop.buyer()
    sent = {"threshold": "50.00", "amount": "100.00"}
    assert 200 == shop.market.call(buyer, "PUT", "/api/payments/auto-recharge", sent).status_code
    until(lambda: 10_000 == shop.balance(buyer))
    told = shop.wallet(buyer)["recharge"]
    assert ("50.00", "100.00", "succeeded") == (told["threshold"], told["amount"], told["last"]["status"])
    off = {"threshold": None, "amount": None}
    assert 200 == shop.market.call(buyer, "PUT", "/api/payments/auto-recharge", off).status_code
    assert (None, None) == tuple(shop.wallet(buyer)["recharge"][name] for name in ("threshold", "amount"))
    for wrong in ({"threshold": "1.00"}, {"threshold": "1.00", "amount": None}, {"threshold": "1.00", "amount": "0.5"}):
        assert 422 == shop.market.call(buyer, "PUT", "/api/payments/auto-recharge", wrong).status_code


def test_a_seller_adds_no_funds_and_a_buyer_refunds_nothing(shop):
    buyer = shop.buyer()
    assert 403 == shop.market.call(shop.seller, "POST", "/api/payments/add-funds", {"amount": "25.00"}).status_code
    assert 403 == shop.market.call(buyer, "POST", "/api/payments/refunds", {}).status_code


def test_no_key_and_no_card_is_logged(database, tmp_path: Path, stripe_sandbox, capfd):
    with open_stripe_market(database, tmp_path, stripe_sandbox) as shop:
        buyer = shop.buyer(card=_card_of(shop, "4242424242424242"))
        shop.fault("error", times=1)
        shop.fund(buyer)
        shop.market.call(buyer, "POST", "/api/payments/setup-intent")
    said = "".join(capfd.readouterr())
    assert not [word for word in ("sk_test", "whsec_", "4242424242424242", "_secret_") if word in said]
    assert GOOD
