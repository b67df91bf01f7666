"""What events, pulled pages, supplier requests and repaired rows hold, as raw rows; Clay's results as contacts.

Holds the names that senders give to a lead's fields. Holds no judgement: a value goes on as text, what has no column
goes into `attributes`, and the contract refuses the row with its reasons. No body raises.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Literal

from lead_pipeline.domain.enrichment import MAX_CONTACTS, Person
from lead_pipeline.domain.intent import json_text
from lead_pipeline.domain.lead_columns import RAW_JSON, RAW_TEXT
from lead_pipeline.domain.vendor_rows import text_of
from lead_pipeline.domain.webhooks import lead_entries, parse_body

EVENT_COLUMNS: tuple[str, ...] = (*RAW_TEXT, *RAW_JSON)

Row = dict[str, str | None]
_Path = tuple[str, ...]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _spellings(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((name, _camel(name))))


def _place_paths(part: str, *bare: str) -> tuple[_Path, ...]:
    """Where a part of the address may stand, the most telling first: nested, flat, under `location`, bare."""
    outer = [(place, inner) for place in _spellings("company_location") for inner in _spellings(part)]
    flat = [(name,) for name in _spellings(f"company_location_{part}")]
    located = [("location", inner) for inner in _spellings(part)]
    return (*outer, *flat, *located, *((name,) for given in bare for name in _spellings(given)))


# The first that holds text gives the column; the others stay in `attributes`.
_SYNONYMS = {
    "full_name": ("full_name", "name"),
    "job_title": ("job_title", "title"),
    "company_industry": ("company_industry", "industry"),
    "website": ("website", "domain", "company_domain"),
}
_PATHS: Mapping[str, tuple[_Path, ...]] = {
    column: tuple((name,) for synonym in _SYNONYMS.get(column, (column,)) for name in _spellings(synonym))
    for column in RAW_TEXT
} | {
    "company_location_city": _place_paths("city", "city"),
    "company_location_state": _place_paths("state", "state"),
    "company_location_country": _place_paths("country", "country"),
    "postal_code": _place_paths("postal_code", "postal_code"),
}
_SIGNALS = ("signals", "intent_signals", "intentSignals")
_KNOWN = {path for paths in _PATHS.values() for path in paths} | {(name,) for name in _SIGNALS}
_PLACES = {path[0] for path in _KNOWN if len(path) > 1}
_PERSON = ("first_name", "last_name", "email", "job_title", "linkedin_url", "company_name")
_PERSON_FIELDS = ("email", "title", "seniority", "department", "linkedin_url")
_REASONS = ("reason", "error", "message")
_PHONES = ("phone", "phone_global", "phone2")
_OTHER_PHONES = ("phone2", "phone_global")
_CRM_FIELDS = ("name", "email", *_PHONES)
_COMPANY = ("company_industry", "website", "employee_count", "revenue")


@dataclass(frozen=True, slots=True)
class ContactResult:
    """What Clay sent about one lead, whose id and domain are as Clay wrote them: not yet known to be ours."""

    lead_id: str | None
    domain: str | None
    status: Literal["completed", "failed"]
    reason: str | None
    contacts: tuple[Person, ...]


def event_rows(source: str, body: bytes) -> list[Row]:
    """A row of EVENT_COLUMNS per lead of an event, in order; none where the event holds none.

    An entry that is not an object, and a body that cannot be read, give a row of None whose `attributes` holds it
    or the reason under `junk`.
    """
    try:
        entries = lead_entries(source, body)
    except ValueError as error:
        return [_junk_row(str(error))]
    return [_crm_row(entry) if source == "c2s" else _lead_row(entry, {}) for entry in entries]


def page_rows(body: bytes) -> list[Row]:
    """A row of EVENT_COLUMNS per lead of a pulled page `{"leads": [...]}`, read as the same lead of an event is.

    A body that cannot be read gives one row, as in `event_rows`.
    """
    try:
        page = parse_body(body)
    except ValueError as error:
        return [_junk_row(str(error))]
    entries = page.get("leads") if isinstance(page, dict) else None
    return [_lead_row(entry, {}) for entry in entries] if isinstance(entries, list) else [_junk_row(page)]


def supplier_rows(body: bytes) -> list[Row]:
    """The one row of a supplier's request `{campaignId, categoryId, state, quality, data}`.

    What the request itself says is in `attributes` as campaign_id, category_id and supplier_quality, and nothing in
    `data` can pass for it. Its `state` counts where `data` names none.
    """
    try:
        request = parse_body(body)
    except ValueError as error:
        return [_junk_row(str(error))]
    if not isinstance(request, dict):
        return [_junk_row(request)]
    own = {
        "campaign_id": request.get("campaignId"),
        "category_id": request.get("categoryId"),
        "supplier_quality": request.get("quality"),
    }
    data, state = request.get("data"), request.get("state")
    if isinstance(data, dict) and _is_blank(data.get("state")):
        data = {**data, "state": state}
    return [_lead_row(data, own)]


def repair_rows(body: bytes) -> list[Row]:
    """The `row` of each JSON line that is not blank, in order, with EVENT_COLUMNS and nothing else."""
    return [_repaired(line) for line in body.splitlines() if line.strip()]


def contact_result(body: bytes) -> ContactResult:
    """What an enrichment event of Clay says. At most MAX_CONTACTS contacts, in Clay's order; nameless ones are none."""
    try:
        parsed = parse_body(body)
    except ValueError as error:
        return ContactResult(None, None, "failed", str(error), ())
    document = parsed if isinstance(parsed, dict) else {}
    data = document.get("data")
    sent = {**(data if isinstance(data, dict) else {}), **{k: v for k, v in document.items() if v is not None}}
    lead_id, domain = _filled(sent.get("lead_id")), _filled(sent.get("domain"))
    found = sent.get("contacts") or []
    if sent.get("event_type") == "enrichment.failed":
        reason = next(filter(None, map(_filled, map(sent.get, _REASONS))), "Clay gave no reason")
    elif not isinstance(found, list):
        reason = "`contacts` is not a list. Ask Clay to send the event again."
    else:
        people = (_person(entry) for entry in found)
        kept = tuple(islice((person for person in people if person is not None), MAX_CONTACTS))
        return ContactResult(lead_id, domain, "completed", None, kept)
    return ContactResult(lead_id, domain, "failed", reason, ())


def _lead_row(entry: object, own: Mapping[str, object]) -> Row:
    """One lead as a row; `own` goes into `attributes`, over whatever the lead names alike."""
    if not isinstance(entry, dict):
        return _junk_row(entry, own)
    row: Row = dict.fromkeys(EVENT_COLUMNS)
    used: set[_Path] = set()
    for column, paths in _PATHS.items():
        for path in paths:
            text = _filled(_at(entry, path))
            if text is not None:
                row[column] = text
                used.add(path)
                break
    if ("name",) in used and not any(row[name] for name in _PERSON) and any(row[name] for name in _COMPANY):
        row["company_name"], row["full_name"] = row["full_name"], None
    signals = next((name for name in _SIGNALS if isinstance(entry.get(name), list) and entry[name]), None)
    if signals is not None:
        row["signals"] = json_text(entry[signals])
        used.add((signals,))
    attributes = {**_rest(entry, used), **own}
    row["attributes"] = json_text(attributes) if attributes else None
    return row


def _at(entry: dict[str, Any], path: _Path) -> object:
    value = entry.get(path[0])
    if len(path) == 1:
        return value
    return value.get(path[1]) if isinstance(value, dict) else None


def _rest(entry: dict[str, Any], used: set[_Path]) -> dict[str, Any]:
    """What no column took, under its own keys, without known fields that are blank."""

    def is_done(path: _Path, value: object) -> bool:
        return path in used or (path in _KNOWN and _is_blank(value))

    rest: dict[str, Any] = {}
    for name, value in entry.items():
        if name in _PLACES and isinstance(value, dict):
            inner = {key: part for key, part in value.items() if not is_done((name, key), part)}
            rest |= {name: inner} if inner else {}
        elif not is_done((name,), value):
            rest[name] = value
    return rest


def _crm_row(lead: dict[str, Any]) -> Row:
    """A C2S lead. Its phones are all in `attributes`; the first of phone, phone_global and phone2 is the column."""
    others = dict(lead["attributes"])
    customer = others.pop("customer")
    given = {name: text_of(customer.get(name)) for name in _CRM_FIELDS}
    more = {k: v for k, v in customer.items() if given.get(k) is None and v is not None}
    own = {"c2s_lead_id": lead.get("id"), **{name: given[name] for name in _OTHER_PHONES if given[name]}}
    row: Row = dict.fromkeys(EVENT_COLUMNS)
    row["full_name"], row["email"] = given["name"], given["email"]
    row["phone"] = next((text for name in _PHONES if (text := _filled(given[name]))), None)
    row["attributes"] = json_text({**others, **({"customer": more} if more else {}), **own})
    return row


def _repaired(line: bytes) -> Row:
    try:
        parsed = parse_body(line)
    except ValueError as error:
        return _junk_row(str(error))
    row = parsed.get("row") if isinstance(parsed, dict) else None
    if not isinstance(row, dict):
        return _junk_row(parsed)
    texts = {name: text_of(row.get(name)) for name in RAW_TEXT}
    return {**texts, **{name: _json_cell(name, row.get(name)) for name in RAW_JSON}}


def _json_cell(name: str, value: object) -> str | None:
    """A JSON column of a row that a person may have edited, as JSON text whatever it is now."""
    if _is_blank(value):
        return None
    if isinstance(value, str):
        with suppress(ValueError):
            value = parse_body(value.encode("utf-8", "surrogatepass"))
    return json_text({"junk": value} if name == "attributes" and not isinstance(value, dict) else value)


def _person(entry: object) -> Person | None:
    if not isinstance(entry, dict) or (name := _filled(entry.get("full_name"))) is None:
        return None
    email, title, seniority, department, linkedin = (_filled(entry.get(field)) for field in _PERSON_FIELDS)
    return Person(name, email, title, seniority, department, linkedin)


def _junk_row(junk: object, own: Mapping[str, object] = MappingProxyType({})) -> Row:
    return {**dict.fromkeys(EVENT_COLUMNS), "attributes": json_text({"junk": junk, **own})}


def _filled(value: object) -> str | None:
    text = None if value is None else text_of(value)
    return text if text and not text.isspace() else None


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())
