"""Clay's wire: what is asked, the cap on contacts, and what is not accepted."""

import json
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.errors import PermanentError, VendorUnavailable
from lead_pipeline.vendors.clay import Clay, Contact, EmailVerification, read_contacts, read_verification

PERSON = {
    "full_name": "Ada Example",
    "email": "ada@example.com",
    "title": "CTO",
    "seniority": "executive",
    "department": "engineering",
    "linkedin_url": "https://linkedin.example/ada",
}


def asking(transport_to, answer, seen=None):
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(200, content=json.dumps(answer).encode())

    return Clay(transport_to("", wire=httpx.MockTransport(handle)), "http://clay.test/v1/", "clay-key")


def test_contacts_are_asked_for_by_title_and_seniority(transport_to):
    seen: list[httpx.Request] = []
    answer = asking(transport_to, {"contacts": [PERSON]}, seen).company_contacts("example.com", "Example")

    assert [Contact(**PERSON)] == answer.contacts
    assert json.dumps({"contacts": [PERSON]}).encode() == answer.body
    assert "http://clay.test/v1/contacts/search" == str(seen[0].url)
    assert "Bearer clay-key" == seen[0].headers["Authorization"]
    assert {
        "domain": "example.com",
        "company_name": "Example",
        "limit": 5,
        "filters": {
            "job_titles": ["CEO", "CTO", "VP", "Director"],
            "seniority_levels": ["executive", "director"],
        },
    } == json.loads(seen[0].content)


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_company_never_has_more_contacts_than_were_asked_for(transport_to, limit):
    clay = asking(transport_to, {"contacts": [PERSON] * 9})

    assert limit == len(clay.company_contacts("example.com", "Example", limit=limit).contacts)


@pytest.mark.parametrize("limit", [-1, 0, 6])
def test_more_than_five_contacts_or_none_cannot_be_asked_for(transport_to, limit):
    with pytest.raises(PermanentError, match="Ask for 1 to 5"):
        asking(transport_to, {}).company_contacts("example.com", "Example", limit=limit)


def test_junk_among_the_contacts_is_counted_and_does_not_take_a_place(transport_to):
    clay = asking(transport_to, {"contacts": [None, "junk", PERSON]})

    answer = clay.company_contacts("example.com", "Example", limit=1)

    assert [Contact(**PERSON)] == answer.contacts
    assert 2 == answer.unusable


def test_a_field_that_is_no_text_is_missing_and_nul_is_replaced(transport_to):
    clay = asking(transport_to, {"contacts": [{"full_name": "A\x00B\ud800", "email": 5, "title": " "}]})

    contact = clay.company_contacts("example.com", "Example").contacts[0]

    assert Contact("A\ufffdB\ufffd", None, None, None, None, None) == contact


def test_an_address_is_verified_whatever_its_case(transport_to):
    answer = {"email": "ada@example.com", "status": "valid"}
    clay = asking(transport_to, answer)

    expected = EmailVerification(json.dumps(answer).encode(), "Ada@Example.com", "valid")
    assert expected == clay.verify_email("Ada@Example.com")


@pytest.mark.parametrize(
    "answer",
    [[], {}, {"email": "ada@example.com"}, {"email": "bob@example.com", "status": "valid"}, {"status": 1}],
)
def test_a_verdict_that_was_not_agreed_is_not_accepted_and_names_no_address(transport_to, answer):
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed") as caught:
        asking(transport_to, answer).verify_email("ada@example.com")

    assert "@" not in str(caught.value)


@pytest.mark.parametrize("answer", [[], {}, {"contacts": {}}, {"contacts": None}])
def test_contacts_that_were_not_agreed_are_not_accepted(transport_to, answer):
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed"):
        asking(transport_to, answer).company_contacts("example.com", "Example")


def test_a_lead_is_sent_with_its_id_as_the_idempotency_key_and_the_same_filters(transport_to):
    seen: list[httpx.Request] = []
    clay = asking(transport_to, {"request_id": "r-1", "contacts": []}, seen)

    clay.company_contacts("example.com", "Example")
    clay.request_enrichment("lead-1", "example.com", "Example")

    assert "http://clay.test/v1/enrichments" == str(seen[1].url)
    assert ("lead-1", "Bearer clay-key") == (seen[1].headers["Idempotency-Key"], seen[1].headers["Authorization"])
    assert {"lead_id": "lead-1", **json.loads(seen[0].content)} == json.loads(seen[1].content)


def test_an_answer_that_is_kept_is_read_as_it_was_when_it_came(transport_to):
    clay = asking(transport_to, {"contacts": [PERSON, 7], "email": "ada@example.com", "status": "valid"})

    found, verdict = clay.company_contacts("example.com", "Example"), clay.verify_email("Ada@example.com")

    assert found == read_contacts(found.body)
    assert verdict == read_verification(verdict.body, "Ada@example.com")


@given(st.binary() | st.recursive(st.none() | st.text(), st.lists, max_leaves=3).map(lambda x: json.dumps(x).encode()))
def test_any_bytes_are_read_or_are_not_what_was_agreed(body):
    for read in (read_contacts, lambda raw: read_verification(raw, "ada@example.com")):
        with suppress(VendorUnavailable):
            read(body)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"[]", b"\xff"])
def test_a_kept_answer_that_cannot_be_read_is_not_what_was_agreed(body):
    for read in (read_contacts, lambda raw: read_verification(raw, "ada@example.com")):
        with pytest.raises(VendorUnavailable, match="answer is not what was agreed"):
            read(body)
