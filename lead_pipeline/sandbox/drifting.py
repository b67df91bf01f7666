"""Forty ways in which a vendor changes its format, each planted into one payload at a time. Makes no payload itself.

They fit the payloads of `clean_stream`, and any other that has the field: where it is not there, nothing is changed.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any

from lead_pipeline.errors import NotFound

Change = Callable[[dict[str, Any], str], None]


@dataclass(frozen=True)
class Drift:
    """One planted change: `change` is done to each object that holds `field`, whose path is as in a field profile."""

    name: str
    source: str
    event_type: str
    field: str
    change: Change


def plant(drift_name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A drifted copy of a payload. Raises NotFound for a name that is not in DRIFTS."""
    drift = _BY_NAME.get(drift_name)
    if drift is None:
        raise NotFound(f"no drift {drift_name!r}. There are: {', '.join(_BY_NAME)}.")
    drifted = copy.deepcopy(payload)
    *places, name = drift.field.split(".")
    for holder in _holders(drifted, places):
        if name.removesuffix("[]") in holder:
            drift.change(holder, name.removesuffix("[]"))
    return drifted


def _holders(value: Any, places: list[str]) -> Iterator[dict[str, Any]]:
    """The objects at a path; `[]` behind a name stands for each element of its list."""
    if not places:
        if isinstance(value, dict):
            yield value
        return
    name, *rest = places
    inner = value.get(name.removesuffix("[]")) if isinstance(value, dict) else None
    elements = [inner] if not name.endswith("[]") else inner if isinstance(inner, list) else []
    for element in elements:
        yield from _holders(element, rest)


def _rename(to: str) -> Change:
    def change(holder: dict[str, Any], name: str) -> None:
        holder[to] = holder.pop(name)

    return change


def _replace(new: Callable[[Any], Any], of: type = str) -> Change:
    """Change a value of a type, and leave any other."""

    def change(holder: dict[str, Any], name: str) -> None:
        if isinstance(holder[name], of):
            holder[name] = new(holder[name])

    return change


def _vanish(holder: dict[str, Any], name: str) -> None:
    del holder[name]


def _null(every: int, of: int) -> Change:
    """Null in `every` of `of` cases, told apart by what else the object says."""

    def change(holder: dict[str, Any], name: str) -> None:
        if sum(map(ord, str(holder))) % of < every:
            holder[name] = None

    return change


def _times(factor: float) -> Change:
    def times(number: float) -> float:
        return round(number * factor, 2) if factor < 1 else int(number * factor)

    return _replace(times, Real)


def _cut(length: int) -> Change:
    return _replace(lambda text: text[:length])


def _brazilian(iso: str) -> str:
    return f"{iso[8:10]}/{iso[5:7]}/{iso[:4]} {iso[11:16]}"


_upper, _title, _text = _replace(str.upper), _replace(str.title), _replace(str, Real)
_LEADS, _BATCH, _DONE = (
    ("datashopper", "leads.batch"),
    ("audience-labs", "import.batch"),
    ("clay", "enrichment.completed"),
)
_CREATE, _CUSTOMER = ("c2s", "on_create_lead"), "attributes.customer"
_STATES = {"executive": "exec", "director": "dir", "manager": "mgr", "senior": "sr", "entry": "jr"}
_PT = {"new": "novo", "contacted": "contatado", "visiting": "visitando"}

DRIFTS: tuple[Drift, ...] = (
    Drift("email-renamed", *_LEADS, "leads[].email", _rename("email_address")),
    Drift("state-renamed", *_LEADS, "leads[].company_location.state", _rename("province")),
    Drift("headcount-as-text", *_LEADS, "leads[].employee_count", _text),
    Drift("revenue-in-cents", *_LEADS, "leads[].revenue", _times(100)),
    Drift("revenue-in-thousands", *_LEADS, "leads[].revenue", _times(0.001)),
    Drift("strength-in-capitals", *_LEADS, "leads[].signals[].signal_strength", _upper),
    Drift("company-cut-at-16", *_LEADS, "leads[].company_name", _cut(16)),
    Drift("signals-vanished", *_LEADS, "leads[].signals", _vanish),
    Drift("phones-often-null", *_LEADS, "leads[].phone", _null(2, 5)),
    Drift("signal-time-brazilian", *_LEADS, "leads[].signals[].detected_at", _replace(_brazilian)),
    Drift("name-renamed", *_DONE, "contacts[].full_name", _rename("name")),
    Drift("contact-email-vanished", *_DONE, "contacts[].email", _vanish),
    Drift("seniority-in-title-case", *_DONE, "contacts[].seniority", _title),
    Drift("seniority-shortened", *_DONE, "contacts[].seniority", _replace(lambda word: _STATES.get(word, word))),
    Drift("title-cut-at-10", *_DONE, "contacts[].title", _cut(10)),
    Drift("linkedin-often-null", *_DONE, "contacts[].linkedin_url", _null(1, 2)),
    Drift("confidence-in-percent", *_DONE, "contacts[].confidence", _times(100)),
    Drift("contacts-cut-at-3", *_DONE, "contacts", _replace(lambda people: people[:3], list)),
    Drift("enriched-at-epoch", *_DONE, "enriched_at", _replace(lambda _: 1_772_000_000)),
    Drift("company-headcount-as-text", *_DONE, "company.headcount", _text),
    Drift("industry-in-snake-case", *_BATCH, "leads[].companyIndustry", _rename("company_industry")),
    Drift("postal-code-vanished", *_BATCH, "leads[].companyLocation.postalCode", _vanish),
    Drift("country-spelt-out", *_BATCH, "leads[].companyLocation.country", _replace(lambda _: "United States")),
    Drift("score-as-share", *_BATCH, "leads[].intentScore", _times(0.01)),
    Drift("segment-in-capitals", *_BATCH, "segment", _upper),
    Drift("income-in-cents", *_BATCH, "leads[].householdIncome", _replace(lambda digits: f"{digits}00")),
    Drift(
        "location-as-text", *_BATCH, "leads[].companyLocation", _replace(lambda place: f"{place.get('city')}, US", dict)
    ),
    Drift("lead-phone-global", *_BATCH, "leads[].phone", _replace(lambda text: text and f"+1{_digits(text)}")),
    Drift("lead-email-often-null", *_BATCH, "leads[].email", _null(1, 4)),
    Drift("note-cut-at-32", *_BATCH, "leads[].note", _cut(32)),
    Drift("customer-phone-renamed", *_CREATE, f"{_CUSTOMER}.phone", _rename("telefone")),
    Drift("customer-email-vanished", *_CREATE, f"{_CUSTOMER}.email", _vanish),
    Drift("price-in-cents", *_CREATE, "attributes.product.price", _times(100)),
    Drift("price-as-text", *_CREATE, "attributes.product.price", _replace(lambda price: f"R$ {price:,}", Real)),
    Drift("temperature-in-title-case", *_CREATE, "attributes.temperature", _title),
    Drift("status-translated", *_CREATE, "attributes.status", _replace(lambda word: _PT.get(word, word))),
    Drift("customer-name-cut-at-12", *_CREATE, f"{_CUSTOMER}.name", _cut(12)),
    Drift(
        "phone-masked", *_CREATE, f"{_CUSTOMER}.phone", _replace(lambda text: f"({text[:2]}) {text[2:7]}-{text[7:]}")
    ),
    Drift("updated-at-milliseconds", *_CREATE, "attributes.updated_at", _replace(lambda _: 1_772_000_000_000)),
    Drift("recurring-as-text", *_CREATE, "attributes.is_recurring", _replace(lambda yes: "yes" if yes else "no", bool)),
)
_BY_NAME = {drift.name: drift for drift in DRIFTS}


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
