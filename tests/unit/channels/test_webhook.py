"""Webhooks: their wire to the letter, who verifies them, and what each answer means."""

import base64
import json
import os
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook as StandardWebhook
from standardwebhooks.webhooks import WebhookVerificationError

from lead_pipeline.channels.message import Receipt, repeats_now
from lead_pipeline.channels.webhook import LONGEST_WAIT, Webhook, signed
from lead_pipeline.domain.deliveries import Repeats
from lead_pipeline.domain.signatures import verify_webhook
from lead_pipeline.errors import EndpointGone, PermanentError, RateLimited, TargetRefused, VendorUnavailable
from tests.unit.channels.wires import KEY, NOON, Asked, as_golden, golden, lost, message, unreachable

URL = "https://hooks.example.com/leads?team=7"
NEW, OLD = (f"whsec_{base64.b64encode(letter * 32).decode()}" for letter in (b"n", b"o"))
BODY = json.dumps(golden("webhook_send")["body"], ensure_ascii=False, separators=(",", ":"))
MESSAGE = message(URL, {"body": BODY}, secrets=(NEW, OLD))


def webhook(asked: Asked) -> Webhook:
    return Webhook(httpx.MockTransport(asked), seconds=5, agent="Lead-Pipeline/1")


def answering(status: int, **more: object) -> Webhook:
    return webhook(Asked(httpx.Response(status, **more)))


def test_a_webhook_is_sent_with_both_kinds_of_signature_and_its_very_bytes():
    asked = Asked(httpx.Response(204))

    assert Receipt(status=204) == webhook(asked).send(MESSAGE, NOON)
    [request] = asked.requests
    assert golden("webhook_send") == as_golden(request)
    assert BODY.encode() == request.content
    assert "Lead-Pipeline/1" == request.headers["User-Agent"]


@given(st.text(), st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=2, unique=True))
def test_standard_webhooks_own_library_takes_what_every_secret_signs(body, keys):
    secrets = tuple(f"whsec_{base64.b64encode(key).decode()}" for key in keys)
    headers = signed(KEY, body.encode(), secrets, datetime.now(UTC))
    for secret in secrets:
        StandardWebhook(secret).verify(body, headers, json_parse=False)
    stranger = StandardWebhook(base64.b64encode(os.urandom(32)).decode())
    with pytest.raises(WebhookVerificationError):
        stranger.verify(body, headers, json_parse=False)


def test_the_header_of_the_specification_is_made_with_the_newest_secret():
    headers = signed(KEY, BODY.encode(), (NEW, OLD), NOON)
    lower = {name.lower(): value for name, value in headers.items()}

    assert verify_webhook("outgoing", BODY.encode(), lower, [NEW], now=0) is None
    assert verify_webhook("outgoing", BODY.encode(), lower, [OLD], now=0) is not None


@pytest.mark.parametrize("secrets", [(), ("not base64!",), ("",)])
def test_what_cannot_be_signed_is_never_sent(secrets):
    asked = Asked(httpx.Response(200))
    with pytest.raises(PermanentError):
        webhook(asked).send(message(URL, {"body": BODY}, secrets=secrets), NOON)
    assert [] == asked.requests


@pytest.mark.parametrize(
    "answer",
    [
        lost,
        unreachable,
        *(httpx.Response(status) for status in (400, 401, 403, 404, 409, 422, 500, 502, 503)),
    ],
)
def test_every_other_answer_is_a_failed_attempt_because_the_receiver_knows_a_repeat(answer):
    with pytest.raises(VendorUnavailable) as failed:
        webhook(Asked(answer)).send(MESSAGE, NOON)
    assert not isinstance(failed.value, RateLimited)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 304])
def test_a_redirect_is_not_followed(status):
    asked = Asked(httpx.Response(status, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(VendorUnavailable, match="redirects are not followed"):
        webhook(asked).send(MESSAGE, NOON)
    assert 1 == len(asked.requests)


def test_a_receiver_that_is_gone_wants_nothing_more():
    with pytest.raises(EndpointGone) as gone:
        answering(410).send(MESSAGE, NOON)
    assert 410 == gone.value.status


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (429, None, None),
        (429, "7", 7),
        (503, "7", 7),
        (503, "Mon, 02 Mar 2026 12:00:30 GMT", 30),
        (429, "9" * 400, LONGEST_WAIT),
        (429, "soon", None),
    ],
)
def test_a_receiver_that_asks_for_patience_gets_it_for_a_day_at_most(status, header, seconds):
    headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(RateLimited) as asked:
        answering(status, headers=headers).send(MESSAGE, NOON)
    assert seconds == asked.value.retry_after


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://[::1]/", "https://u:p@hooks.example.com/", "x"])
def test_an_address_that_may_not_be_reached_is_never_asked(url):
    asked = Asked(httpx.Response(200))
    with pytest.raises(TargetRefused):
        webhook(asked).send(message(url, {"body": BODY}, secrets=(NEW,)), NOON)
    assert [] == asked.requests


def test_a_receiver_knows_a_message_by_its_id_for_as_long_as_it_is_sent():
    tried = message(URL, {"body": BODY}, secrets=(NEW,), attempted_at=NOON)
    assert Repeats.KEYED is repeats_now(answering(200), tried, NOON + timedelta(days=4))


def test_what_a_receiver_answers_is_not_read_for_meaning():
    for content in (b"", b"\xff\xfe", b'{"error": "no"}', b"x" * 1_000_000):
        assert Receipt(status=200) == answering(200, content=content).send(MESSAGE, NOON)
