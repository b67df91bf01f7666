"""Leads: what is accepted and how it looks, what is refused and why, what is only flagged."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.contracts.leads import RawRows, ValidatedLeads, check_contract
from lead_pipeline.domain.lead import validate_leads
from lead_pipeline.domain.lead_columns import FAILURE_COLUMNS, LEAD_COLUMNS, RAW_TEXT
from tests.examples import examples


def frame(*rows):
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pd.Series([row.get(name) for row in rows], dtype="str") for name in names}
    keys = {"drop_id": np.full(len(rows), 7), "row_no": np.arange(len(rows))}
    return pd.DataFrame({**keys, **columns})


def validated(*rows, workspace_country=None):
    raw = check_contract(RawRows, frame(*rows))
    accepted, failures = validate_leads(raw, workspace_country=workspace_country)
    return check_contract(ValidatedLeads, accepted), failures


def lead(workspace_country=None, **raw):
    accepted, failures = validated(raw, workspace_country=workspace_country)
    assert failures.empty
    row = accepted.iloc[0]
    return {name: None if pd.isna(value) else value for name, value in row.items()}


def reasons(**raw):
    _, failures = validated(raw)
    return list(failures[["column", "check", "value"]].itertuples(index=False, name=None))


def flags(**raw):
    return lead(email="ada@acme.com", **raw)["flags"]


def test_a_full_row_comes_out_in_normal_form():
    found = lead(
        full_name=" Ada  Lovelace ", email="Ada@ACME.com", phone="310/246-1501", job_title="CEO",
        company_name="Acme Inc.", company_industry="SaaS", website="http://www.Acme.com/",
        postal_code="90210",
        company_location_city="Los Angeles", company_location_state="california", employee_count="51-200",
        company_location_country="USA", revenue="$1.2M", linkedin_url="linkedin.com/in/ada",
        attributes='{"a":1}',
    )  # fmt: skip
    expected = {
        "drop_id": 7, "row_no": 0, "type": "INDIVIDUAL", "full_name": "Ada Lovelace", "first_name": "Ada",
        "last_name": "Lovelace", "job_title": "CEO", "email": "Ada@acme.com",
        "email_suggestion": None, "phone": "+13102461501", "phone_type": "fixed_line_or_mobile",
        "company_name": "Acme Inc.", "domain": "acme.com", "website": "acme.com",
        "linkedin_url": "linkedin.com/in/ada", "industry": "SaaS", "industry_group": "Technology",
        "country": "US",
        "state": "CA", "region": "West", "city": "Los Angeles", "postal_code": "90210", "employee_count": 51,
        "revenue": 1_200_000, "country_raw": "USA", "state_raw": "california", "country_inferred": False,
        "flags": "{}", "attributes": '{"a":1}', "signals": None,
    }  # fmt: skip
    assert expected == {name: value for name, value in found.items() if name != "fingerprint"}


def test_the_sample_upload_imports_both_rows():
    sample = {"company_industry": "Technology", "company_location_state": "CA", "job_title": "CEO"}
    accepted, failures = validated(
        {"full_name": "John Doe", "email": "john@acme.com", "company_name": "Acme Corp", **sample},
        {"full_name": "Jane Smith", "email": "jane@beta.com", "company_name": "Beta Inc", **sample},
    )
    assert failures.empty
    assert [True, True] == accepted["country_inferred"].tolist()
    assert ["West", "West"] == accepted["region"].tolist()


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"email": "a@b.com"}, "INDIVIDUAL"),
        ({"first_name": "Ada", "company_name": "Acme"}, "INDIVIDUAL"),
        ({"company_name": "Acme"}, "COMPANY"),
        ({"website": "acme.com", "phone": "+13102461501"}, "COMPANY"),
    ],
)
def test_a_name_or_an_address_makes_an_individual(raw, kind):
    assert kind == lead(**raw)["type"]


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        ({"email": "ada@mail.acme.co.uk"}, "acme.co.uk"),
        ({"email": "ada@gmail.com"}, None),
        ({"email": "ada@yahoo.co.uk"}, None),
        ({"email": "ada@mailinator.com"}, None),
        ({"email": "ada@acme.com", "website": "beta.com"}, "beta.com"),
        ({"email": "ada@acme.com", "website": "(none yet)"}, "acme.com"),
        ({"email": "ada@acme.com", "website": "facebook.com/acme"}, None),
    ],
)
def test_without_a_website_the_domain_is_the_employers_mail_domain(raw, domain):
    assert domain == lead(**raw)["domain"]


def test_an_invalid_address_is_refused_with_the_librarys_reason():
    ((column, check, value),) = reasons(email="ada@localhost")
    assert ("email", "ada@localhost") == (column, value)
    assert check.startswith("invalid_email: The part after the @-sign is not valid")


@pytest.mark.parametrize("raw", [{"full_name": "Ada Lovelace"}, {"job_title": "CEO"}, {"email": " (blank) "}])
def test_a_row_that_nothing_identifies_is_refused(raw):
    assert [("fingerprint", "nothing_identifies_the_lead")] == [reason[:2] for reason in reasons(**raw)]


def test_every_reason_is_given():
    found = reasons(email="nobody", employee_count="many", revenue="lots")
    assert ["email", "employee_count", "revenue"] == [column for column, _, _ in found]
    assert ["nobody", "many", "lots"] == [value for _, _, value in found]


def test_a_refused_row_is_not_accepted_and_the_others_are():
    accepted, failures = validated({"email": "a@b.com"}, {"email": "nobody"}, {"email": "c@d.com"})
    assert [0, 2] == accepted["row_no"].tolist()
    assert [(1, 7)] == list(failures[["row_no", "drop_id"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, "{}"),
        ({"phone": "+1234567890"}, "{invalid_phone}"),
        ({"website": "no website"}, "{invalid_website}"),
        ({"company_location_country": "Atlantis"}, "{unknown_country}"),
        ({"phone": "12", "website": "?"}, "{invalid_phone,invalid_website}"),
    ],
)
def test_what_is_odd_is_flagged_and_kept(raw, expected):
    assert expected == flags(**raw)


def test_fake_and_disposable_addresses_are_flagged_with_the_pattern():
    assert "{fake_email:999999,free_email}" == lead(email="1199999999333@gmail.com")["flags"]
    assert "{fake_email:111111,disposable_email}" == lead(email="111111@mailinator.com")["flags"]


def test_role_mailboxes_and_free_providers_are_flagged():
    assert "{role_email}" == lead(email="sales+de@acme.com")["flags"]
    assert "{role_email,free_email}" == lead(email="Contato@gmail.com")["flags"]


def test_a_slip_of_a_well_known_domain_is_suggested_and_the_address_stays():
    found = lead(email="Ada+news@gmial.com")
    assert ("Ada+news@gmial.com", "Ada+news@gmail.com", "{}") == tuple(
        found[name] for name in ("email", "email_suggestion", "flags")
    )


def test_the_type_of_a_phone_is_unknown_where_it_is_invalid_and_missing_where_there_is_none():
    kinds = [lead(email="a@b.com", phone=phone)["phone_type"] for phone in ("+5511987654321", "12", None)]
    assert ["mobile", "unknown", None] == kinds


def test_a_phone_from_abroad_keeps_the_united_states_from_being_inferred():
    found = lead(email="a@b.com", company_location_state="WA", phone="+61 2 9374 4000")
    assert (None, None, False, "+61293744000") == tuple(
        found[name] for name in ("country", "state", "country_inferred", "phone")
    )


def test_an_unknown_country_is_not_replaced_by_an_inferred_one():
    found = lead(email="a@b.com", company_location_state="WA", company_location_country="Atlantis")
    assert (None, False) == (found["country"], found["country_inferred"])


def test_a_national_phone_is_read_with_the_workspaces_country_where_the_row_has_none():
    assert "+5511987654321" == lead(workspace_country="BR", email="a@b.com", phone="11987654321")["phone"]
    assert "+13102461501" == lead(email="a@b.com", phone="3102461501", company_location_state="CA")["phone"]


def test_json_columns_pass_through_untouched():
    assert '{"a":  "x  y"}' == lead(email="a@b.com", attributes='{"a":  "x  y"}')["attributes"]


@pytest.mark.parametrize("rows", [frame(), frame({"email": "nobody"})])
def test_frames_without_an_accepted_row_keep_their_columns(rows):
    accepted, failures = validate_leads(rows, workspace_country=None)
    check_contract(ValidatedLeads, accepted)
    assert [list(LEAD_COLUMNS), list(FAILURE_COLUMNS)] == [list(accepted.columns), list(failures.columns)]


CELLS = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["a@b.com", "acme.de", "+13102461501", "Acme Inc", "US", "CA", "1,200", "Ada King", "0"]),
)
ROWS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(RAW_TEXT, CELLS)), max_size=6)


@settings(max_examples=examples(60))
@given(ROWS, st.sampled_from([None, "US", "BR"]))
def test_every_row_is_accepted_or_has_a_reason_whatever_is_in_it(rows, workspace_country):
    accepted, failures = validated(*rows, workspace_country=workspace_country)
    assert list(range(len(rows))) == sorted([*accepted["row_no"], *failures["row_no"].unique()])


@settings(max_examples=examples(25))
@given(ROWS)
def test_a_row_alone_gives_the_same_lead_as_a_row_among_others(rows):
    together, _ = validated(*rows)
    alone = [validate_leads(frame(*rows).iloc[[number]], workspace_country=None)[0] for number in range(len(rows))]
    if len(together):
        pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))
