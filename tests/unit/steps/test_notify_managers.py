"""Of the managers that a closing's realtor has, those who are told, and what becomes of the closing."""

from datetime import UTC, datetime

import pytest

from lead_pipeline.domain.crm_closing import Closing
from lead_pipeline.steps.notify_managers import outcome_of, whom_to_tell
from lead_pipeline.store.managers import Found

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLOSING = Closing("7", ("marina@agency.example",), None, NOON)


def found(manager_id="m1", name="Rita", destination="d1", rank=0, realtor="marina@agency.example", *, is_name=False):
    return Found(1, rank, is_name, realtor, "Marina Prado", manager_id, name, destination, destination and "email")


def told(*managers):
    return [(one.manager_id, one.destination_id) for one in whom_to_tell(managers)]


def test_a_manager_is_told_on_each_channel_and_under_one_key_only():
    by_mail = [found(), found(destination="d2")]
    by_id = [found("m2", "RITA", "d3", 1, "s-7"), found("m3", "Paulo", "d4", 1, "s-7")]
    assert [("m1", "d1"), ("m1", "d2"), ("m3", "d4")] == told(*by_mail, *by_id)


def test_a_manager_who_cannot_be_told_under_one_key_is_told_under_another():
    assert [("m2", "d3")] == told(found(destination=None), found("m2", destination="d3", rank=1))


def test_a_name_that_two_realtors_share_names_neither():
    one, other = found(is_name=True), found("m2", "Paulo", "d2", realtor="s-7", is_name=True)
    assert [] == told(one, other)
    assert [("m1", "d1")] == told(one)


@pytest.mark.parametrize(
    ("closing", "last", "messages", "expected"),
    [
        (CLOSING, None, [found()], "notified"),
        (CLOSING, NOON, [found()], "repeated"),
        (CLOSING, NOON, [], "repeated"),
        (CLOSING, None, [], "no_manager"),
        (Closing("7", closed_at=NOON), NOON, [], "no_realtor"),
    ],
)
def test_a_closing_is_told_once_where_there_is_somebody_to_tell(closing, last, messages, expected):
    assert expected == outcome_of(closing, last, messages)
