"""Vendor companies as raw rows: the columns that every intake path hands to validation.

Holds the mapping of one company search answer. Holds no judgement: a bad value is carried on as text, or as
None where it has no text, and the contract refuses the row with its reasons.
"""

import re
from collections.abc import Sequence

from lead_pipeline.domain.intent import json_text

VENDOR_COLUMNS = (
    *("company_name", "company_industry", "website", "phone", "company_location_city", "company_location_state"),
    *("company_location_country", "employee_count", "revenue", "signals", "attributes"),
)
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def companies_to_rows(companies: Sequence[object]) -> list[dict[str, str | None]]:
    """One row of text or None per entry of `companies`, in order, with the keys VENDOR_COLUMNS.

    `signals` is JSON text, None where there are none. `attributes` is JSON text with `vendor_id` and
    `sector`. An entry that is not an object gives a row of None whose `attributes` holds it under `junk`.
    """
    return [_row(company) for company in companies]


def storable_text(value: str) -> str:
    """`value` with NUL and lone surrogates, which neither UTF-8 nor Postgres can hold, as U+FFFD."""
    return _NOT_STORABLE.sub("\ufffd", value)


def text_of(value: object) -> str | None:
    """Text as it came, a number as its shortest decimal form, None for anything else."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None


def _row(company: object) -> dict[str, str | None]:
    fields = company if isinstance(company, dict) else {}
    location = fields.get("location")
    place = location if isinstance(location, dict) else {}
    attributes: dict[str, object] = (
        {"vendor_id": fields.get("id"), "sector": fields.get("sector")}
        if isinstance(company, dict)
        else {"junk": company}
    )
    return {
        "company_name": text_of(fields.get("name")),
        "company_industry": text_of(fields.get("industry")),
        "website": text_of(fields.get("website")),
        "phone": text_of(fields.get("phone")),
        "company_location_city": text_of(place.get("city")),
        "company_location_state": text_of(place.get("state")),
        "company_location_country": text_of(place.get("country")),
        "employee_count": text_of(fields.get("employee_count")),
        "revenue": text_of(fields.get("revenue")),
        "signals": json_text(fields["signals"]) if fields.get("signals") else None,
        "attributes": json_text(attributes),
    }
