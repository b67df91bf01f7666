"""The way to Stripe: what each thing that can go wrong is for us, and that nothing secret is in its words."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lead_pipeline.errors import OutcomeUnknown, PaymentRefused, RateLimited, VendorRefused, VendorUnavailable
from lead_pipeline.vendors.stripe_api import StripeApi

KEY = "sk_test_very_secret"
INTENT = {"id": "pi_1", "status": "succeeded", "amount": 2500, "currency": "usd", "metadata": {"payment_id": "p"}}


class Answers(BaseHTTPRequestHandler):
    """Answers every call alike, and remembers what it was asked."""

    status, body, headers_sent, asked = 200, b"{}", {}, []

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length).decode()))
        self.send_response(self.status)
        for name, value in {**self.headers_sent, "Content-Length": str(len(self.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET  # noqa: N815 - the library looks for this name

    def log_message(self, *_):
        pass


@pytest.fixture
def stripe():
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Answers,), {"asked": []}))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    with StripeApi(f"http://127.0.0.1:{server.server_port}/under", KEY, timeout=2) as api:
        api.server = server.RequestHandlerClass
        yield api
    server.shutdown()
    server.server_close()


def answer(stripe, body, status=200, **headers):
    stripe.server.status, stripe.server.headers_sent = status, headers
    stripe.server.body = body if isinstance(body, bytes) else json.dumps(body).encode()


def failure(**fields):
    return {"error": {"type": "invalid_request_error", "message": "No such thing.", **fields}}


def make(stripe):
    return stripe.create_intent(payment_id="p", customer="cus_1", card="pm_1", amount=2500, currency="USD", about={})


def test_a_charge_is_asked_for_with_its_key_and_whose_it_is(stripe):
    answer(stripe, INTENT)
    made = make(stripe)
    assert ("pi_1", "succeeded", 2500, "USD", "p") == (
        made.intent_id, made.status, made.amount, made.currency, made.payment_id,
    )  # fmt: skip
    [(method, path, headers, body)] = stripe.server.asked
    assert ("POST", "/under/v1/payment_intents") == (method, path)
    assert ("payment/p", f"Bearer {KEY}") == (headers["Idempotency-Key"], headers["Authorization"])
    for part in ("amount=2500", "currency=usd", "customer=cus_1", "payment_method=pm_1", "metadata[payment_id]=p"):
        assert part in body
    assert "confirm" not in body


@pytest.mark.parametrize(
    ("status", "body", "asking", "changing"),
    [
        (500, {}, VendorUnavailable, OutcomeUnknown),
        (503, b"<html>", VendorUnavailable, OutcomeUnknown),
        (200, b"<html>", VendorUnavailable, OutcomeUnknown),
        (200, [], VendorUnavailable, OutcomeUnknown),
        (200, {"ok": True}, VendorUnavailable, OutcomeUnknown),
        (200, {**INTENT, "amount": "2500"}, VendorUnavailable, OutcomeUnknown),
        (200, b"[" * 100_000, VendorUnavailable, OutcomeUnknown),
        (429, failure(), RateLimited, RateLimited),
        (400, failure(), VendorRefused, VendorRefused),
        (404, {"error": "a word"}, VendorUnavailable, OutcomeUnknown),
        (401, failure(), VendorRefused, VendorRefused),
        (403, failure(), VendorRefused, VendorRefused),
        (402, failure(type="card_error", code="card_declined"), PaymentRefused, PaymentRefused),
        (409, failure(type="idempotency_error"), VendorRefused, VendorRefused),
        (400, failure(type="idempotency_error"), OutcomeUnknown, OutcomeUnknown),
    ],
)
def test_each_failure_is_one_of_ours(stripe, status, body, asking, changing):
    answer(stripe, body, status)
    for kind, call in ((asking, lambda: stripe.intent("pi_1")), (changing, lambda: make(stripe))):
        with pytest.raises(kind) as raised:
            call()
        assert kind is type(raised.value)
        assert KEY not in str(raised.value)
    assert 2 == len(stripe.server.asked)


def test_patience_is_asked_for_in_seconds(stripe):
    answer(stripe, failure(), 429, **{"Retry-After": "7"})
    with pytest.raises(RateLimited) as raised:
        stripe.intent("pi_1")
    assert 7 == raised.value.retry_after


def test_a_refusal_has_stripes_words_and_its_status(stripe):
    answer(stripe, failure(message="No such customer: 'cus_1'"), 404)
    with pytest.raises(VendorRefused, match="No such customer") as raised:
        make(stripe)
    assert 404 == raised.value.status


def test_where_nobody_listens_nothing_was_sent():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with StripeApi(address, KEY, timeout=1) as api, pytest.raises(VendorUnavailable, match="could not be reached"):
            make(api)


def test_an_id_stays_one_part_of_a_path(stripe):
    answer(stripe, INTENT)
    stripe.intent("../customers?x=1")
    assert "/under/v1/payment_intents/..%2Fcustomers%3Fx%3D1" == stripe.server.asked[0][1]


def test_charges_of_a_customer_are_read_page_by_page(stripe):
    pages = [{"data": [INTENT], "has_more": True}, {"data": [{**INTENT, "id": "pi_2"}], "has_more": False}]

    def next_page(handler):
        handler.body = json.dumps(pages[len(handler.asked)]).encode()
        return Answers.do_GET(handler)

    stripe.server.do_GET = next_page
    assert ["pi_1", "pi_2"] == [one.intent_id for one in stripe.intents_of("cus_1", since=5)]
    assert "starting_after=pi_1" in stripe.server.asked[1][1]
