"""Stripe's events over HTTP: who may send them, what is kept, what they change, and that they change it once."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import stripe

from lead_pipeline.cli.process_groups import free_port
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.sandbox.webhook_sender import Intake
from lead_pipeline.service.server import IntakeServer
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.stripe_events import apply_events
from lead_pipeline.store.payments import insert_fund, note_intent
from tests.integration.stripe_market import OLD_SECRET, WEBHOOK_SECRET, Books, event, open_stripe_market

pytestmark = pytest.mark.integration
PATH = "/api/webhooks/stripe"


def signed(body, secret=WEBHOOK_SECRET, *, at):
    """By Stripe's own library."""
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(at.timestamp()))
    return {"Stripe-Signature": header, "Content-Type": "application/json"}


def send(shop, body, secret=WEBHOOK_SECRET, *, ago=timedelta(0)):
    headers = signed(body, secret, at=shop.market.clock() - ago)
    return shop.market.client.post(PATH, content=body, headers=headers)


@pytest.fixture
def shop(stripe_market):
    return stripe_market


def asked(shop, buyer, *, amount=2500, intent="pi_1"):
    """A payment whose answer nobody has, made by hand."""
    with shop.market.connect() as conn:
        payment = insert_fund(
            conn, buyer_id=buyer.buyer_id, amount_minor=amount, payment_method_id="pm_x", client_key=None,
            now=shop.market.clock(),
        )  # fmt: skip
        conn.execute(
            "UPDATE market.payments SET state = 'unknown', next_attempt_at = now() + interval '1 hour' "
            "WHERE payment_id = %s",
            [payment],
        )
        note_intent(conn, payment, intent)
    return payment


def charge(payment, *, intent="pi_1", status="succeeded", amount=2500, currency="usd", words=None):
    error = None if words is None else {"message": words}
    return {
        "id": intent, "object": "payment_intent", "status": status, "amount": amount, "currency": currency,
        "metadata": {"payment_id": payment}, "last_payment_error": error,
    }  # fmt: skip


def drops(shop):
    return shop.market.rows("SELECT event_type, stage, error FROM raw.drops WHERE source = 'stripe' ORDER BY drop_id")


def test_an_event_of_a_charge_credits_the_wallet(shop):
    buyer = shop.buyer(card=None)
    payment = asked(shop, buyer)
    answer = send(shop, event("payment_intent.succeeded", charge(payment)))
    assert (200, "accepted") == (answer.status_code, answer.json()["status"])
    assert 2500 == shop.balance(buyer)
    assert [("payment_intent.succeeded", "kept", None)] == drops(shop)


def test_the_same_event_a_hundred_times_at_once_credits_once(shop):
    buyer = shop.buyer(card=None)
    body = event("payment_intent.succeeded", charge(asked(shop, buyer)))
    with ThreadPoolExecutor(20) as threads:
        answers = [answer.json()["status"] for answer in threads.map(lambda _: send(shop, body), range(100))]
    assert (1, 99) == (answers.count("accepted"), answers.count("duplicate"))
    assert 2500 == shop.balance(buyer)


def test_many_events_of_one_charge_and_its_answer_credit_once(shop):
    buyer = shop.buyer()
    shop.fault("latency", seconds=0.1)
    with ThreadPoolExecutor(12) as threads:
        funding = threads.submit(shop.fund, buyer, "25.00", "key")
        while not (found := shop.market.rows("SELECT payment_id::text, stripe_intent FROM market.payments")):
            continue
        [[payment, _]] = found
        while (intent := shop.market.one("SELECT stripe_intent FROM market.payments")) is None:
            continue
        about = charge(payment, intent=intent)
        told = [
            threads.submit(send, shop, event("payment_intent.succeeded", about, event_id=f"evt_{number}"))
            for number in range(10)
        ]
        assert {200} == {one.result().status_code for one in told}
        assert 200 == funding.result().status_code
    assert 2500 == shop.balance(buyer)


def test_a_declined_charge_fails_with_the_cards_words(shop):
    buyer = shop.buyer(card=None)
    payment = asked(shop, buyer)
    about = charge(payment, status="requires_payment_method", words="Your card has expired.")
    assert 200 == send(shop, event("payment_intent.payment_failed", about)).status_code
    assert [("failed", "Your card has expired.")] == shop.market.rows("SELECT state, failure FROM market.payments")
    assert (0, ["card_declined"]) == (shop.balance(buyer), shop.notices(buyer))


def test_a_late_word_of_a_decline_does_not_undo_a_charge(shop):
    buyer = shop.buyer(card=None)
    payment = asked(shop, buyer)
    send(shop, event("payment_intent.succeeded", charge(payment)))
    late = charge(payment, status="requires_payment_method", words="Your card was declined.")
    send(shop, event("payment_intent.payment_failed", late, event_id="evt_2"))
    assert ([("fund", "succeeded")], 2500) == (shop.payments(buyer), shop.balance(buyer))


def test_a_charge_that_was_given_up_and_went_through_is_credited_all_the_same(shop):
    buyer = shop.buyer(card=None)
    payment = asked(shop, buyer)
    declined = charge(payment, status="requires_payment_method", words="Your card was declined.")
    send(shop, event("payment_intent.payment_failed", declined))
    send(shop, event("payment_intent.succeeded", charge(payment), event_id="evt_2"))
    assert ([("fund", "succeeded")], 2500) == (shop.payments(buyer), shop.balance(buyer))


@pytest.mark.parametrize("other", [{"amount": 2600}, {"currency": "eur"}, {"intent": "pi_other"}])
def test_a_charge_that_is_not_the_payments_own_moves_nothing_and_is_kept_with_words(shop, other):
    buyer = shop.buyer(card=None)
    payment = asked(shop, buyer)
    assert 200 == send(shop, event("payment_intent.succeeded", charge(payment, **other))).status_code
    assert 0 == shop.balance(buyer)
    [(_, stage, words)] = drops(shop)
    assert ("kept", True) == (stage, "is not that of payment" in words)


def test_a_charge_of_nobody_here_is_kept(shop):
    for number, payment in enumerate(["00000000-0000-4000-8000-000000000000", "'; DROP TABLE x", None]):
        assert 200 == send(shop, event("payment_intent.succeeded", charge(payment), event_id=str(number))).status_code
    assert {"it is about no payment of ours"} == {words for *_, words in drops(shop)}


def test_an_unknown_type_and_signed_junk_are_kept_and_counted(shop):
    bodies = [event("charge.refunded", {}), b"[1]", b"\xff\x00", b'{"id": "evt_9"}', b""]
    assert [200] * 5 == [_send_bytes(shop, body).status_code for body in bodies]
    assert {"kept"} == {stage for _, stage, _ in drops(shop)}
    assert 5 == len(drops(shop))
    counted = 'stripe",outcome="unknown_event"} 5'
    assert counted in shop.market.client.get("/metrics").text.replace(
        'outcome="unknown_event",source="stripe"', 'stripe",outcome="unknown_event"'
    )


def _send_bytes(shop, body):
    import hashlib
    import hmac

    sent = int(shop.market.clock().timestamp())
    mac = hmac.new(WEBHOOK_SECRET.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest()
    return shop.market.client.post(PATH, content=body, headers={"Stripe-Signature": f"t={sent},v1={mac}"})


def test_the_secret_before_the_last_rotation_is_taken_too(shop):
    assert 200 == send(shop, event("charge.refunded", {}), OLD_SECRET).status_code


@pytest.mark.parametrize("ago", [timedelta(seconds=310), timedelta(seconds=-310)])
def test_an_old_or_future_time_is_refused(shop, ago):
    assert 401 == send(shop, event("charge.refunded", {}), ago=ago).status_code
    assert [] == drops(shop)


@pytest.mark.parametrize(
    "header",
    ["", "t=1,v1=00", "v1=abc", "t=now,v1=00", "t=9999999999999999999,v1=00", "junk", "t=,v1=", "t=1;v1=é"],
)
def test_a_wrong_signature_is_refused_and_nothing_is_kept(shop, header):
    answer = shop.market.client.post(
        PATH, content=event("charge.refunded", {}), headers={"Stripe-Signature": header.encode()}
    )
    assert (401, "Invalid signature") == (answer.status_code, answer.json()["title"])
    assert [] == drops(shop)


def test_another_secret_a_changed_body_and_no_header_are_refused(shop):
    body = event("charge.refunded", {})
    assert 401 == send(shop, body, "whsec_wrong").status_code
    headers = signed(body, at=shop.market.clock())
    assert 401 == shop.market.client.post(PATH, content=body + b" ", headers=headers).status_code
    assert 401 == shop.market.client.post(PATH, content=body).status_code
    assert [] == drops(shop)


def test_without_a_secret_it_is_not_set_up(database, tmp_path, stripe_sandbox):
    unset = {"STRIPE_WEBHOOK_SECRET": "", "STRIPE_WEBHOOK_SECRET_PREVIOUS": ""}
    with open_stripe_market(database, tmp_path, stripe_sandbox, **unset) as shop:
        answer = send(shop, event("charge.refunded", {}))
    assert (503, "Not set up") == (answer.status_code, answer.json()["title"])
    assert "STRIPE_WEBHOOK_SECRET is not set" in answer.json()["detail"]


def test_an_event_that_was_landed_and_not_applied_is_applied_once_by_whoever_comes(shop):
    buyer = shop.buyer(card=None)
    body = event("payment_intent.succeeded", charge(asked(shop, buyer)))
    with shop.market.connect() as conn:
        drop = conn.execute(
            "INSERT INTO raw.drops (source, kind, event_type, external_id, headers, body, body_sha256, day, "
            "received_at, stage) VALUES ('stripe', 'webhook', 'payment_intent.succeeded', 'event/evt_1', '{}', %s, "
            "encode(sha256(%s), 'hex'), now(), now(), 'landed') RETURNING drop_id",
            [body, body],
        ).fetchone()[0]

    def apply(_):
        with shop.market.connect() as conn:
            return apply_events(conn, [drop], Run("test"))["applied"]

    with ThreadPoolExecutor(4) as threads:
        assert 1 == sum(threads.map(apply, range(8)))
    assert 2500 == shop.balance(buyer)


def test_the_sandboxes_own_event_of_a_charge_is_taken_and_settles_it(database, tmp_path):
    port = free_port(0)
    intake = Intake(f"http://127.0.0.1:{port}", {"stripe": WEBHOOK_SECRET})
    settings = database.settings(STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET, LEAD_PIPELINE_VAR=str(tmp_path))
    with SandboxServer(stripe=True, intake=intake) as sandbox, IntakeServer(settings, database.url, port=port):
        books = Books(database.url, sandbox.url)
        [payment] = books.decide(books.buyer())
        books.rows("UPDATE market.payments SET next_attempt_at = now() + interval '1 day' RETURNING 1")
        with books.stripe() as stripe, books.connect() as conn:
            [[customer, card]] = books.rows(
                "SELECT b.stripe_customer, p.payment_method_id FROM market.payments p "
                "JOIN market.buyers b USING (buyer_id)"
            )
            made = stripe.create_intent(
                payment_id=payment, customer=customer, card=card, amount=10_000, currency="USD", about={}
            )
            note_intent(conn, payment, made.intent_id)
            stripe.confirm(made.intent_id)  # and its answer is lost
        end = time.monotonic() + 15
        while not books.credited() and time.monotonic() < end:
            time.sleep(0.05)
        assert [10_000] == books.credited() == books.charged()


def subscription(shop, *, status="active", plan="price_gold", customer="cus_seller", named=True):
    metadata = {"workspace_id": shop.seller.workspace_id} if named else {}
    return {
        "id": "sub_1", "object": "subscription", "customer": customer, "status": status, "metadata": metadata,
        "items": {"data": [{"price": {"id": plan}}]},
    }  # fmt: skip


def subscribed(shop):
    return shop.market.rows(
        "SELECT stripe_subscription, subscription_status, subscription_plan FROM market.sellers "
        "WHERE workspace_id = %s",
        shop.seller.workspace_id,
    )


def test_a_sellers_subscription_is_kept_with_its_plan_and_an_older_event_changes_nothing(shop):
    kind = "customer.subscription.updated"
    send(shop, event(kind, subscription(shop), event_id="evt_1", created=1000))
    assert [("sub_1", "active", "price_gold")] == subscribed(shop)
    late = subscription(shop, status="past_due", plan="price_iron", named=False)
    send(shop, event(kind, late, event_id="evt_2", created=2000))
    assert [("sub_1", "past_due", "price_iron")] == subscribed(shop)
    send(shop, event(kind, subscription(shop), event_id="evt_3", created=1500))
    assert [("sub_1", "past_due", "price_iron")] == subscribed(shop)


def test_a_subscription_of_nobody_or_of_another_customer_changes_no_seller(shop):
    kind = "customer.subscription.updated"
    send(shop, event(kind, subscription(shop, named=False), event_id="evt_1"))
    assert [(None, None, None)] == subscribed(shop)
    send(shop, event(kind, subscription(shop), event_id="evt_2"))
    send(shop, event(kind, subscription(shop, customer="cus_thief", status="canceled"), event_id="evt_3"))
    assert [("sub_1", "active", "price_gold")] == subscribed(shop)
    send(shop, event(kind, {"id": "sub_1"}, event_id="evt_4"))
    assert [("kept", True)] * 2 == [(stage, words is not None) for _, stage, words in (drops(shop)[0], drops(shop)[3])]
