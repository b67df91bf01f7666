"""The sandbox's company search: limits, pages, filters, totals."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.errors import VendorRefused
from lead_pipeline.sandbox.catalogue import build_catalogue
from lead_pipeline.sandbox.companies import generate_companies
from lead_pipeline.sandbox.search import Query, ranked, search
from tests.examples import examples

CATALOGUE = build_catalogue(generate_companies(), seed=7)
DAY = date(2026, 3, 2)


def page(query, cursor=None, as_of=DAY, today=DAY, page_size=25, catalogue=CATALOGUE):
    return search(catalogue, query, as_of=as_of, today=today, cursor=cursor, page_size=page_size)


def pages(query, page_size=25):
    found, cursor = [], None
    while True:
        answer = page(query, cursor, page_size=page_size)
        found.append(answer["companies"])
        cursor = answer["next_cursor"]
        if cursor is None:
            return found


def ids(companies):
    return [company["id"] for company in companies]


@settings(max_examples=examples(30))
@given(limit=st.integers(1, 100), page_size=st.integers(1, 25), topic=st.sampled_from([None, "crm", "ERP"]))
def test_the_limit_bounds_the_whole_search_and_pages_never_overlap(limit, page_size, topic):
    found = pages(Query(limit=limit, topic=topic, industries=("Financials",)), page_size)
    together = [identity for companies in found for identity in ids(companies)]
    matches = len(ranked(CATALOGUE, Query(limit=limit, topic=topic, industries=("Financials",)), DAY))
    assert min(limit, matches) == len(together) == len(set(together))
    assert all(len(companies) <= page_size for companies in found)


def test_total_counts_every_match_before_the_limit():
    assert 1200 == page(Query(limit=3))["total"]


def test_about_a_third_of_all_companies_is_interested_in_any_topic():
    for topic in ("crm", "cloud security", "payroll"):
        assert 0.30 < len(ranked(CATALOGUE, Query(limit=1, topic=topic), DAY)) / 1200 < 0.40


def test_topics_interest_different_companies_however_they_are_spelt():
    crm = set(ranked(CATALOGUE, Query(limit=1, topic="crm"), DAY))
    assert crm == set(ranked(CATALOGUE, Query(limit=1, topic="  CRM "), DAY))
    assert crm != set(ranked(CATALOGUE, Query(limit=1, topic="payroll"), DAY))


def test_two_days_of_one_query_overlap_only_partly():
    query = Query(limit=50, topic="crm")
    first = set(ranked(CATALOGUE, query, DAY)[:50])
    for days in range(1, 8):
        again = set(ranked(CATALOGUE, query, DAY + timedelta(days))[:50])
        assert 10 <= len(first & again) <= 40


def test_the_same_day_gives_the_same_answer():
    query = Query(limit=50, topic="crm", country="US")
    again = build_catalogue(generate_companies(), seed=7)
    assert page(query) == page(query, catalogue=again)
    assert page(query) != page(query, catalogue=build_catalogue(generate_companies(), seed=8))


@pytest.mark.parametrize("spelling", ["US", "us", "USA", "United States", "united states"])
def test_a_country_is_its_code_or_its_name(spelling):
    found = page(Query(limit=100, country=spelling))
    assert {"United States"} == {company["location"]["country"] for company in found["companies"]}


def test_a_state_is_compared_without_case():
    found = page(Query(limit=100, country="US", state="ca"))["companies"]
    assert {("United States", "CA")} == {(one["location"]["country"], one["location"]["state"]) for one in found}


def test_an_industry_is_the_whole_word_of_industry_or_sector():
    found = page(Query(limit=100, industries=("FINANCIALS", "software")))["companies"]
    assert all(one["sector"] == "Financials" or one["industry"] == "Software" for one in found)
    assert 0 == page(Query(limit=100, industries=("Financial",)))["total"]


def test_sizes_include_both_ends():
    heads = page(Query(limit=1))["companies"][0]["employee_count"]
    found = page(Query(limit=100, size_min=heads, size_max=heads))
    assert {heads} == {one["employee_count"] for one in found["companies"]}


def test_a_search_that_runs_past_midnight_stays_one_search():
    query = Query(limit=50, topic="crm")
    first = page(query, as_of=None, today=DAY)
    second = page(query, first["next_cursor"], as_of=None, today=DAY + timedelta(1))
    assert ids(page(query, first["next_cursor"])["companies"]) == ids(second["companies"])


def test_a_cursor_serves_its_own_query_and_day_only():
    cursor = page(Query(limit=50, topic="crm"))["next_cursor"]
    with pytest.raises(VendorRefused, match="another query"):
        page(Query(limit=50, topic="erp"), cursor)
    with pytest.raises(VendorRefused, match="as of 2026-03-02"):
        page(Query(limit=50, topic="crm"), cursor, as_of=DAY + timedelta(1))


@given(st.text() | st.sampled_from(["W10=", "WzEsMiwzXQ==", "WyIwIiwiMjAyNi0wMy0wMiIsMWU5OTldCg=="]))
def test_any_other_cursor_is_refused(cursor):
    with pytest.raises(VendorRefused) as refusal:
        page(Query(limit=50), cursor)
    assert 422 == refusal.value.status
