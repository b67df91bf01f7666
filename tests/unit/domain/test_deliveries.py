"""What follows from an attempt: nothing ends without a reason, nothing goes on for ever, and pauses only grow."""

import datetime as dt
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.deliveries import (
    ASK_PAUSES,
    CHANNELS,
    JITTER,
    OPEN,
    PAUSES,
    Action,
    Outcome,
    Repeats,
    Standing,
    after_ask,
    after_send,
    hold_for,
    next_action,
    pause_before,
)

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
SETTLES = dt.timedelta(seconds=40)
OUTCOMES = get_args(Outcome)
IDS = st.uuids().map(str)


def standing(channel="webhook", *, is_taken=True, sends=1, asks=0, delivery_id="d"):
    return Standing(delivery_id, channel, is_taken, sends, asks, SETTLES)


@given(st.sampled_from(CHANNELS), st.integers(1, 30), st.sampled_from(OUTCOMES), st.none() | st.floats(0, 1e5))
def test_a_message_is_due_again_just_where_it_is_open(channel, sends, outcome, retry_after):
    judged = after_send(standing(channel, sends=sends), outcome, NOW, retry_after)
    assert (judged.state in OPEN) == (judged.next_at is not None)
    assert judged.next_at is None or judged.next_at >= NOW


@given(st.integers(0, 30), st.sampled_from(OUTCOMES), st.booleans())
def test_a_message_that_was_asked_about_is_due_again_just_where_it_is_open(asks, outcome, is_taken):
    judged = after_ask(standing("sms", is_taken=is_taken, asks=asks), outcome, NOW)
    assert (judged.state in OPEN) == (judged.next_at is not None)


@pytest.mark.parametrize("channel", CHANNELS)
def test_attempts_come_to_an_end(channel):
    sends, state = 0, "intended"
    while state == "intended":
        sends += 1
        state = after_send(standing(channel, sends=sends), "unavailable", NOW).state
    assert ("dead", len(PAUSES[channel]) + 1) == (state, sends)


def test_the_outside_has_three_attempts_and_a_webhook_ten():
    assert {"email": 3, "sms": 3, "slack": 3, "webhook": 10} == {name: len(PAUSES[name]) + 1 for name in CHANNELS}


def test_a_lost_answer_is_waited_for_and_given_up_in_the_end():
    judged = after_send(standing("email", sends=1), "unknown", NOW)
    assert "unknown" == judged.state
    assert NOW + SETTLES <= judged.next_at
    assert "dead" == after_send(standing("email", sends=3), "unknown", NOW).state


@pytest.mark.parametrize("outcome", ["rate_limited", "key_refused"])
def test_who_is_asked_for_patience_or_has_no_key_loses_no_attempt(outcome):
    judged = after_send(standing("email", sends=3), outcome, NOW, 90.0)
    assert ("intended", True, NOW + dt.timedelta(seconds=90)) == (judged.state, judged.is_free, judged.next_at)


@pytest.mark.parametrize("outcome", ["refused", "gone"])
def test_a_refusal_is_final(outcome):
    assert "failed" == after_send(standing(), outcome, NOW).state


def test_a_receiver_that_names_a_time_has_it():
    judged = after_send(standing(sends=1), "unavailable", NOW, 3600.0)
    assert NOW + dt.timedelta(hours=1) == judged.next_at


@given(IDS, st.sampled_from(CHANNELS))
def test_pauses_grow_with_at_most_their_jitter_and_are_the_same_each_time(delivery_id, channel):
    number = len(PAUSES[channel])
    pauses = [pause_before(standing(channel, sends=sends, delivery_id=delivery_id)) for sends in range(1, number + 1)]
    assert pauses == [pause_before(standing(channel, sends=n, delivery_id=delivery_id)) for n in range(1, number + 1)]
    assert all(plain <= pause <= plain * (1 + JITTER) for plain, pause in zip(PAUSES[channel], pauses, strict=True))
    assert all(first < second for first, second in pairwise(pauses))
    assert pause_before(standing(channel, sends=number + 1)) is None


def test_jitter_spreads_messages_that_failed_together():
    pauses = {pause_before(standing(delivery_id=str(number))) for number in range(100)}
    assert 90 < len(pauses)


@pytest.mark.parametrize("repeats", list(Repeats))
def test_what_is_surely_not_there_is_sent(repeats):
    assert Action("send") == next_action("intended", None, repeats)


@pytest.mark.parametrize("repeats", list(Repeats))
def test_what_a_provider_took_is_asked_for(repeats):
    assert Action("ask") == next_action("sent", "id-1", repeats)


@pytest.mark.parametrize("state", ["sent", "unknown"])
@pytest.mark.parametrize(
    ("repeats", "action"),
    [
        (Repeats.KEYED, Action("send")),
        (Repeats.ASKED, Action("ask")),
        (Repeats.BLIND, Action("send", is_resend=True)),
    ],
)
def test_a_lost_answer_is_settled_as_the_channel_can(state, repeats, action):
    assert action == next_action(state, None, repeats)


def test_a_provider_that_has_no_more_news_is_believed_and_one_that_knows_nothing_is_not():
    last = len(ASK_PAUSES)
    assert "sent" == after_ask(standing("email", asks=last - 1), "accepted", NOW).state
    assert "confirmed" == after_ask(standing("email", asks=last), "accepted", NOW).state
    assert "confirmed" == after_ask(standing("email", asks=last), "unavailable", NOW).state
    assert "dead" == after_ask(standing("sms", is_taken=False, asks=last), "unavailable", NOW).state
    assert "unknown" == after_ask(standing("sms", is_taken=False), "unavailable", NOW).state


def test_what_the_provider_never_had_is_sent_again_at_once():
    judged = after_ask(standing("sms", is_taken=False, asks=1), "absent", NOW)
    assert ("intended", NOW) == (judged.state, judged.next_at)


@given(st.integers(1, 1000), st.none() | st.floats(0, 1e6))
def test_a_receiver_is_left_alone_for_longer_and_longer_up_to_a_quarter_of_an_hour(failures, retry_after):
    hold = hold_for(failures, retry_after)
    assert hold_for(failures) <= hold_for(failures + 1) <= dt.timedelta(minutes=15)
    assert hold >= dt.timedelta(seconds=retry_after or 0) - dt.timedelta(microseconds=1)
