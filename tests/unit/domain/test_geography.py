"""Geography: codes from words, the Census Bureau's regions, and when the United States may be inferred."""

import pandas as pd
import pytest

from lead_pipeline.domain.geography import (
    REGIONS,
    infer_countries,
    is_country_code,
    normalise_countries,
    normalise_states,
    us_regions,
)


def column(*values):
    return pd.Series(list(values), dtype="str")


def plain(series):
    return [value if isinstance(value, str) else None for value in series]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("US", "US"), ("us", "US"), ("USA", "US"), ("U.S.A.", "US"), ("United States", "US"),
        ("the united states", "US"),
        ("United States of America", "US"), ("UK", "GB"), ("England", "GB"), ("South Korea", "KR"),
        ("Taiwan", "TW"),
        ("Russia", "RU"), ("Viet Nam", "VN"), ("Vietnam", "VN"), ("Czech Republic", "CZ"), ("Turkey", "TR"),
        ("Türkiye", "TR"), ("Côte d'Ivoire", "CI"), ("Hong Kong", "HK"), ("BRA", "BR"), ("Brasil", "BR"),
        ("The Netherlands", "NL"), ("Isle of Man", "IM"), ("Atlantis", None), ("California", None),
        (None, None),
    ],
)  # fmt: skip
def test_a_country_word_is_an_iso_code(word, code):
    assert [code] == plain(normalise_countries(column(word)))


def test_every_country_word_of_real_companies_is_known(real_data):
    words = pd.read_csv(real_data / "companies.csv", dtype="str")["country"].dropna()
    assert [] == words[normalise_countries(words).isna()].unique().tolist()


@pytest.mark.parametrize(
    ("country", "word", "code"),
    [
        ("US", "CA", "CA"), ("US", "California", "CA"), ("US", "california", "CA"), ("US", "US-NY", "NY"),
        ("US", "Washington, D.C.", "DC"), ("US", "District of Columbia", "DC"), ("US", "Ontario", None),
        ("AU", "WA", "WA"), ("AU", "Western Australia", "WA"), ("AU", "CA", None), ("BR", "PA", "PA"),
        ("BR", "São Paulo", "SP"), ("BR", "Sao Paulo", "SP"), ("IT", "MI", "MI"), ("CA", "NF", "NL"),
        ("CA", "Québec", "QC"), ("MX", "DF", "CMX"), (None, "CA", None), ("US", None, None),
    ],
)  # fmt: skip
def test_a_state_is_read_within_its_country(country, word, code):
    assert [code] == plain(normalise_states(column(word), column(country)))


def test_real_american_companies_have_a_known_state(real_data):
    companies = pd.read_csv(real_data / "companies.csv", dtype="str").query("country == 'United States'")
    states = companies["state"].dropna()
    assert states.tolist() == plain(normalise_states(states, states.where(states.isna(), "US")))


@pytest.mark.parametrize(
    ("state", "region"),
    [("NY", "Northeast"), ("IL", "Midwest"), ("TX", "South"), ("DC", "South"), ("CA", "West"), ("PR", None)],
)
def test_a_region_is_the_census_bureaus(state, region):
    assert [region, None, None] == plain(us_regions(column("US", "AU", None), column(state, state, state)))


def test_the_four_regions_hold_every_state_and_the_capital_once():
    states = [state for region in REGIONS.values() for state in region]
    assert 51 == len(states) == len(set(states))


def inferred(**overrides):
    evidence = {"country": None, "state": "TX", "phone": None, "domain": None, "workspace": None} | overrides
    found = infer_countries(
        *(column(evidence[name]) for name in ("country", "state", "phone", "domain")), evidence["workspace"]
    )  # fmt: skip
    return plain(found["country"])[0], bool(found["country_inferred"].iloc[0])


@pytest.mark.parametrize(
    "agreeing",
    [
        {}, {"state": "texas"}, {"state": "DC"}, {"phone": "US"}, {"domain": "acme.com"},
        {"domain": "acme.us"},
        {"domain": "acme.io"}, {"workspace": "US"}, {"phone": "US", "domain": "acme.us", "workspace": "US"},
    ],
)  # fmt: skip
def test_the_united_states_are_inferred_where_nothing_contradicts(agreeing):
    assert ("US", True) == inferred(**agreeing)


@pytest.mark.parametrize(
    "against",
    [
        {"phone": "AU"}, {"domain": "acme.com.au"}, {"domain": "acme.co.uk"}, {"domain": "acme.eu"},
        {"workspace": "BR"}, {"state": "Ontario"}, {"state": None}, {"state": "PR"},
        {"phone": "CA", "workspace": "US"},
    ],
)  # fmt: skip
def test_one_contradiction_is_enough_not_to_infer(against):
    assert (None, False) == inferred(**against)


def test_a_country_that_is_given_is_never_overruled():
    assert ("AU", False) == inferred(country="AU", state="WA")


def test_a_country_code_is_iso_and_upper_case():
    assert [True, False, False, False] == [is_country_code(code) for code in ("GB", "UK", "gb", "USA")]
