"""One lead's questions: which are asked, what is kept of them, and which errors are about no lead."""

import json
from typing import Any

import pytest

from lead_pipeline.errors import (
    CircuitOpen,
    DatabaseUnavailable,
    LeadPipelineError,
    RateLimited,
    SettingsError,
    TransientError,
    VendorRefused,
    VendorUnavailable,
)
from lead_pipeline.steps.ask_clay import (
    CONTACTS,
    VERIFICATION,
    Question,
    addresses_in,
    ask_clay,
    send_to_clay,
    verification_key,
)
from lead_pipeline.store.enrichments import Waiting
from lead_pipeline.vendors.clay import read_contacts, read_verification

LEAD = Waiting("lead-1", "workspace", "acme.example", "Acme")
PEOPLE = [
    {"full_name": "Ann", "email": "ann@acme.example"},
    {"full_name": "Bob", "email": "bob@acme.example"},
    {"full_name": None, "email": "nobody@acme.example"},
    {"full_name": "Cy", "email": None},
]


class Vendor:
    """Clay as a script: the verdict on each address, or the error of a call."""

    def __init__(self, verdicts: dict[str, str] | None = None, **errors: LeadPipelineError) -> None:
        self.asked: list[str] = []
        self._verdicts, self._errors = verdicts or {}, errors

    def company_contacts(self, domain: str, company_name: str) -> Any:
        self._ask("contacts", domain)
        return read_contacts(json.dumps({"contacts": PEOPLE}).encode())

    def verify_email(self, address: str) -> Any:
        self._ask("verify", address)
        status = self._verdicts.get(address, "valid")
        return read_verification(json.dumps({"email": address, "status": status}).encode(), address)

    def request_enrichment(self, lead_id: str, domain: str, company_name: str) -> None:
        self._ask("send", lead_id)

    def _ask(self, what: str, about: str) -> None:
        self.asked.append(about)
        if what in self._errors:
            raise self._errors[what]


def ask(vendor: Vendor, kept: Any = ()) -> Any:
    return ask_clay(vendor, Question(LEAD, dict(kept)))  # type: ignore[arg-type]


def test_every_body_is_handed_back_under_a_key_that_holds_no_address() -> None:
    vendor = Vendor({"ann@acme.example": "invalid"})
    answered = ask(vendor)
    assert ["acme.example", "ann@acme.example", "bob@acme.example"] == vendor.asked
    keys = [(VERIFICATION, verification_key("lead-1", address)) for address in vendor.asked[1:]]
    assert {(CONTACTS, "lead-1"), *keys} == set(answered.new)
    assert not any("@" in key for _, key in answered.new)
    assert [("Ann", "invalid", False), ("Bob", "valid", True), ("Cy", None, False)] == [
        (person.full_name, person.email_status, person.is_primary) for person in answered.people
    ]


def test_what_is_kept_is_not_asked_again_and_gives_the_same_people() -> None:
    first = ask(Vendor())
    again = Vendor(contacts=VendorUnavailable("down"), verify=VendorUnavailable("down"))
    assert (first.people, {}, None) == ((answered := ask(again, first.new)).people, answered.new, answered.error)
    assert [] == again.asked


def test_a_lead_that_fails_keeps_the_answers_that_it_got() -> None:
    failed = ask(Vendor(verify=VendorUnavailable("down")))
    assert ({(CONTACTS, "lead-1")}, (), "down") == (set(failed.new), failed.people, str(failed.error))
    later = Vendor()
    assert ask(Vendor()).people == ask(later, failed.new).people
    assert ["ann@acme.example"] == later.asked


@pytest.mark.parametrize(
    ("error", "is_final"),
    [
        (VendorUnavailable("timeout"), False),
        (RateLimited("429"), False),
        (VendorRefused("404", status=404), False),
        (SettingsError("a header"), False),
        (VendorRefused("401", status=401), True),
        (VendorRefused("403", status=403), True),
        (CircuitOpen("down", retry_after=1), True),
        (DatabaseUnavailable("Postgres does not answer"), True),
        (TransientError("the run is over"), True),
    ],
)
def test_an_error_that_is_about_no_lead_fails_none(error: LeadPipelineError, is_final: bool) -> None:
    assert (error, is_final) == ((one := ask(Vendor(contacts=error))).error, one.is_final)
    sent = send_to_clay(Vendor(send=error), Question(LEAD, {}))  # type: ignore[arg-type]
    assert (error, is_final) == (sent.error, sent.is_final)


def test_a_kept_answer_that_cannot_be_read_fails_its_lead_only() -> None:
    kept = {(CONTACTS, "lead-1"): b"no JSON"}
    assert [] == addresses_in(b"no JSON")
    answered = ask(Vendor(), kept)
    assert (False, {}) == (answered.is_final, answered.new)
    assert "not what was agreed" in str(answered.error)
