"""Vendor companies as raw rows: a whole one, odd values, and junk."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.vendor_rows import companies_to_rows, storable_text

COMPANY = {
    "id": "c-1",
    "name": "Example Ltd",
    "website": "https://www.example.com",
    "industry": "Software",
    "sector": "Information Technology",
    "phone": "+1 212 555 0100",
    "employee_count": 250,
    "revenue": 1250000.5,
    "location": {"city": "Albany", "state": "NY", "country": "US"},
    "signals": [{"signal_type": "job_posting"}],
}
KEYS = st.sampled_from([*COMPANY, "city", "state"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=6),
)


def test_a_company_fills_every_canonical_column():
    assert [
        {
            "company_name": "Example Ltd",
            "company_industry": "Software",
            "website": "https://www.example.com",
            "phone": "+1 212 555 0100",
            "company_location_city": "Albany",
            "company_location_state": "NY",
            "company_location_country": "US",
            "employee_count": "250",
            "revenue": "1250000.5",
            "signals": '[{"signal_type":"job_posting"}]',
            "attributes": '{"vendor_id":"c-1","sector":"Information Technology"}',
        }
    ] == companies_to_rows([COMPANY])


@pytest.mark.parametrize("entry", ["junk", None, 7, ["x"]])
def test_junk_is_a_row_of_nothing_that_keeps_the_junk(entry):
    row = companies_to_rows([entry])[0]

    assert {"junk": entry} == json.loads(row.pop("attributes") or "")
    assert {None} == set(row.values())


@pytest.mark.parametrize(
    ("value", "text"),
    [(250.0, "250"), (0, "0"), (True, None), ([1], None), ({}, None), ("", ""), (2.5, "2.5")],
)
def test_a_value_is_text_or_nothing(value, text):
    assert text == companies_to_rows([{**COMPANY, "employee_count": value}])[0]["employee_count"]


@pytest.mark.parametrize("signals", [None, [], "", 0])
def test_no_signals_are_nothing_so_that_scoring_need_not_parse_them(signals):
    assert companies_to_rows([{**COMPANY, "signals": signals}])[0]["signals"] is None


def test_what_postgres_cannot_hold_is_replaced():
    assert "a\ufffdb\ufffd" == storable_text("a\x00b\ud800")


@given(st.lists(JUNK, max_size=6))
def test_any_answer_becomes_rows_that_arrow_can_hold(companies):
    rows = companies_to_rows(companies)

    assert len(companies) == len(rows)
    pd.DataFrame(rows, dtype="str")
    for row in rows:
        assert all(value is None or "\x00" not in value for value in row.values())
