"""The Work API: the person of a CPF.

Holds the wire of the question and the pure reading of its answer, for answers that are kept as well. Holds no choice
of what is stored. What is asked and answered is in no message and no repr.
"""

from dataclasses import dataclass, field
from typing import Any

from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.errors import PermanentError
from lead_pipeline.vendors.agreed import agreed_cpf, agreed_object, agreed_objects, agreed_text, not_agreed
from lead_pipeline.vendors.transport import Transport

NOBODY = b'{"person": null}'
"""What is kept where the answer was a 404, whose JSON is anything."""
_WHERE = "Work API /persons"


@dataclass(frozen=True, repr=False)
class PersonRecord:
    """One person as the Work API wrote it, trimmed. `cpf` has eleven digits; `cities` are the addresses', in order."""

    cpf: str
    name: str
    birth_date: str | None
    gender: str | None
    occupation: str | None
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    cities: tuple[str, ...]

    def __repr__(self) -> str:
        return "PersonRecord(hidden)"


@dataclass(frozen=True)
class PersonAnswer:
    """`body` is the answer's exact bytes. `person` is None where nobody has the CPF."""

    body: bytes = field(repr=False)
    person: PersonRecord | None


class WorkApi:
    """The account of one key."""

    def __init__(self, transport: Transport, base_url: str, key: str) -> None:
        self._transport = transport
        self._url = f"{base_url.rstrip('/')}/persons"
        self._headers = {"Authorization": f"Bearer {key}"}

    def person(self, cpf: str) -> PersonAnswer:
        """Who has this CPF. A 404 with JSON is nobody; another page's 404 is an error.

        Raises VendorUnavailable, also for an answer that is not what was agreed or about somebody else,
        VendorRefused, and PermanentError where what is asked for is no CPF.
        """
        asked = agreed_cpf(cpf)
        if asked is None:
            raise PermanentError("the Work API is asked for what is no CPF. Ask for eleven digits with check digits.")
        answer = self._transport.request("POST", self._url, json={"cpf": asked}, headers=self._headers, accepted=(404,))
        found = read_person(NOBODY if answer.status_code == 404 else answer.content)
        if found.person is not None and found.person.cpf != asked:
            raise not_agreed(_WHERE, "it is about another CPF")
        return found


def read_person(body: bytes) -> PersonAnswer:
    """What an answer says. Raises VendorUnavailable where it is not what was agreed."""
    answer = agreed_object(body, _WHERE)
    if "person" not in answer:
        raise not_agreed(_WHERE, "person is missing")
    fields = answer["person"]
    if fields is None:
        return PersonAnswer(body, None)
    if not isinstance(fields, dict):
        raise not_agreed(_WHERE, "person is neither an object nor null")
    cpf, name = agreed_cpf(fields.get("cpf")), agreed_text(fields, "name", _WHERE)
    if cpf is None or name is None:
        raise not_agreed(_WHERE, "the person has no name, or no cpf with right check digits")
    addresses = agreed_objects({"addresses": [], **_without_nulls(fields)}, "addresses", _WHERE)
    cities = (agreed_text(address, "city", _WHERE) for address in addresses)
    person = PersonRecord(
        cpf=cpf,
        name=name,
        birth_date=agreed_text(fields, "birth_date", _WHERE),
        gender=agreed_text(fields, "gender", _WHERE),
        occupation=agreed_text(fields, "occupation", _WHERE),
        emails=_texts(fields, "emails"),
        phones=_texts(fields, "phones"),
        cities=tuple(dict.fromkeys(city for city in cities if city)),
    )
    return PersonAnswer(body, person)


def _texts(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    """The texts of a list, blank ones left out; null or missing is none."""
    entries = fields.get(name)
    if entries is None:
        return ()
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise not_agreed(_WHERE, f"{name} is not a list of texts")
    return tuple(text for entry in entries if (text := storable_text(entry).strip()))


def _without_nulls(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
