"""Clay's wire: what is asked, the cap on contacts, and what is not accepted."""

import json

import httpx
import pytest

from lead_pipeline.errors import PermanentError, VendorUnavailable
from lead_pipeline.vendors.clay import Clay, Contact, EmailVerification

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
    clay = asking(transport_to, {"email": "ada@example.com", "status": "valid"})

    assert EmailVerification("Ada@Example.com", "valid") == clay.verify_email("Ada@Example.com")


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
