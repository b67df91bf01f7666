"""What an event of Stripe says, and that any bytes have an answer."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.stripe_events import read_event, read_subscription

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def body(**fields):
    return json.dumps({"id": "evt_1", "type": "payment_intent.succeeded", "created": 1_767_225_600, **fields}).encode()


def test_an_event_is_known_by_its_id_its_type_and_what_it_is_about():
    event = read_event(body(data={"object": {"id": "pi_1"}}))
    assert ("event/evt_1", "payment_intent.succeeded") == (event.external_id, event.event_type)
    assert (datetime(2026, 1, 1, tzinfo=UTC), {"id": "pi_1"}, True) == (event.created, event.about, event.is_applied)


@pytest.mark.parametrize("junk", [b"", b"[]", b"7", b"\xff", b"{}", b'{"id": 1, "type": "x"}', b"[" * 10_000])
def test_what_is_no_event_is_known_by_its_bytes(junk):
    event = read_event(junk)
    assert (None, False, True) == (event.event_type, event.is_applied, event.external_id.startswith("sha256/"))
    assert event.external_id != read_event(junk + b" ").external_id


@pytest.mark.parametrize("created", [None, "1", 1.5, True, 10**30, -(10**30)])
def test_an_event_without_a_time_is_not_applied(created):
    assert not read_event(body(created=created)).is_applied


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_have_an_answer(given_bytes):
    event = read_event(given_bytes)
    assert 0 < len(event.external_id) < 300


@given(JSON)
def test_any_object_is_a_subscription_or_is_refused_with_words(about):
    fields = about if isinstance(about, dict) else {"items": about, "metadata": about}
    try:
        read_subscription(fields)
    except ValueError as error:
        assert "no subscription" in str(error)


@pytest.mark.parametrize(
    ("more", "plan"),
    [
        ({"items": {"data": [{"price": {"id": "price_1"}, "plan": {"id": "plan_1"}}]}}, "price_1"),
        ({"items": {"data": [{"plan": {"id": "plan_1"}}]}}, "plan_1"),
        ({"plan": {"id": "plan_0"}}, "plan_0"),
        ({"items": {"data": []}}, None),
        ({"items": []}, None),
    ],
)
def test_the_plan_is_the_id_of_the_first_price_or_plan(more, plan):
    told = read_subscription({"id": "sub_1", "customer": "cus_1", "status": "active", **more})
    assert (plan, None) == (told.plan, told.workspace_id)
