"""One lead as the platform keeps it: raw text columns in, validated leads and every reason for refusal out.

Each kind of column has its own module; here they are put together. Nothing is stored and no id is given.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import (
    ARROW_TEXT,
    matches,
    missing_text,
    only_where,
    present,
    put,
    to_arrow,
    to_series,
)
from lead_pipeline.domain.cells import clean_cells
from lead_pipeline.domain.email import FAKE_PATTERNS, normalise_emails
from lead_pipeline.domain.failures import Reason, list_failures
from lead_pipeline.domain.flags import flag_literals
from lead_pipeline.domain.geography import infer_countries, normalise_countries, normalise_states, us_regions
from lead_pipeline.domain.identity import fingerprint_keys, fingerprints
from lead_pipeline.domain.industry import map_industries
from lead_pipeline.domain.lead_columns import LEAD_COLUMNS, RAW_JSON, RAW_TEXT, ROW_KEYS
from lead_pipeline.domain.mail_domains import DISPOSABLE_DOMAINS, FREE_MAIL_DOMAINS
from lead_pipeline.domain.names import complete_names
from lead_pipeline.domain.numbers import parse_amounts, parse_counts
from lead_pipeline.domain.phone import normalise_phones
from lead_pipeline.domain.website import normalise_websites

_NOT_AN_EMPLOYER = pa.array(sorted(FREE_MAIL_DOMAINS | DISPOSABLE_DOMAINS), ARROW_TEXT)


def validate_leads(rows: pd.DataFrame, *, workspace_country: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split raw rows into accepted leads (`LEAD_COLUMNS`) and failures (`FAILURE_COLUMNS`), on new indexes.

    `rows` holds `drop_id` and `row_no` (int64) and any of `RAW_TEXT` and `RAW_JSON`; absent ones are missing.
    Failures are long: one row a reason, and a row that has any is not accepted. `workspace_country` (alpha-2)
    may contradict an inferred country, and is the default for national phones where a row has no country.
    """
    rows = rows.reset_index(drop=True)
    nothing = missing_text(rows.index)
    raw = {name: clean_cells(rows.get(name, nothing)) for name in RAW_TEXT}
    email = normalise_emails(raw["email"])
    site = normalise_websites(raw["website"])
    site["domain"] = _domains(site, email)
    abroad = _international(raw)
    place = _places(raw, site["domain"], abroad["phone_country"], workspace_country)
    phone = _phones(raw["phone"], abroad, _or_workspace(place["country"], workspace_country))
    names = complete_names(raw["full_name"], raw["first_name"], raw["last_name"])
    individual = names["full_name"].notna() | email["email"].notna()
    leads = pd.DataFrame(
        {
            **{name: rows[name] for name in ROW_KEYS},
            "type": np.where(individual, "INDIVIDUAL", "COMPANY"),
            **names,
            "job_title": raw["job_title"],
            "email": email["email"],
            "email_suggestion": email["suggestion"],
            "phone": phone["phone"],
            "phone_type": phone["phone_type"],
            "company_name": raw["company_name"],
            "domain": site["domain"],
            "website": site["website"],
            "linkedin_url": raw["linkedin_url"],
            "industry": raw["company_industry"],
            "industry_group": map_industries(raw["company_industry"]),
            **{name: place[name] for name in ("country", "state", "region")},
            "city": raw["company_location_city"],
            "postal_code": raw["postal_code"],
            "employee_count": parse_counts(raw["employee_count"]),
            "revenue": parse_amounts(raw["revenue"]),
            "country_raw": raw["company_location_country"],
            "state_raw": raw["company_location_state"],
            "country_inferred": place["country_inferred"],
            "flags": flag_literals(_flags(raw, email, phone, site, place), rows.index),
            **{name: rows.get(name, nothing) for name in RAW_JSON},
        },
        index=rows.index,
        copy=False,
    )
    keys = fingerprint_keys(leads)
    leads.insert(LEAD_COLUMNS.index("fingerprint"), "fingerprint", fingerprints(keys))
    failures, refused = list_failures(leads, _reasons(raw, leads, email["email_error"], keys))
    return leads[~refused].reset_index(drop=True) if refused.any() else leads, failures


def _domains(site: pd.DataFrame, email: pd.DataFrame) -> pd.Series:
    """The website's domain, else that of an e-mail at an employer's domain."""
    domain, address = to_arrow(site["domain"]), to_arrow(email["email"])
    asked = ~present(to_arrow(site["website"])) & present(address)
    if not asked.any():
        return site["domain"]
    hosts = pc.replace_substring_regex(address.filter(pa.array(asked)), "^.*@", "")
    of_mail = to_arrow(normalise_websites(to_series(hosts, pd.RangeIndex(len(hosts))))["domain"])
    employer = ~pc.is_in(of_mail, value_set=_NOT_AN_EMPLOYER).to_numpy(zero_copy_only=False)
    return to_series(put(domain, asked, only_where(employer, of_mail)), site.index)


def _international(raw: dict[str, pd.Series]) -> pd.DataFrame:
    """Phones with a calling code of rows that name no country, which they may then speak for."""
    given = to_arrow(raw["phone"])
    evidence = raw["company_location_country"].isna().to_numpy() & matches(given, r"^\W*\+")
    index = raw["phone"].index
    return normalise_phones(to_series(only_where(evidence, given), index), missing_text(index))


def _phones(raw: pd.Series, abroad: pd.DataFrame, country: pd.Series) -> pd.DataFrame:
    """All phones. Those that are valid without a country are the same with one: they are not read twice."""
    known = abroad["phone_valid"]
    if (known | raw.isna()).all():
        return abroad
    phones = normalise_phones(raw.mask(known), country)
    return phones.mask(known, abroad) if known.any() else phones


def _places(
    raw: dict[str, pd.Series], domain: pd.Series, phone_country: pd.Series, workspace_country: str | None
) -> dict[str, pd.Series]:
    """Country, state, region and whether the country was inferred."""
    country, state = normalise_countries(raw["company_location_country"]), raw["company_location_state"]
    stated = country.fillna(raw["company_location_country"])
    inferred = infer_countries(stated, state, phone_country, domain, workspace_country)
    country = country.where(~inferred["country_inferred"], "US")
    code = normalise_states(state, country)
    return {
        "country": country,
        "state": code,
        "region": us_regions(country, code),
        "country_inferred": inferred["country_inferred"],
    }


def _or_workspace(country: pd.Series, workspace_country: str | None) -> pd.Series:
    return country if workspace_country is None else country.fillna(workspace_country)


def _flags(
    raw: dict[str, pd.Series],
    email: pd.DataFrame,
    phone: pd.DataFrame,
    site: pd.DataFrame,
    place: dict[str, pd.Series],
) -> dict[str, Any]:
    fake = email["fake_pattern"]
    some_fake = bool(fake.notna().any())
    return {
        **({f"fake_email:{pattern}": fake == pattern for pattern in FAKE_PATTERNS} if some_fake else {}),
        "disposable_email": email["is_disposable"],
        "role_email": email["is_role"],
        "free_email": email["is_free_mail"],
        "invalid_phone": raw["phone"].notna() & ~phone["phone_valid"],
        "invalid_website": site["domain_error"].notna(),
        "unknown_country": raw["company_location_country"].notna() & place["country"].isna(),
    }


def _reasons(raw: dict[str, pd.Series], leads: pd.DataFrame, email_error: pd.Series, keys: pd.Series) -> list[Reason]:
    """Every way to fail. A row whose e-mail is refused is not also told that nothing identifies it."""
    return [
        Reason("email", "invalid_email", email_error.notna(), raw["email"], email_error),
        Reason("fingerprint", "nothing_identifies_the_lead", keys.isna() & email_error.isna(), keys),
        *(
            Reason(name, "not_a_number", raw[name].notna() & leads[name].isna(), raw[name])
            for name in ("employee_count", "revenue")
        ),
    ]
