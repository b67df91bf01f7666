"""Webhooks to receivers that drop, hang, drip, redirect, never end or answer garbage, over real sockets."""

import gzip
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest

from lead_pipeline.channels.guarded_connections import GuardedTransport, within
from lead_pipeline.channels.message import Message, Receipt
from lead_pipeline.channels.slack_webhook import SlackWebhook
from lead_pipeline.channels.webhook import Webhook
from lead_pipeline.errors import OutcomeUnknown, VendorUnavailable
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport
from tests.integration.receivers import (
    OK,
    Answer,
    Receiver,
    breaking_off,
    closing,
    dripping,
    endless,
    hanging,
    resetting,
    saying,
)

pytestmark = pytest.mark.integration

SECONDS = 0.6
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
BOMB = gzip.compress(b"0" * 50_000_000)


def message(receiver: Receiver, path: str = "/hook") -> Message:
    url = f"http://{receiver.host}:{receiver.port}{path}"
    return Message("k-1", url, {"body": '{"event":"lead.assigned"}', "text": "text"}, ("whsec_c2VjcmV0c2VjcmV0",))


def allowed(receiver: Receiver) -> frozenset[str]:
    return frozenset({f"{receiver.host}:{receiver.port}"})


@contextmanager
def webhook(receiver: Receiver):
    with Webhook(GuardedTransport(allowed(receiver)), seconds=SECONDS, agent="test", allowed=allowed(receiver)) as one:
        yield one


@contextmanager
def slack(receiver: Receiver):
    wire = Transport(
        "Slack",
        credential="the webhook's address",
        timeouts=Timeouts(read=5),
        patience=Patience(attempts=1),
        wire=GuardedTransport(allowed(receiver)),
        is_address_secret=True,
    )
    with wire:
        yield SlackWebhook(wire, seconds=SECONDS, allowed=allowed(receiver))


def timed(send: Callable[[], object], raises: type[Exception]) -> float:
    began = time.monotonic()
    with pytest.raises(raises):
        send()
    return time.monotonic() - began


@pytest.mark.parametrize(
    "answer",
    [
        resetting,
        closing,
        saying(b"garbage\r\n\r\n"),
        breaking_off,
        saying(b"HTTP/1.1 999999 OK\r\n\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"),
        saying(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    ],
    ids=["reset", "close", "garbage", "half", "no status", "long header", "redirect"],
)
def test_a_receiver_that_answers_nothing_of_worth_is_a_failed_attempt_at_once(answer: Answer) -> None:
    with Receiver(answer) as receiver, webhook(receiver) as channel:
        assert SECONDS > timed(lambda: channel.send(message(receiver), datetime.now(UTC)), VendorUnavailable)
        assert 1 == len(receiver.requests)


@pytest.mark.parametrize(
    "answer",
    [hanging, dripping(b""), dripping(b"HTTP/1.1 200 OK\r\nX-Y: "), dripping(BODY)],
    ids=["hangs", "drips from the start", "drips headers", "drips a body"],
)
def test_one_deadline_holds_for_a_whole_send_however_it_drips(answer: Answer) -> None:
    with Receiver(answer) as receiver, webhook(receiver) as channel:
        seconds = timed(lambda: channel.send(message(receiver), datetime.now(UTC)), VendorUnavailable)
        assert SECONDS * 0.9 <= seconds < SECONDS + 0.5


def test_a_receiver_that_reads_nothing_is_left_at_the_deadline() -> None:
    class Deaf(Receiver):
        def _serve(self, connection):
            time.sleep(30)

    with Deaf(hanging) as receiver, webhook(receiver) as channel:
        large = Message("k-1", message(receiver).address, {"body": "x" * 30_000_000}, ("whsec_c2VjcmV0c2VjcmV0",))
        seconds = timed(lambda: channel.send(large, datetime.now(UTC)), VendorUnavailable)
        assert seconds < SECONDS + 0.5


def test_an_answer_without_an_end_is_cut_off_and_a_packed_one_is_not_unpacked() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB)
    for answer in (endless, saying(head + BOMB)):
        with Receiver(answer) as receiver, webhook(receiver) as channel:
            assert Receipt(status=200) == channel.send(message(receiver), datetime.now(UTC))


def test_a_slack_webhook_is_held_to_the_same_bounds() -> None:
    for answer in (endless, hanging, dripping(BODY)):
        with Receiver(answer) as receiver, slack(receiver) as channel:
            seconds = timed(lambda: channel.send(message(receiver), datetime.now(UTC)), OutcomeUnknown)
            assert seconds < SECONDS + 0.5
    with Receiver(saying(OK)) as receiver, slack(receiver) as channel:
        assert Receipt(status=200) == channel.send(message(receiver), datetime.now(UTC))


def test_nobody_there_is_a_failed_attempt() -> None:
    receiver = Receiver(saying(OK))
    receiver._listening.close()
    with webhook(receiver) as channel:
        assert SECONDS > timed(lambda: channel.send(message(receiver), datetime.now(UTC)), VendorUnavailable)


def test_connections_are_kept_between_sends_and_not_shared_between_hosts() -> None:
    with Receiver(saying(OK)) as receiver, webhook(receiver) as channel:
        for _ in range(3):
            channel.send(message(receiver), datetime.now(UTC))
        assert (3, 1) == (len(receiver.requests), receiver.connections)


def test_the_deadline_ends_with_its_block() -> None:
    with Receiver(saying(OK)) as receiver, httpx.Client(transport=GuardedTransport(allowed(receiver))) as client:
        with within(0), pytest.raises(httpx.ConnectTimeout):
            client.get(message(receiver).address)
        assert 200 == client.get(message(receiver).address).status_code
