"""The sandbox's HubSpot: its limits are kept by the calls themselves, and a repeat is no second effect."""

import json

from lead_pipeline.sandbox.hubspot import MOST, PER_TEN_SECONDS, Portal, _inputs
from lead_pipeline.sandbox.record import Record


def portal(**more):
    return Portal("key", Record(), **more)


def given(lead, **properties):
    return {"id": lead, "idProperty": "lead_pipeline_id", "objectWriteTraceId": lead, "properties": properties}


def test_no_ten_seconds_see_more_than_190_calls():
    now = [0.0]
    one = portal(clock=lambda: now[0])
    assert [None] * PER_TEN_SECONDS == [one.exceeded() for _ in range(PER_TEN_SECONDS)]
    assert "TEN_SECONDLY_ROLLING" == one.exceeded()
    now[0] = 9.999
    assert "TEN_SECONDLY_ROLLING" == one.exceeded()
    now[0] = 10.0
    assert one.exceeded() is None


def test_a_day_has_an_end():
    one = portal(used=9, allowed=10)
    assert [None, "DAILY"] == [one.exceeded(), one.exceeded()]
    assert "0" == one.headers()["X-HubSpot-RateLimit-Daily-Remaining"]


def test_the_same_record_again_is_no_effect_and_a_change_is_one():
    one = portal()
    for name in ("Firm", "Firm", "Other"):
        results, errors = one.upsert("companies", [given("l-1", name=name)])
        assert (["l-1"], []) == ([result["objectWriteTraceId"] for result in results], errors)
    assert {"effects": 2, "requests": 3} == one.record.as_json()["platforms"]["hubspot"]["l-1"]


def test_inputs_are_judged_as_a_whole_and_records_one_by_one():
    assert "100" in _inputs(_body([given(str(n), name="x") for n in range(MOST + 1)]))
    assert "Duplicate" in _inputs(_body([given("l-1")] * 2))
    for body in (b"", b"[]", b'{"inputs": [{}]}', b'{"inputs": []}', _body([given("l-1", name=7)])):
        assert isinstance(_inputs(body), str)
    results, errors = portal().upsert("companies", [given("l-1", name="x"), given("l-2")])
    assert ("l-1", {"objectWriteTraceId": ["l-2"]}) == (results[0]["objectWriteTraceId"], errors[0]["context"])


def _body(inputs):
    return json.dumps({"inputs": inputs}).encode()
