"""Clay: the contacts of a company, and whether an e-mail address can be delivered to.

Holds the wire of both calls. Holds no choice of the primary contact and none of the leads worth
asking for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.errors import PermanentError, VendorUnavailable
from lead_pipeline.vendors.transport import Transport

MAX_CONTACTS = 5
JOB_TITLES = ("CEO", "CTO", "VP", "Director")
SENIORITY_LEVELS = ("executive", "director")


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
    """Clay's verdict on the address that was asked for, in Clay's own word."""

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
        if not 1 <= limit <= MAX_CONTACTS:
            raise PermanentError(f"{limit} contacts cannot be asked for. Ask for 1 to {MAX_CONTACTS} a company.")
        path = "/contacts/search"
        wanted = {"job_titles": list(job_titles), "seniority_levels": list(seniority_levels)}
        question = {"domain": domain, "company_name": company_name, "limit": limit, "filters": wanted}
        body, answer = self._ask(path, question)
        entries = answer.get("contacts")
        if not isinstance(entries, list):
            raise _not_agreed(path, "contacts is not a list")
        usable = [entry for entry in entries if isinstance(entry, dict)]
        return ContactsAnswer(body, [_contact(entry) for entry in usable[:limit]], len(entries) - len(usable))

    def verify_email(self, address: str) -> EmailVerification:
        """Clay's verdict on `address`. Raises as `company_contacts` does."""
        path = "/emails/verify"
        _, answer = self._ask(path, {"email": address})
        email, status = answer.get("email"), answer.get("status")
        if not isinstance(email, str) or email.strip().casefold() != address.strip().casefold():
            raise _not_agreed(path, "it is about another address")
        if not isinstance(status, str) or not status.strip():
            raise _not_agreed(path, "status is not text")
        return EmailVerification(address, storable_text(status.strip()))

    def _ask(self, path: str, question: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
        answer = self._transport.request("POST", f"{self._base_url}{path}", json=question, headers=self._headers)
        parsed = answer.json()
        if not isinstance(parsed, dict):
            raise _not_agreed(path, "it is not an object")
        return answer.content, parsed


def _contact(entry: Mapping[str, object]) -> Contact:
    values = {field.name: entry.get(field.name) for field in fields(Contact)}
    return Contact(**{k: storable_text(v) if isinstance(v, str) and v.strip() else None for k, v in values.items()})


def _not_agreed(path: str, what: str) -> VendorUnavailable:
    return VendorUnavailable(
        f"Clay {path}: answer is not what was agreed: {what}. Try again later; if it lasts, ask the vendor."
    )
