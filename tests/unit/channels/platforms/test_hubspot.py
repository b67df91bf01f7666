"""HubSpot's wire: what is sent, lead by lead what is answered, and what an answer that was not agreed means."""

from typing import Any

import httpx
import pytest

from lead_pipeline.channels.platforms.hubspot import HubSpot
from lead_pipeline.channels.platforms.port import BatchOutcome, Rejection
from lead_pipeline.contracts.platform_accounts import PlatformAccount
from lead_pipeline.domain.provider_limits import Allowance
from lead_pipeline.errors import OutcomeUnknown, PermanentError, SettingsError, VendorRefused
from tests.unit.channels.platforms.wire_script import golden, leads, transport

ACCOUNT = PlatformAccount(
    "w-1",
    "marketing-platform",
    "hubspot",
    "https://api.hubapi.com",
    {"access_token": "pat-na1-token"},
    {"object": "companies", "id_property": "lead_pipeline_id"},
    {"name": "company_name", "numberofemployees": "employee_count", "is_new": {"const": True}},
)
LEADS = [{"id": "l-1"}, {"id": "l-2"}]


def answering(status: int, body: Any) -> HubSpot:
    return HubSpot(ACCOUNT, transport(lambda _: httpx.Response(status, json=body)))


def result(lead: str) -> dict[str, Any]:
    return {"id": f"h-{lead}", "properties": {}, "objectWriteTraceId": lead}


def test_a_batch_and_its_answer_are_those_of_the_golden_file() -> None:
    wire, expected = golden("hubspot_upsert.json")
    hubspot = HubSpot(ACCOUNT, wire)

    outcome = hubspot.send_batch("k-1", leads())

    assert (
        BatchOutcome(
            "k-1",
            ("l-1",),
            (Rejection("l-2", "VALIDATION_ERROR: Property values were not valid"),),
            (Rejection("l-3", "RATE_LIMITS: this record is being written to"),),
            {"l-1": "18190442"},
        )
        == outcome
    )
    assert Allowance(1000, 500000) == hubspot.allowance
    assert [] == expected


def test_a_result_without_a_trace_is_known_by_its_unique_property() -> None:
    results = [{"id": "h", "properties": {"lead_pipeline_id": lead["id"]}} for lead in LEADS]
    assert ("l-1", "l-2") == answering(200, {"results": results}).send_batch("k", LEADS).accepted


def test_a_lead_that_the_answer_does_not_name_is_put_off() -> None:
    outcome = answering(207, {"results": [result("l-1")], "errors": [{"category": "X"}]}).send_batch("k", LEADS)
    assert (("l-1",), (Rejection("l-2", "the answer did not name it"),)) == (outcome.accepted, outcome.deferred)


@pytest.mark.parametrize("name", ["ids", "id"])
def test_an_error_may_name_its_leads_as_ids(name: str) -> None:
    error = {"category": "VALIDATION_ERROR", "message": "no", "context": {name: ["l-1", "l-2"]}}
    outcome = answering(207, {"results": [], "errors": [error]}).send_batch("k", LEADS)
    assert ["l-1", "l-2"] == [one.lead_id for one in outcome.rejected]


@pytest.mark.parametrize(
    "answer",
    [
        [], {}, {"results": 1}, {"results": [], "errors": 1}, {"results": [result("l-1")] * 2},
        {"results": [result("l-3")]}, {"ok": True, "result": []},
        {"results": [result("l-1")], "errors": [{"context": {"ids": ["l-1"]}}]},
    ],
)  # fmt: skip
def test_an_answer_that_was_not_agreed_leaves_the_outcome_unknown(answer: Any) -> None:
    with pytest.raises(OutcomeUnknown, match="It is sent again"):
        answering(200, answer).send_batch("k", LEADS)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_lost_answer_leaves_the_outcome_unknown(status: int) -> None:
    with pytest.raises(OutcomeUnknown, match="sent again under the same ids"):
        answering(status, {}).send_batch("k", LEADS)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, SettingsError), (404, SettingsError), (401, VendorRefused), (403, VendorRefused),
                         (415, SettingsError), (302, SettingsError)],
)  # fmt: skip
def test_no_status_is_a_verdict_on_the_leads_and_none_repeats_what_was_said(status: int, kind: Any) -> None:
    body = {"status": "error", "message": "ada@example.com is bad", "category": "VALIDATION_ERROR"}
    with pytest.raises(kind) as raised:
        answering(status, body).send_batch("k", LEADS)
    assert "ada@example.com" not in str(raised.value)


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_holds_1_to_100_leads(count: int) -> None:
    with pytest.raises(PermanentError, match="Send 1 to 100"):
        answering(200, {}).send_batch("k", LEADS[:1] * count)
