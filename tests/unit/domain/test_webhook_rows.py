"""Leads of events as raw rows: every shape that senders use, what has no column, and any JSON at all."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.contracts.leads import RawRows, check_contract
from lead_pipeline.domain.enrichment import Person
from lead_pipeline.domain.lead import validate_leads
from lead_pipeline.domain.webhook_rows import (
    EVENT_COLUMNS,
    ContactResult,
    contact_result,
    event_rows,
    page_rows,
    repair_rows,
    supplier_rows,
)

SIGNALS = [{"signal_type": "job_posting"}]
PERSON = {
    "first_name": "Ann",
    "last_name": "Roe",
    "full_name": "Ann Roe",
    "email": "ann@example.com",
    "phone": "+1 212 555 0100",
    "job_title": "CTO",
    "company_name": "Example Ltd",
    "company_industry": "HVAC",
    "website": "https://www.example.com",
    "employee_count": 250,
    "revenue": 1250000.50,
    "linkedin_url": "https://linkedin.example/ann",
}
PLACE = {"city": "Albany", "state": "NY", "country": "US", "postal_code": "12207"}
GOLDEN = {
    **PERSON,
    **{f"company_location_{part}": PLACE[part] for part in ("city", "state", "country")},
    "employee_count": "250",
    "revenue": "1250000.5",
    "postal_code": "12207",
    "signals": '[{"signal_type":"job_posting"}]',
    "attributes": '{"tags":["x"],"quality":"HOT"}',
}
KEYS = st.sampled_from(
    [*PERSON, *PLACE, "name", "location", "company_location", "companyLocation", "signals", "data", "lead", "leads",
     "attributes", "customer", "contacts", "row", "phone2", "lead_id", "hook_action", "event_type", "error"]
)  # fmt: skip
TEXT = st.text(st.characters(codec=None), max_size=8)
NAMES = st.sampled_from(["leads.batch", "leads.single", "import.batch", "on_create_lead", "enrichment.failed"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXT, inner, max_size=5),
)
CRM = {"phone": "11987654321", "phone2": "1133334444", "phone_global": "+5511987654321"}


def camel(names):
    def turned(name):
        first, *rest = name.split("_")
        return first + "".join(map(str.capitalize, rest))

    return {turned(name): value for name, value in names.items()}


def raw(body):
    return json.dumps(body).encode()


def row_of(lead):
    (row,) = event_rows("datashopper", raw({"event_type": "leads.single", "lead": lead}))
    assert list(EVENT_COLUMNS) == list(row)
    return {name: value for name, value in row.items() if value is not None}


def extra(row):
    return json.loads(row["attributes"])


@pytest.mark.parametrize(
    "lead",
    [
        {**PERSON, "company_location": PLACE, "signals": SIGNALS},
        {**camel(PERSON), "companyLocation": camel(PLACE), "intentSignals": SIGNALS},
        {**PERSON, "location": PLACE, "intent_signals": SIGNALS},
        {**PERSON, **{f"company_location_{part}": text for part, text in PLACE.items()}, "signals": SIGNALS},
        {**PERSON, **camel({f"company_location_{part}": text for part, text in PLACE.items()}), "signals": SIGNALS},
        {**PERSON, **PLACE, "signals": SIGNALS},
    ],
    ids=["nested", "camel case", "location", "flat", "flat camel case", "bare"],
)
def test_a_lead_fills_every_column_in_every_spelling(lead):
    assert GOLDEN == row_of({**lead, "tags": ["x"], "quality": "HOT"})


@pytest.mark.parametrize(
    ("lead", "column", "text"),
    [
        ({"name": "Ann Roe"}, "full_name", "Ann Roe"),
        ({"title": "CTO"}, "job_title", "CTO"),
        ({"industry": "HVAC"}, "company_industry", "HVAC"),
        ({"domain": "example.com"}, "website", "example.com"),
        ({"company_domain": "example.com"}, "website", "example.com"),
        ({"companyDomain": "example.com"}, "website", "example.com"),
        ({"phone": 12125550100}, "phone", "12125550100"),
        ({"employee_count": "51-200"}, "employee_count", "51-200"),
        ({"email": " ann@example.com "}, "email", " ann@example.com "),
        ({"company_name": "a\x00b\ud800"}, "company_name", "a\ufffdb\ufffd"),
    ],
)
def test_other_names_and_values_go_to_their_column_as_they_came(lead, column, text):
    assert {column: text} == row_of(lead)


def test_the_first_name_that_holds_text_wins_and_the_others_are_kept():
    row = row_of(
        {
            "full_name": " ",
            "name": "Ann",
            "title": "",
            "company_name": "B",
            "website": ["x"],
            "domain": "a.example",
            "company_domain": "b.example",
        }
    )

    assert ("Ann", "a.example") == (row["full_name"], row["website"])
    assert {"website": ["x"], "company_domain": "b.example"} == extra(row)


def test_nested_beats_flat_beats_bare_and_what_is_left_of_a_place_is_kept():
    row = row_of(
        {
            "state": "bare",
            "location": {"state": "located", "city": ""},
            "company_location_state": "flat",
            "company_location": {"state": "nested", "lat": 1, "city": None},
            "tail": "Albany, NY",
        }
    )

    assert "nested" == row["company_location_state"]
    assert {
        "state": "bare",
        "location": {"state": "located"},
        "company_location_state": "flat",
        "company_location": {"lat": 1},
        "tail": "Albany, NY",
    } == extra(row)
    assert {"location": "Albany, NY"} == extra(row_of({"location": "Albany, NY"}))


@pytest.mark.parametrize(
    ("more", "column"),
    [
        ({"website": "example.com"}, "company_name"),
        ({"industry": "HVAC", "phone": "1"}, "company_name"),
        ({"employee_count": 3, "location": PLACE}, "company_name"),
        ({"website": "example.com", "email": "ann@example.com"}, "full_name"),
        ({"website": "example.com", "job_title": "CTO"}, "full_name"),
        ({"website": "example.com", "company_name": "Example"}, "full_name"),
        ({"phone": "1"}, "full_name"),
        ({}, "full_name"),
    ],
)
def test_a_bare_name_is_a_companys_only_beside_nothing_but_company_fields(more, column):
    row = row_of({"name": "Example", **more})

    assert "Example" == row[column]
    assert (column == "full_name") == ("full_name" in row)


@pytest.mark.parametrize("signals", [None, [], "", "  "])
def test_no_signals_are_nothing_and_are_not_kept(signals):
    assert {} == row_of({"signals": signals})


def test_signals_that_are_no_list_and_a_second_list_are_kept():
    assert {"signals": "hot"} == extra(row_of({"signals": "hot"}))
    row = row_of({"signals": SIGNALS, "intent_signals": [1]})
    assert {"intent_signals": [1]} == extra(row)
    assert SIGNALS == json.loads(row["signals"])


def test_a_lead_with_nothing_to_keep_has_no_attributes():
    assert {"email": "ann@example.com"} == row_of({"email": "ann@example.com", "phone": None, "company_location": {}})


def test_a_batch_gives_its_rows_in_order_and_junk_among_them_is_kept():
    leads = [{"email": "a@example.com"}, "junk", None, {"email": "b@example.com"}, [1], 7]
    for source, name in (("datashopper", "leads.batch"), ("audience-labs", "import.batch")):
        rows = event_rows(source, raw({"event_type": name, "leads": leads}))
        assert ["a@example.com", None, None, "b@example.com", None, None] == [row["email"] for row in rows]
        assert [{"junk": "junk"}, {"junk": None}, {"junk": [1]}, {"junk": 7}] == [extra(rows[n]) for n in (1, 2, 4, 5)]


def test_events_without_leads_have_no_rows_and_bytes_without_json_have_one_that_says_so():
    assert [] == event_rows("datashopper", raw({"event_type": "test", "leads": [PERSON]}))
    (row,) = event_rows("datashopper", b"\xff")
    assert "not JSON" in extra(row)["junk"]


@pytest.mark.parametrize(
    ("phones", "expected"),
    [
        (CRM, "11987654321"),
        ({**CRM, "phone": None}, "+5511987654321"),
        ({**CRM, "phone": "  "}, "+5511987654321"),
        ({"phone2": 1133334444}, "1133334444"),
        ({"phone": None, "phone2": "", "phone_global": {}}, None),
    ],
)
def test_a_crm_lead_takes_the_first_phone_that_there_is(phones, expected):
    lead = {"id": 1, "hook_action": "on_create_lead", "attributes": {"customer": {"name": "Ann", **phones}}}

    assert [expected] == [row["phone"] for row in event_rows("c2s", raw(lead))]


@pytest.mark.parametrize("wrap", [lambda lead: lead, lambda lead: {"data": lead}], ids=["bare", "wrapped"])
def test_a_crm_lead_keeps_its_id_its_phones_and_what_else_it_says(wrap):
    customer = {"name": "Ann Roe", "email": "ann@example.com", **CRM, "city": "Osasco"}
    attributes = {"updated_at": 5, "source": "site", "c2s_lead_id": "forged", "customer": customer}
    (row,) = event_rows("c2s", raw(wrap({"id": 4711, "hook_action": "on_update_lead", "attributes": attributes})))

    assert {
        "updated_at": 5,
        "source": "site",
        "c2s_lead_id": 4711,
        "phone2": CRM["phone2"],
        "phone_global": CRM["phone_global"],
        "customer": {"city": "Osasco"},
    } == extra(row)
    given = {"full_name": "Ann Roe", "email": "ann@example.com", "phone": CRM["phone"]}
    assert given == {name: text for name, text in row.items() if text is not None and name != "attributes"}


def test_a_suppliers_lead_fills_columns_and_its_request_cannot_be_passed_off():
    data = {"firstName": "Ann", "lastName": "Roe", "email": "ann@example.com", "phone": "+1234567890", "age": 34}
    data |= {"coverage": "full", "campaign_id": "forged"}
    body = {"campaignId": "c-1", "categoryId": "k-1", "state": "NY", "quality": "HOT", "data": data}
    (row,) = supplier_rows(raw(body))

    assert {"age": 34, "coverage": "full", "campaign_id": "c-1", "category_id": "k-1", "supplier_quality": "HOT"} == (
        extra(row)
    )
    assert {
        "first_name": "Ann",
        "last_name": "Roe",
        "email": "ann@example.com",
        "phone": "+1234567890",
        "company_location_state": "NY",
    } == {name: text for name, text in row.items() if text is not None and name != "attributes"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, "NY"),
        ({"state": " "}, "NY"),
        ({"state": "CA"}, "CA"),
        ({"location": {"state": "CA"}}, "CA"),
        ({"company_location_state": "CA"}, "CA"),
    ],
)
def test_a_suppliers_state_counts_where_the_data_names_none(data, expected):
    (row,) = supplier_rows(raw({"state": "NY", "data": data}))

    assert expected == row["company_location_state"]


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"7", b'{"data": []}', b"{}", b'{"data": "x", "campaignId": "c"}'])
def test_a_suppliers_junk_is_one_row_that_keeps_it(body):
    (row,) = supplier_rows(body)

    assert "junk" in extra(row)
    assert {None} == {row[name] for name in EVENT_COLUMNS if name != "attributes"}


def test_repaired_rows_come_in_order_with_the_columns_of_events_and_no_other():
    lines = [
        {"drop_id": 1, "row_no": 7, "row": {"email": "a@example.com", "employee_count": 5, "who": "x", "phone": None}},
        {"drop_id": 1, "row_no": 2, "row": {"attributes": '{"a":1}', "signals": SIGNALS}},
        {"drop_id": 1, "row_no": 3, "row": {"attributes": "not json", "signals": "[1,"}},
        {"drop_id": 1, "row_no": 4, "row": {"attributes": "", "signals": '["\\u0000"]'}},
        {"drop_id": 1, "row_no": 5, "row": None},
    ]
    rows = repair_rows(b"\n".join(map(raw, lines)) + b"\n\n  \n\xff\r\n")

    assert [list(EVENT_COLUMNS)] * 6 == [list(row) for row in rows]
    assert ("a@example.com", "5", None) == tuple(rows[0][name] for name in ("email", "employee_count", "phone"))
    assert ('{"a":1}', '[{"signal_type":"job_posting"}]') == (rows[1]["attributes"], rows[1]["signals"])
    assert ('{"junk":"not json"}', '"[1,"') == (rows[2]["attributes"], rows[2]["signals"])
    assert (None, '["\ufffd"]') == (rows[3]["attributes"], rows[3]["signals"])
    assert {"junk": lines[4]} == extra(rows[4])
    assert "not JSON" in extra(rows[5])["junk"]


def test_what_events_became_comes_out_of_a_repair_as_it_was():
    rows = event_rows(
        "datashopper", raw({"event_type": "leads.batch", "leads": [PERSON, {**PERSON, "tags": ["é"]}, 3]})
    )

    assert rows == repair_rows(b"\n".join(raw({"drop_id": 1, "row_no": n, "row": row}) for n, row in enumerate(rows)))


FOUND = {"full_name": "Ann Roe", "email": "ann@example.com", "title": "CTO", "linkedin_url": " ", "seniority": 3}
ANN = Person("Ann Roe", "ann@example.com", "CTO", "3", None, None)


@pytest.mark.parametrize("nest", [lambda said: said, lambda said: {"data": said}], ids=["flat", "under data"])
def test_an_enrichment_that_completed_brings_five_contacts_at_most(nest):
    said = {"lead_id": "l-1", "domain": "example.com", "contacts": ["junk", {"email": "x@example.com"}, *[FOUND] * 6]}
    found = contact_result(raw({"event_type": "enrichment.completed", **nest(said)}))

    assert ContactResult("l-1", "example.com", "completed", None, (ANN,) * 5) == found


@pytest.mark.parametrize("contacts", [{}, {"contacts": None}, {"contacts": []}])
def test_an_enrichment_that_found_nobody_has_completed(contacts):
    found = contact_result(raw({"event_type": "enrichment.completed", "lead_id": 7, **contacts}))

    assert ContactResult("7", None, "completed", None, ()) == found


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (raw({"event_type": "enrichment.failed", "reason": "no match", "contacts": [FOUND]}), "no match"),
        (raw({"event_type": "enrichment.failed", "data": {"error": "no match"}}), "no match"),
        (raw({"event_type": "enrichment.failed", "error": {}}), "Clay gave no reason"),
        (raw({"event_type": "enrichment.completed", "contacts": {"full_name": "Ann"}}), "not a list"),
        (b"\xff", "not JSON"),
    ],
)
def test_an_enrichment_that_failed_says_why_and_brings_nobody(body, words):
    found = contact_result(body)

    assert ("failed", ()) == (found.status, found.contacts)
    assert words in found.reason


def test_rows_of_an_event_pass_the_contract_and_become_leads():
    (row,) = event_rows("datashopper", raw({"event_type": "leads.batch", "leads": [{**PERSON, "location": PLACE}]}))
    rows = pd.DataFrame([row], dtype="str").assign(drop_id=1, row_no=0)

    leads, failures = validate_leads(check_contract(RawRows, rows), workspace_country=None)
    assert failures.empty
    assert ["US", "NY", "Northeast", "ann@example.com"] == leads.loc[
        0, ["country", "state", "region", "email"]
    ].tolist()


@given(st.sampled_from(["datashopper", "audience-labs", "c2s", "who"]), JSON, NAMES)
def test_any_json_gives_rows_that_arrow_and_postgres_hold(source, entry, name):
    batch = {
        "event_type": name,
        "hook_action": name,
        "leads": [entry],
        "lead": entry,
        "attributes": {"customer": entry},
    }
    bodies = [raw(body) for body in (batch, entry, {"data": entry, "hook_action": name})]
    rows = [row for body in bodies for row in (*event_rows(source, body), *supplier_rows(body), *repair_rows(body))]

    pd.DataFrame(rows, dtype="str")
    for row in rows:
        assert list(EVENT_COLUMNS) == list(row)
        assert all(text is None or "\x00" not in text for text in row.values())
        assert row["attributes"] is None or isinstance(json.loads(row["attributes"]), dict)
        assert "\\u0000" not in (row["attributes"] or "").replace("\\\\", "")


@given(st.lists(JSON, max_size=4))
def test_a_page_of_leads_is_read_as_a_batch_of_the_same_leads_is(entries):
    batch = raw({"event_type": "import.batch", "leads": entries})
    assert event_rows("audience-labs", batch) == page_rows(raw({"leads": entries, "next_cursor": None}))


@pytest.mark.parametrize("body", [b"\xff", b"[1]", b'{"leads": {}}', b"[" * 99])
def test_a_page_that_cannot_be_read_is_one_row_that_says_so(body):
    [row] = page_rows(body)
    assert ["junk"] == list(extra(row))


@given(st.binary(max_size=60) | JSON.map(raw) | JSON.map(lambda data: raw({"data": data, "contacts": [data]})))
def test_any_bytes_give_a_contact_result(body):
    found = contact_result(body)

    assert 5 >= len(found.contacts)
    assert (found.status == "failed") == (found.reason is not None)
    assert isinstance(event_rows("datashopper", body), list)
