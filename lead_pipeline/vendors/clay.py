"""Clay: the contacts of a company, asked for directly or to be sent by webhook, and whether an address works.

Holds the wire of the calls and the pure readings of their answers, for answers that are kept as well. Holds no
choice of the primary contact and none of the leads worth asking for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.errors import PermanentError
from lead_pipeline.vendors.agreed import agreed_object, not_agreed
from lead_pipeline.vendors.transport import Transport

MAX_CONTACTS = 5
JOB_TITLES = ("CEO", "CTO", "VP", "Director")
SENIORITY_LEVELS = ("executive", "director")
_SEARCH, _ENRICH, _VERIFY = "/contacts/search", "/enrichments", "/emails/verify"


@dataclass(frozen=True)
class Contact:
    """One person at a company, as Clay wrote it. None where it gave no text."""

    full_name: str | None
    email: str | None
    title: str | None
    seniority: str | None
    department: str | None
    linkedin_url: str | None


@dataclass(frozen=True)
class ContactsAnswer:
    """`body` is the answer's exact bytes; `unusable` counts entries that were not objects."""

    body: bytes
    contacts: list[Contact]
    unusable: int = 0


@dataclass(frozen=True)
class EmailVerification:
    """Clay's verdict on the address that was asked for, in Clay's own word. `body` is the answer's exact bytes."""

    body: bytes
    email: str
    status: str


class Clay:
    """The enrichment account."""

    def __init__(self, transport: Transport, base_url: str, api_key: str) -> None:
        self._transport = transport
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def company_contacts(
        self,
        domain: str,
        company_name: str,
        *,
        limit: int = MAX_CONTACTS,
        job_titles: Sequence[str] = JOB_TITLES,
        seniority_levels: Sequence[str] = SENIORITY_LEVELS,
    ) -> ContactsAnswer:
        """At most `limit` contacts (1 to 5), in Clay's order, even where Clay sends more.

        Raises VendorUnavailable, also for an answer that is not what was agreed, and VendorRefused.
        """
        body = self._ask(_SEARCH, _wanted(domain, company_name, limit, job_titles, seniority_levels))
        return read_contacts(body, limit)

    def request_enrichment(self, lead_id: str, domain: str, company_name: str) -> None:
        """Have Clay look for the contacts of a lead's company and send them by webhook, with `lead_id` in it.

        The lead's id is the idempotency key, so a repeat is harmless. Raises as `company_contacts` does.
        """
        wanted = _wanted(domain, company_name, MAX_CONTACTS, JOB_TITLES, SENIORITY_LEVELS)
        self._ask(_ENRICH, {"lead_id": lead_id, **wanted}, {"Idempotency-Key": lead_id})

    def verify_email(self, address: str) -> EmailVerification:
        """Clay's verdict on `address`. Raises as `company_contacts` does."""
        return read_verification(self._ask(_VERIFY, {"email": address}), address)

    def _ask(self, path: str, question: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> bytes:
        given = {**self._headers, **(headers or {})}
        return self._transport.request("POST", f"{self._base_url}{path}", json=question, headers=given).content


def read_contacts(body: bytes, limit: int = MAX_CONTACTS) -> ContactsAnswer:
    """What an answer to `company_contacts` says. Raises VendorUnavailable where it is not what was agreed."""
    entries = agreed_object(body, f"Clay {_SEARCH}").get("contacts")
    if not isinstance(entries, list):
        raise not_agreed(f"Clay {_SEARCH}", "contacts is not a list")
    usable = [entry for entry in entries if isinstance(entry, dict)]
    return ContactsAnswer(body, [_contact(entry) for entry in usable[:limit]], len(entries) - len(usable))


def read_verification(body: bytes, address: str) -> EmailVerification:
    """What an answer to `verify_email` of `address` says. Raises VendorUnavailable where it is not what was agreed."""
    answer = agreed_object(body, f"Clay {_VERIFY}")
    email, status = answer.get("email"), answer.get("status")
    if not isinstance(email, str) or email.strip().casefold() != address.strip().casefold():
        raise not_agreed(f"Clay {_VERIFY}", "it is about another address")
    if not isinstance(status, str) or not status.strip():
        raise not_agreed(f"Clay {_VERIFY}", "status is not text")
    return EmailVerification(body, address, storable_text(status.strip()))


def _wanted(
    domain: str, company_name: str, limit: int, job_titles: Sequence[str], seniority_levels: Sequence[str]
) -> dict[str, Any]:
    if not 1 <= limit <= MAX_CONTACTS:
        raise PermanentError(f"{limit} contacts cannot be asked for. Ask for 1 to {MAX_CONTACTS} a company.")
    filters = {"job_titles": list(job_titles), "seniority_levels": list(seniority_levels)}
    return {"domain": domain, "company_name": company_name, "limit": limit, "filters": filters}


def _contact(entry: Mapping[str, object]) -> Contact:
    values = {field.name: entry.get(field.name) for field in fields(Contact)}
    return Contact(**{k: storable_text(v) if isinstance(v, str) and v.strip() else None for k, v in values.items()})
