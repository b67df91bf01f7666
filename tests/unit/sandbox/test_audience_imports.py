"""The bulk imports that the sandbox makes up: a day's, page by page, and what is no import or cursor."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.webhook_rows import event_rows
from lead_pipeline.errors import VendorRefused
from lead_pipeline.sandbox.audience_imports import FEWEST, MOST, imports_of, leads_page
from tests.examples import examples

DAY = date(2026, 3, 2)
DONE, RUNNING = "imp-20260302-1", "imp-20260302-2"


def pages(import_id=DONE, limit=100, seed=7):
    found, cursor = [], None
    while True:
        leads, cursor = leads_page(seed, import_id, DAY, cursor=cursor, limit=limit)
        found.append(leads)
        if cursor is None:
            return found


def status_of(import_id=DONE, cursor=None):
    with pytest.raises(VendorRefused) as caught:
        leads_page(7, import_id, DAY, cursor=cursor, limit=100)
    return caught.value.status


def test_a_day_has_a_completed_import_and_a_running_one_and_tomorrow_none():
    done, running = imports_of(7, DAY, DAY)

    assert (DONE, "completed") == (done["id"], done["status"])
    assert (RUNNING, "running", None) == (running["id"], running["status"], running["lead_count"])
    assert FEWEST <= done["lead_count"] <= MOST
    assert [] == imports_of(7, DAY + timedelta(days=1), DAY)


@settings(max_examples=examples(25))
@given(st.integers(1, 100))
def test_whatever_the_page_the_leads_are_the_same_and_as_many_as_were_counted(limit):
    taken = pages(limit=limit)

    assert all(1 <= len(page) <= limit for page in taken)
    assert [lead for page in pages() for lead in page] == [lead for page in taken for lead in page]
    assert imports_of(7, DAY, DAY)[0]["lead_count"] == sum(map(len, taken))


def test_a_full_import_takes_two_pages_of_a_hundred_at_most():
    assert [100, imports_of(7, DAY, DAY)[0]["lead_count"] - 100] == [len(page) for page in pages()]


def test_leads_read_as_the_webhooks_do():
    leads = [lead for page in pages() for lead in page]
    rows = event_rows("audience-labs", json.dumps({"event_type": "import.batch", "leads": leads}).encode())

    assert len(leads) == len({row["email"] for row in rows})
    for lead, row in zip(leads, rows, strict=True):
        assert lead["company_location"]["country"] == row["company_location_country"]
        assert lead["company_location"]["state"] == row["company_location_state"]
        assert row["email"].endswith(".example.com")
        assert all(row[name] for name in ("first_name", "last_name", "company_name", "company_industry"))


@pytest.mark.parametrize(
    "import_id", ["imp-20260303-1", "imp-20260230-1", "imp-20260302-3", "imp-20260302-1x", "imp-²0260302-1", "", "x"]
)
def test_what_is_no_import_is_not_found(import_id):
    assert 404 == status_of(import_id)


def test_a_running_import_has_no_leads_yet():
    assert 409 == status_of(RUNNING)


@pytest.mark.parametrize("cursor", ["", "100", "100.0", "-1.0", "٣.0", "9" * 5000, "\x00"])
def test_a_made_up_cursor_is_refused(cursor):
    assert 422 == status_of(cursor=cursor)


def test_another_imports_cursor_is_refused():
    _, cursor = leads_page(7, DONE, DAY, cursor=None, limit=100)

    assert 422 == status_of("imp-20260301-1", cursor)
