"""The sandbox's Salesforce: each record is judged by itself, and a repeat is no second effect."""

import pytest

from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.salesforce import Org, _records


def org():
    return Org("key", Record())


def given(lead, **fields):
    return {"attributes": {"type": "Lead"}, "X__c": lead, "LastName": "Example", "Company": "Firm", **fields}


def codes(results):
    return [None if one["success"] else one["errors"][0]["statusCode"] for one in results]


def test_records_are_judged_one_by_one_in_their_order():
    sent = [given("l-1"), given("l-2", Company=" "), given(""), {**given("l-3"), "attributes": {"type": "Account"}},
            given("l-4"), given("l-4")]  # fmt: skip
    assert [
        None, "REQUIRED_FIELD_MISSING", "MISSING_ARGUMENT", "INVALID_TYPE", "DUPLICATE_VALUE", "DUPLICATE_VALUE",
    ] == codes(org().upsert("Lead", "X__c", sent))  # fmt: skip


def test_a_record_is_created_once_and_the_same_again_is_no_effect():
    one = org()
    answers = [one.upsert("Lead", "X__c", [given("l-1", Company=name)])[0] for name in ("Firm", "Firm", "Other")]
    assert [True, False, False] == [answer["created"] for answer in answers]
    assert 1 == len({answer["id"] for answer in answers})
    assert {"effects": 2, "requests": 3} == one.record.as_json()["platforms"]["salesforce"]["l-1"]


def test_a_locked_record_can_be_had_the_second_time_and_an_always_locked_one_never():
    one = org()
    for expected in (["UNABLE_TO_LOCK_ROW"] * 2, [None, "UNABLE_TO_LOCK_ROW"]):
        sent = [given("l-1", Company="locked"), given("l-2", Company="always locked")]
        assert expected == codes(one.upsert("Lead", "X__c", sent))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"records": []}', b'{"records": [1]}', b"\xff"])
def test_a_body_that_is_no_collection_has_no_records(body):
    assert _records(body) is None
