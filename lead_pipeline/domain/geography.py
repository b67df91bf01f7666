"""Countries, states and regions as codes, and when the United States may be inferred.

ISO 3166-1 alpha-2 and ISO 3166-2 come from pycountry; regions are the United States Census Bureau's four. A
state without a country proves nothing by itself.
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pycountry

from lead_pipeline.domain.arrow import (
    ARROW_TEXT,
    join,
    look_up,
    only_where,
    present,
    to_arrow,
    to_series,
)
from lead_pipeline.domain.country_words import COUNTRY_ALIASES, DOMAIN_COUNTRIES, GENERAL_COUNTRY_DOMAINS
from lead_pipeline.domain.folding import folded

# US Census Bureau, "Census Regions and Divisions of the United States".
_REGIONS = {
    "Northeast": "CT ME MA NH NJ NY PA RI VT",
    "Midwest": "IL IN IA KS MI MN MO NE ND OH SD WI",
    "South": "AL AR DC DE FL GA KY LA MD MS NC OK SC TN TX VA WV",
    "West": "AK AZ CA CO HI ID MT NV NM OR UT WA WY",
}
REGIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {region: frozenset(states.split()) for region, states in _REGIONS.items()}
)
_REGION_OF = {state: region for region, states in REGIONS.items() for state in states}
_STATE_ALIASES = {
    "US|washington dc": "DC", "US|d c": "DC", "US|us virgin islands": "VI", "CA|newfoundland": "NL",
    "CA|nf": "NL", "CA|nfld": "NL", "CA|pq": "QC", "CA|yukon territory": "YT", "MX|df": "CMX",
    "MX|nl": "NLE", "IT|fo": "FC",
    "MX|distrito federal": "CMX", "MX|mexico city": "CMX", "AU|capital territory": "ACT",
}  # fmt: skip
_SEPARATOR = "|"
_NOT_WORDS = re.compile(r"[^\w]+")


def normalise_countries(raw: pd.Series) -> pd.Series:
    """ISO 3166-1 alpha-2 of each country code or English name, any case; NaN where it is none."""
    return to_series(look_up(to_arrow(raw), _country_words(), _word), raw.index, raw.name)


def normalise_states(raw: pd.Series, country: pd.Series) -> pd.Series:
    """ISO 3166-2 code without its country (`CA`) of each state code or name, within the row's country.

    NaN where the country is missing or has no such subdivision.
    """
    found = _states(join(to_arrow(country), to_arrow(raw), between=_SEPARATOR))
    return to_series(found, raw.index, raw.name)


def us_regions(country: pd.Series, state: pd.Series) -> pd.Series:
    """The Census Bureau's region of each state code where the country is `US`; NaN elsewhere."""
    in_us = (country == "US").to_numpy(dtype=bool)
    found = look_up(only_where(in_us, to_arrow(state)), _REGION_OF, str)
    return to_series(found, country.index)


def infer_countries(
    country: pd.Series,
    state_raw: pd.Series,
    phone_country: pd.Series,
    domain: pd.Series,
    workspace_country: str | None,
) -> pd.DataFrame:
    """`country` with `US` filled in where nothing speaks against it, and `country_inferred` (bool).

    Only where the country is missing, the raw state is a US state (or DC) by code or name, and the country of
    neither the phone, nor the domain, nor the workspace is another one. A missing one does not contradict.
    """
    known = to_arrow(country)
    state = _states(join("US", to_arrow(state_raw), between=_SEPARATOR))
    inferred = ~present(known) & _is_us_state(state)
    if workspace_country not in (None, "US"):
        inferred &= False
    for evidence in (to_arrow(phone_country), domain_countries(to_arrow(domain))):
        inferred &= ~pc.fill_null(pc.not_equal(evidence, "US"), False).to_numpy(zero_copy_only=False)
    filled = pc.if_else(pa.array(inferred), pa.scalar("US", ARROW_TEXT), known)
    return pd.DataFrame(
        {"country": to_series(filled, country.index), "country_inferred": inferred}, index=country.index, copy=False
    )


def domain_countries(domains: Any) -> Any:
    """The country that each domain's last label stands for, null for general domains (Arrow text arrays)."""
    return look_up(pc.replace_substring_regex(domains, r"^.*\.", ""), _domain_words(), str)


def is_country_code(s: str) -> bool:
    """Whether the text is an ISO 3166-1 alpha-2 code exactly as ISO writes it."""
    return s in _country_codes()


@cache
def _country_codes() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries)


@cache
def _country_words() -> dict[str, str]:
    names = ("alpha_2", "alpha_3", "name", "common_name", "official_name")
    words = {
        _word(getattr(country, name)): country.alpha_2
        for country in pycountry.countries
        for name in names
        if hasattr(country, name)
    }
    return words | COUNTRY_ALIASES


@cache
def _domain_words() -> dict[str, str]:
    words = {code.lower(): code for code in _country_codes()} | DOMAIN_COUNTRIES
    return {label: code for label, code in words.items() if label not in GENERAL_COUNTRY_DOMAINS}


@cache
def _state_words() -> dict[str, str]:
    """`country|word` -> code. Codes win over names, first-level subdivisions over those within them."""
    places = sorted(pycountry.subdivisions, key=lambda place: (place.parent_code is not None, place.code))
    words = dict(_STATE_ALIASES)
    for place in places:
        code = place.code.partition("-")[2]
        words[f"{place.country_code}|{_word(code)}"] = code
        words[f"{place.country_code}|{_word(place.code)}"] = code
    for place in places:
        words.setdefault(f"{place.country_code}|{_word(place.name)}", place.code.partition("-")[2])
    return words


def _states(questions: Any) -> Any:
    return look_up(questions, _state_words(), _state_key)


def _is_us_state(states: Any) -> Any:
    return present(look_up(states, _REGION_OF, str))


def _state_key(question: str) -> str:
    country, _, state = question.partition(_SEPARATOR)
    return f"{country}{_SEPARATOR}{_word(state)}"


def _word(text: str) -> str:
    """Folded, dots and apostrophes gone, other punctuation as spaces, without a leading "the"."""
    word = _NOT_WORDS.sub(" ", folded(text).replace(".", "").replace("'", "").replace("’", "")).strip()
    return word.removeprefix("the ")
