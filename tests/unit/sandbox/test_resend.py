"""Resend's stand-in: how long it knows a key, and how many requests it takes a second."""

import asyncio
import json

from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.resend import KEY_SECONDS, Resend

MAIL = json.dumps({"from": "a@b.example", "to": "c@d.example", "subject": "s", "text": "t"}).encode()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def send(resend: Resend, key: str | None = "k") -> str:
    answer = asyncio.run(resend.send(MAIL, key))
    return json.loads(answer.body)["id"]


def test_a_key_is_known_for_a_day_and_then_as_good_as_none():
    clock, record = Clock(), Record()
    resend = Resend(record, clock=clock)
    first = send(resend)
    clock.now = KEY_SECONDS - 1
    assert first == send(resend)
    clock.now = KEY_SECONDS
    assert first != send(resend)
    assert {"requests": 3, "effects": 2, "repeats": 1}.items() <= record.messages.as_json()["email"]["k"].items()


def test_without_a_key_every_request_goes_out():
    record = Record()
    resend = Resend(record)
    assert 2 == len({send(resend, None), send(resend, None)})
    assert 2 == record.messages.as_json()["email"]["c@d.example"]["effects"]


def test_requests_of_a_second_are_counted_wherever_it_begins():
    clock = Clock()
    resend = Resend(Record(), 2, clock)
    moments = (0.0, 0.5, 0.9, 1.0, 1.4, 1.5)
    refused = []
    for clock.now in moments:
        refused.append(resend.over_limit() is not None)
    assert [False, False, True, False, True, False] == refused


def test_a_reset_forgets_messages_and_keys():
    record = Record()
    resend = Resend(record)
    first = send(resend)
    resend.clear()
    record.clear()
    assert {} == record.messages.as_json()
    assert first != send(resend)
    assert 404 == resend.ask(first).status_code
