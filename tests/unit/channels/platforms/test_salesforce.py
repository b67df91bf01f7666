"""Salesforce's wire: what is sent, row by row what is answered, and what an answer that was not agreed means."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from lead_pipeline.channels.platforms.port import BatchOutcome, Rejection
from lead_pipeline.channels.platforms.salesforce import Salesforce
from lead_pipeline.contracts.platform_accounts import PlatformAccount
from lead_pipeline.domain.provider_limits import Allowance
from lead_pipeline.errors import OutcomeUnknown, PermanentError, RateLimited, SettingsError, VendorRefused
from tests.unit.channels.platforms.wire_script import golden, leads, transport

ACCOUNT = PlatformAccount(
    "w-1",
    "tech-platform",
    "salesforce",
    "https://acme.my.salesforce.com",
    {"client_id": "3MVG9", "client_secret": "s&cret"},
    {"object": "Lead", "external_id_field": "Lead_Pipeline_Id__c", "api_version": "62.0"},
    {
        "LastName": {"path": "primary_contact.full_name", "default": "[not provided]"},
        "Company": "company_name",
        "City": "location.city",
        "NumberOfEmployees": "employee_count",
        "LeadSource": {"const": "Lead Pipeline"},
    },
)
TOKEN = {"access_token": "t", "instance_url": "https://acme.my.salesforce.com"}
LOCKED = "unable to obtain exclusive access to this record or 1 records: 00Q5e00000AbCdFEAV"
LEAD = [{"id": "l-1", "company_name": "Example"}]


def org(answer: Callable[[httpx.Request], httpx.Response], token: Any = TOKEN) -> Salesforce:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=token) if request.url.path.endswith("/token") else answer(request)

    return Salesforce(ACCOUNT, transport(handle))


def answering(status: int, body: Any, **headers: str) -> Salesforce:
    return org(lambda _: httpx.Response(status, json=body, headers=headers))


def test_a_batch_and_its_answer_are_those_of_the_golden_file() -> None:
    wire, expected = golden("salesforce_upsert.json")
    salesforce = Salesforce(ACCOUNT, wire)

    outcome = salesforce.send_batch("k-1", leads())

    assert (
        BatchOutcome(
            "k-1",
            ("l-1",),
            (Rejection("l-2", "REQUIRED_FIELD_MISSING: Required fields are missing: [Company]"),),
            (
                Rejection(
                    "l-3",
                    f"UNABLE_TO_LOCK_ROW: {LOCKED}",
                ),
            ),
            {"l-1": "00Q5e00000AbCdEEAV"},
        )
        == outcome
    )
    assert Allowance(10018, 100000) == salesforce.allowance
    assert [] == expected


def test_one_token_serves_a_run() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.rpartition("/")[2])
        return httpx.Response(200, json=TOKEN if asked[-1] == "token" else [{"id": "1", "success": True, "errors": []}])

    salesforce = Salesforce(ACCOUNT, transport(handle))
    for _ in range(3):
        salesforce.send_batch("k", LEAD)
    assert ["token", *["Lead_Pipeline_Id__c"] * 3] == asked


def test_a_session_that_has_ended_is_renewed_once() -> None:
    with pytest.raises(VendorRefused, match="401 INVALID_SESSION_ID") as refused:
        answering(401, [{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}]).send_batch("k", LEAD)
    assert 401 == refused.value.status


@pytest.mark.parametrize(
    "answer",
    [{}, [], [1], [{}], [{"success": 1}], [{"success": True, "id": "1"}] * 2, {"ok": True}],
)
def test_an_answer_that_was_not_agreed_leaves_the_outcome_unknown(answer: Any) -> None:
    with pytest.raises(OutcomeUnknown, match="It is sent again"):
        answering(200, answer).send_batch("k", LEAD)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_lost_answer_leaves_the_outcome_unknown(status: int) -> None:
    with pytest.raises(OutcomeUnknown, match="sent again under the same ids"):
        answering(status, []).send_batch("k", LEAD)


def test_the_end_of_the_daily_allowance_is_a_reason_to_wait() -> None:
    limit = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    salesforce = answering(403, limit)
    with pytest.raises(RateLimited, match="no calls left today"):
        salesforce.send_batch("k", LEAD)
    assert Allowance(1, 1) == salesforce.allowance


@pytest.mark.parametrize(
    ("status", "kind"), [(400, SettingsError), (404, SettingsError), (403, VendorRefused), (405, SettingsError),
                         (302, SettingsError)],
)  # fmt: skip
def test_no_status_is_a_verdict_on_the_leads_and_none_repeats_what_was_said(status: int, kind: Any) -> None:
    with pytest.raises(kind) as raised:
        answering(status, [{"message": "ada@example.com is bad", "errorCode": "INVALID_FIELD"}]).send_batch("k", LEAD)
    assert "ada@example.com" not in str(raised.value)


@pytest.mark.parametrize("token", [[], {}, {"access_token": "t"}, {"access_token": 1, "instance_url": "https://a"}])
def test_a_token_answer_that_was_not_agreed_is_tried_again_later(token: Any) -> None:
    with pytest.raises(Exception, match="names no access_token"):
        org(lambda _: httpx.Response(200, json=[]), token).send_batch("k", LEAD)


def test_an_instance_without_tls_is_sent_nothing() -> None:
    token = {"access_token": "t", "instance_url": "http://elsewhere.example"}
    with pytest.raises(SettingsError, match="without TLS"):
        org(lambda _: pytest.fail("something was sent"), token).send_batch("k", LEAD)


@pytest.mark.parametrize("count", [0, 201])
def test_a_batch_holds_1_to_200_leads(count: int) -> None:
    with pytest.raises(PermanentError, match="Send 1 to 200"):
        answering(200, []).send_batch("k", LEAD * count)
