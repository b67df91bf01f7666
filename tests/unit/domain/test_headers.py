"""File columns find their canonical names; what is left over is kept as attributes."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.csv_dialect import dialect_of
from lead_pipeline.domain.csv_rows import read_chunks, read_header
from lead_pipeline.domain.headers import CANONICAL, HeaderMatch, match_headers, to_canonical
from lead_pipeline.errors import FileRefused

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not here")


def frame(**columns):
    return pd.DataFrame(columns, dtype="str")


def test_canonical_names_match_themselves():
    assert HeaderMatch({name: name for name in CANONICAL}, []) == match_headers(CANONICAL, {})


@pytest.mark.parametrize(
    ("label", "canonical"),
    [
        ("E-mail Address", "email"),
        ("EMAIL", "email"),
        ("Organization name", "company_name"),
        ("Security", "company_name"),
        ("Domain name", "website"),
        ("URL", "website"),
        ("Phone number", "phone"),
        ("Zip", "postal_code"),
        ("State / Province", "company_location_state"),
        ("Country", "company_location_country"),
        ("Title", "job_title"),
        ("# Employees", "employee_count"),
        ("LinkedIn URL", "linkedin_url"),
        ("Last-Name", "last_name"),
    ],
)
def test_a_synonym_matches_without_case_spaces_and_punctuation(label, canonical):
    other = "full_name" if canonical == "email" else "email"
    assert label == match_headers([other, label], {}).mapping[canonical]


def test_an_exact_canonical_name_goes_before_a_synonym_that_stands_first():
    assert HeaderMatch({"email": "email"}, ["E-mail"]) == match_headers(["E-mail", "email"], {})


def test_of_two_synonyms_the_first_in_file_order_wins():
    assert HeaderMatch({"email": "Mail"}, ["E-mail"]) == match_headers(["Mail", "E-mail"], {})


def test_an_explicit_column_wins_and_frees_nothing_twice():
    match = match_headers(["Email", "Backup", "Company"], {"email": "Backup"})
    assert HeaderMatch({"email": "Backup", "company_name": "Company"}, ["Email"]) == match
    assert {"website": "Email"} == match_headers(["Email"], {"website": "Email"}).mapping


@pytest.mark.parametrize(
    ("explicit", "words"),
    [
        ({"mail": "Email"}, "'mail' is no column of a lead. Use full_name"),
        ({"email": "Mail"}, "the file has no such column. It has 'Email', 'Company'"),
        ({"email": "Email", "phone": "Email"}, "given twice"),
    ],
)
def test_an_explicit_column_that_cannot_be_is_refused_with_what_there_is(explicit, words):
    with pytest.raises(FileRefused, match=words):
        match_headers(["Email", "Company"], explicit)


@pytest.mark.parametrize("columns", [["1", "2", "3"], ["a@example.com", "Acme"], ["City", "State"], []])
def test_a_file_without_an_identifying_column_is_refused_with_the_columns_seen(columns):
    with pytest.raises(FileRefused, match=r"no usable header.*--map email=") as refusal:
        match_headers(columns, {})
    assert all(repr(column) in str(refusal.value) for column in columns)


@pytest.mark.parametrize(
    ("columns", "meaning"),
    [
        (["name", "website"], "company_name"),
        (["symbol", "name", "sector"], "company_name"),
        (["name", "isin"], "company_name"),
        (["name", "email", "website"], "company_name"),
        (["name", "email"], "full_name"),
        (["Name", "Title", "Website"], "full_name"),
        (["name", "company", "website"], "full_name"),
        (["name", "first_name", "last_name"], "company_name"),
        (["full_name", "name"], "company_name"),
        (["name"], "full_name"),
    ],
)
def test_a_bare_name_is_a_person_beside_person_columns_and_else_a_company_beside_company_columns(columns, meaning):
    assert "name" == match_headers(columns, {}).mapping[meaning].lower()


@given(st.lists(st.sampled_from([*CANONICAL, "Name", "E-mail", "Company", "HQ", "City", "x", "isin"]), unique=True))
def test_every_column_is_used_once_or_unmatched(columns):
    try:
        match = match_headers(columns, {})
    except FileRefused:
        return
    assert sorted(columns) == sorted([*match.mapping.values(), *match.unmatched])


@pytest.mark.parametrize(
    ("cell", "city", "state", "country"),
    [
        ("Saint Paul, Minnesota", "Saint Paul", "Minnesota", ""),
        ("Dublin, Ireland", "Dublin", "", "Ireland"),
        ("London, UK", "London", "", "UK"),
        ("Atlanta, Georgia", "Atlanta", "Georgia", ""),
        ("Marina, Bay Area, California", "Marina, Bay Area", "California", ""),
        ("Paris", "Paris", "", ""),
        ("Canada", "", "", "Canada"),
        ("", "", "", ""),
    ],
)
def test_a_location_in_one_cell_is_cut_at_the_last_comma(cell, city, state, country):
    rows = to_canonical(frame(Company=["A"], HQ=[cell]), match_headers(["Company", "HQ"], {}))
    assert [city, state, country] == rows.iloc[0][list(CANONICAL[9:12])].tolist()


def test_a_location_beside_a_city_column_stays_an_attribute():
    assert ["Location"] == match_headers(["Company", "Location", "City"], {}).unmatched


def test_a_country_column_is_not_overwritten_by_the_location():
    rows = frame(Company=["A"], HQ=["Lyon, France"], Country=["FR"])
    assert "FR" == to_canonical(rows, match_headers(list(rows), {})).company_location_country[0]


@given(st.lists(st.tuples(st.text(), st.text(st.sampled_from('a"\\\n\t\x01\x1fé\u2028'))), min_size=1))
def test_attributes_are_the_json_of_the_cells_that_are_not_empty(cells):
    rows = pd.DataFrame(cells, columns=['a"\\b', "B"], dtype="str").assign(email="x")
    attributes = to_canonical(rows, HeaderMatch({"email": "email"}, ['a"\\b', "B"])).attributes
    expected = [{k: v for k, v in zip(('a"\\b', "B"), pair, strict=True) if v} for pair in cells]
    assert [json.loads(text) for text in attributes] == expected


def test_attributes_keep_the_index_and_pass_over_missing_cells():
    rows = pd.DataFrame({"email": ["x", "y"], "n": [np.nan, "1"]}, index=[7, 9], dtype="str")
    canonical = to_canonical(rows, match_headers(["email", "n"], {}))
    assert {7: "{}", 9: '{"n":"1"}'} == canonical.attributes.to_dict()


def test_attributes_are_missing_where_every_column_is_matched():
    canonical = to_canonical(frame(email=["x"]), match_headers(["email"], {}))
    assert canonical.attributes.isna().all()
    assert ["str", "str"] == canonical.dtypes.astype(str).tolist()


def test_a_frame_without_rows_keeps_its_columns():
    rows = frame(email=[], HQ=[], extra=[])
    assert 0 == len(to_canonical(rows, match_headers(list(rows), {})).attributes)


@needs_data
@pytest.mark.parametrize(
    ("name", "rows", "mapping", "unmatched"),
    [
        (
            "dotgov_organisations.csv",
            16_539,
            {
                "website": "Domain name",
                "company_name": "Organization name",
                "company_location_city": "City",
                "company_location_state": "State",
            },
            ["Domain type", "Suborganization name"],
        ),
        (
            "sp500.csv",
            503,
            {
                "company_name": "Security",
                "company_industry": "GICS Sector",
                "company_location": "Headquarters Location",
            },
            ["Symbol", "GICS Sub-Industry", "Date added", "CIK", "Founded"],
        ),
        (
            "companies.csv",
            5_000,
            {
                "company_name": "name",
                "website": "website",
                "company_industry": "sector",
                "company_location_city": "city",
                "company_location_state": "state",
                "company_location_country": "country",
                "postal_code": "zipcode",
            },
            ["symbol", "industry", "market_cap", "isin"],
        ),
    ],
)
def test_a_real_file_finds_its_columns_and_keeps_every_row(name, rows, mapping, unmatched):
    stream = io.BytesIO((DATA / name).read_bytes())
    dialect = dialect_of(stream)
    match = match_headers(read_header(stream, dialect), {})
    assert HeaderMatch(mapping, unmatched) == match
    chunks = [to_canonical(chunk.rows, match) for chunk in read_chunks(stream, dialect, chunk_rows=2_000)]
    assert rows == sum(map(len, chunks))
    assert all("attributes" in chunk for chunk in chunks)
