"""Which leads are worth asking about, and which of the people found are kept. Asks nobody."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

MAX_CONTACTS = 5
NO_DOMAIN = "no valid domain"
NO_COMPANY = "company name is missing"
_STATUS = {status: status for status in ("valid", "invalid")}


@dataclass(frozen=True)
class Person:
    """One contact of a company, as kept. `email_status` is None where the address was not verified."""

    full_name: str
    email: str | None
    title: str | None
    seniority: str | None
    department: str | None
    linkedin_url: str | None = None
    email_status: str | None = None
    is_primary: bool = False


def skip_reasons(leads: pd.DataFrame) -> pd.Series:
    """Why a lead is not enriched, missing where it is: columns domain and company_name decide (B-15, B-16)."""
    reasons = pd.Series(pd.NA, index=leads.index, dtype="str")
    reasons = reasons.mask(leads["company_name"].isna(), NO_COMPANY)
    return reasons.mask(leads["domain"].isna(), NO_DOMAIN)


def keep_people(found: Sequence[Person], verify: Callable[[str], str]) -> list[Person]:
    """At most five, in the vendor's order. The first whose address is not refused is the primary contact.

    `verify` answers `valid`, `invalid` or `unknown`, and any other word counts as `unknown`; it is asked until the
    primary contact is known, no further.
    """
    kept: list[Person] = []
    has_primary = False
    for person in found[:MAX_CONTACTS]:
        checked = person
        if not has_primary and person.email is not None:
            status = _STATUS.get(verify(person.email).strip().casefold(), "unknown")
            has_primary = status != "invalid"
            checked = replace(person, email_status=status, is_primary=has_primary)
        kept.append(checked)
    return kept
