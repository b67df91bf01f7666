"""The batch wire: what is sent, when the outcome is unknown, and what a key is worth."""

import json
from collections.abc import Callable

import httpx
import pytest

from lead_pipeline.channels.platforms.http_batches import HttpBatches
from lead_pipeline.channels.platforms.port import BatchOutcome, Platform, Rejection
from lead_pipeline.errors import OutcomeUnknown, PermanentError, VendorRefused, VendorUnavailable
from lead_pipeline.vendors.transport import Patience, Transport

LEADS = [{"id": "l-1"}, {"id": "l-2"}]
STORED = {"batch_id": "b-1", "accepted": ["l-1"], "rejected": [{"id": "l-2", "reason": "no domain"}]}
OUTCOME = BatchOutcome("b-1", ("l-1",), (Rejection("l-2", "no domain"),))


def platform(handle: Callable[[httpx.Request], httpx.Response]) -> Platform:
    transport = Transport(
        "tech-platform",
        credential="the platform's key in the workspace's settings",
        patience=Patience(longest=0),
        wire=httpx.MockTransport(handle),
    )
    return HttpBatches("tech-platform", "http://platform.test/", "platform-key", transport)


def answering(status: int, body: object = None) -> Platform:
    return platform(lambda _: httpx.Response(status, content=json.dumps(body).encode()))


def test_a_batch_is_sent_under_its_key_and_every_lead_has_an_outcome():
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=STORED)

    assert OUTCOME == platform(handle).send_batch("k-1", LEADS)
    assert ("POST", "http://platform.test/leads/batch") == (seen[0].method, str(seen[0].url))
    assert "k-1" == seen[0].headers["Idempotency-Key"]
    assert "Bearer platform-key" == seen[0].headers["Authorization"]
    assert {"leads": LEADS} == json.loads(seen[0].content)


def test_a_batch_whose_answer_was_lost_is_asked_about_and_not_sent_again():
    sent: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        if request.method == "POST":
            raise httpx.ReadTimeout("lost")
        return httpx.Response(200, json=STORED)

    receiver = platform(handle)
    with pytest.raises(OutcomeUnknown):
        receiver.send_batch("k-1", LEADS)

    assert OUTCOME == receiver.ask_batch("k-1")
    assert ["POST", "GET"] == sent


@pytest.mark.parametrize(
    "body",
    [
        [],
        {**STORED, "batch_id": 1},
        {**STORED, "accepted": None},
        {**STORED, "accepted": [1]},
        {**STORED, "rejected": ["l-2"]},
        {**STORED, "rejected": [{"id": "l-2"}]},
    ],
)
def test_an_answer_that_was_not_agreed_leaves_the_outcome_unknown(body):
    with pytest.raises(OutcomeUnknown, match="answer is not what was agreed"):
        answering(200, body).send_batch("k-1", LEADS)
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed"):
        answering(200, body).ask_batch("k-1")


@pytest.mark.parametrize("accepted", [[], ["l-1", "l-1"], ["l-1", "l-2"], ["l-3"]])
def test_an_answer_must_name_each_lead_exactly_once(accepted):
    with pytest.raises(OutcomeUnknown, match="each lead exactly once"):
        answering(200, {**STORED, "accepted": accepted}).send_batch("k-1", LEADS)


def test_a_key_that_was_used_for_another_body_says_so():
    with pytest.raises(VendorRefused, match="with another body") as caught:
        answering(409).send_batch("k-1", LEADS)

    assert 409 == caught.value.status


def test_a_batch_that_was_never_committed_is_none():
    assert answering(404).ask_batch("k-1") is None


def test_a_refused_key_is_no_answer_about_a_batch():
    with pytest.raises(VendorRefused, match="check the platform's key"):
        answering(403).ask_batch("k-1")


def test_a_key_is_quoted_in_the_path():
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(404, json={})

    platform(handle).ask_batch("a/../b?c")

    assert ["/batches/a%2F..%2Fb%3Fc"] == seen


@pytest.mark.parametrize("count", [0, 201])
def test_a_batch_holds_1_to_200_leads(count):
    with pytest.raises(PermanentError, match="Send 1 to 200"):
        answering(200, STORED).send_batch("k-1", [{"id": str(n)} for n in range(count)])
