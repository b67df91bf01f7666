"""Slack: its wire to the letter, and what each of its words means."""

import json

import httpx
import pytest

from lead_pipeline.channels.message import Channel, Receipt
from lead_pipeline.channels.slack_webhook import SlackWebhook
from lead_pipeline.errors import (
    EndpointGone,
    OutcomeUnknown,
    RateLimited,
    TargetRefused,
    VendorRefused,
    VendorUnavailable,
)
from tests.unit.channels.wires import NOON, Asked, as_golden, golden, lost, message, transport, unreachable

URL = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
TEXT = "*New lead:* Jane &lt;Döe&gt;"
BLOCKS = json.dumps([{"type": "section", "text": {"type": "mrkdwn", "text": TEXT}}])
MESSAGE = message(URL, {"text": TEXT, "blocks": BLOCKS})


def slack(asked: Asked) -> Channel:
    return SlackWebhook(transport(asked, is_address_secret=True), seconds=5)


def saying(status: int, word: str) -> Channel:
    return slack(Asked(httpx.Response(status, text=word)))


def test_a_message_is_posted_as_slack_documents_it():
    asked = Asked(httpx.Response(200, text="ok"))

    assert Receipt(status=200) == slack(asked).send(MESSAGE, NOON)
    assert golden("slack_send") == as_golden(asked.requests[0])


def test_a_message_may_have_no_blocks():
    asked = Asked(httpx.Response(200, text="ok"))
    slack(asked).send(message(URL, {"text": "text"}), NOON)

    assert {"text": "text"} == as_golden(asked.requests[0])["body"]


@pytest.mark.parametrize(
    "answer", [lost, httpx.Response(500, text="rollup_error"), httpx.Response(200, json={"ok": True})]
)
def test_whatever_is_not_its_ok_leaves_the_outcome_unknown_and_nothing_is_repeated(answer):
    asked = Asked(answer)
    with pytest.raises(OutcomeUnknown):
        slack(asked).send(MESSAGE, NOON)
    assert 1 == len(asked.requests)


@pytest.mark.parametrize(
    ("status", "word"),
    [(404, "no_service"), (404, "no_team"), (410, "channel_is_archived"), (403, "invalid_token")],
)
def test_a_webhook_that_takes_no_more_is_gone(status, word):
    with pytest.raises(EndpointGone, match=f"{status}, {word}: make a new webhook"):
        saying(status, word).send(MESSAGE, NOON)


def test_a_message_that_slack_does_not_understand_is_refused_by_its_word():
    with pytest.raises(VendorRefused, match="400, invalid_payload") as refused:
        saying(400, "invalid_payload").send(MESSAGE, NOON)
    assert not isinstance(refused.value, EndpointGone)
    with pytest.raises(VendorRefused, match="answered 400: look"):
        saying(400, f"what is {URL}").send(MESSAGE, NOON)


def test_a_limit_and_an_unreachable_slack_have_had_no_effect():
    with pytest.raises(RateLimited) as caught:
        slack(Asked(httpx.Response(429, headers={"Retry-After": "30"}))).send(MESSAGE, NOON)
    assert 30 == caught.value.retry_after
    with pytest.raises(VendorUnavailable):
        slack(Asked(unreachable)).send(MESSAGE, NOON)


@pytest.mark.parametrize("url", ["http://hooks.slack.com/services/T/B/X", "https://169.254.169.254/latest"])
def test_an_address_that_may_not_be_reached_is_never_asked(url):
    asked = Asked(httpx.Response(200, text="ok"))
    with pytest.raises(TargetRefused):
        slack(asked).send(message(url, {"text": "text"}), NOON)
    assert [] == asked.requests
