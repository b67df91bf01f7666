"""What Clay is asked about one lead, and what its answers come to. Writes nothing, knows no table.

An answer that is kept is used instead of asking again; a lead that fails keeps the answers that it got.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lead_pipeline.domain.enrichment import Person, keep_people
from lead_pipeline.errors import CircuitOpen, LeadPipelineError, TransientError, VendorRefused, VendorUnavailable
from lead_pipeline.store.enrichments import Waiting
from lead_pipeline.vendors.clay import Clay, read_contacts, read_verification

CONTACTS, VERIFICATION = "company_contacts", "verify_email"
_KEY_REFUSED = (401, 403)


@dataclass(frozen=True)
class Question:
    """A lead to ask about, with the kept answers about it: event and key to body."""

    lead: Waiting
    kept: Mapping[tuple[str, str], bytes]


@dataclass(frozen=True)
class Answered:
    """What became of a question. `new`: the bodies to keep, by event and key.

    `error`: why the lead fails, None where it does not; with `is_final` nobody else is worth asking about now either,
    and the lead waits on.
    """

    lead: Waiting
    people: tuple[Person, ...]
    new: Mapping[tuple[str, str], bytes]
    error: LeadPipelineError | None = None
    is_final: bool = False


def verification_key(lead_id: str, address: str) -> str:
    """What the verdict on an address of a lead's contact is kept under. It does not hold the address."""
    return f"{lead_id}/{hashlib.sha256(address.encode()).hexdigest()[:16]}"


def people_in(contacts: bytes, verdict_on: Callable[[str], bytes]) -> tuple[Person, ...]:
    """The people that an answer names, as kept. `verdict_on`: the body of Clay's verdict on an address."""
    found = [
        Person(who.full_name, who.email, who.title, who.seniority, who.department, who.linkedin_url)
        for who in read_contacts(contacts).contacts
        if who.full_name is not None
    ]
    return tuple(keep_people(found, lambda address: read_verification(verdict_on(address), address).status))


def addresses_in(contacts: bytes) -> list[str]:
    """Every address that a verdict may be asked about; none where the answer cannot be read."""
    try:
        return [who.email for who in read_contacts(contacts).contacts if who.email is not None]
    except VendorUnavailable:
        return []


def ask_clay(vendor: Clay, question: Question) -> Answered:
    """Ask about a lead's company and the addresses of its people, as far as no kept answer says it already."""
    lead = question.lead
    new: dict[tuple[str, str], bytes] = {}

    def body(event: str, key: str, asked: Callable[[], bytes]) -> bytes:
        kept = question.kept.get((event, key))
        if kept is None:
            kept = new[event, key] = asked()
        return kept

    try:
        contacts = body(
            CONTACTS, lead.lead_id, lambda: vendor.company_contacts(lead.domain, lead.company_name).body
        )  # fmt: skip
        people = people_in(
            contacts,
            lambda address: body(
                VERIFICATION, verification_key(lead.lead_id, address), lambda: vendor.verify_email(address).body
            ),
        )
        return Answered(lead, people, new)
    except LeadPipelineError as error:
        return _failed(lead, new, error)


def send_to_clay(vendor: Clay, question: Question) -> Answered:
    """Have Clay answer by webhook."""
    lead = question.lead
    try:
        vendor.request_enrichment(lead.lead_id, lead.domain, lead.company_name)
        return Answered(lead, (), {})
    except LeadPipelineError as error:
        return _failed(lead, {}, error)


def _failed(lead: Waiting, new: Mapping[tuple[str, str], bytes], error: LeadPipelineError) -> Answered:
    return Answered(lead, (), new, error, is_final=_ends_asking(error))


def _ends_asking(error: LeadPipelineError) -> bool:
    """Whether the error is about no lead: a refused key, a vendor that is down, our own database that is."""
    if isinstance(error, VendorRefused):
        return error.status in _KEY_REFUSED
    if isinstance(error, VendorUnavailable):
        return isinstance(error, CircuitOpen)
    return isinstance(error, TransientError)
