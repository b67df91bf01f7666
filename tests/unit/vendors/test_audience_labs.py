"""Audience Labs' wire: the imports of a day, their pages, and what is not accepted."""

import datetime as dt
import json

import httpx
import pytest

from lead_pipeline.errors import PermanentError, VendorUnavailable
from lead_pipeline.vendors.audience_labs import AudienceLabs, BulkImport, LeadsPage, read_leads_page

DAY = dt.date(2026, 3, 2)
DONE = {"id": "imp-1", "workspace_id": "seller", "status": "completed", "lead_count": 120}


def asking(transport_to, answer, seen=None):
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(200, content=json.dumps(answer).encode())

    return AudienceLabs(transport_to("", wire=httpx.MockTransport(handle)), "http://al.test/v1/", "al-key")


def test_the_imports_of_a_day_are_asked_for_by_its_date(transport_to):
    seen: list[httpx.Request] = []
    running = {"id": 5, "workspace_id": None, "status": "running"}
    answer = asking(transport_to, {"imports": [DONE, running]}, seen).imports(DAY)

    assert [
        BulkImport("imp-1", "seller", "completed", 120),
        BulkImport("5", None, "running", None),
    ] == answer.imports
    assert json.dumps({"imports": [DONE, running]}).encode() == answer.body
    assert ("GET", "http://al.test/v1/imports?created_on=2026-03-02") == (seen[0].method, str(seen[0].url))
    assert "Bearer al-key" == seen[0].headers["Authorization"]


@pytest.mark.parametrize(
    "answer",
    [
        [], {}, {"imports": {}}, {"imports": ["imp-1"]}, {"imports": [{**DONE, "id": None}]},
        {"imports": [{**DONE, "id": ".."}]}, {"imports": [{**DONE, "id": " "}]}, {"imports": [{**DONE, "status": " "}]},
        {"imports": [{**DONE, "status": 1}]}, {"imports": [{**DONE, "lead_count": "120"}]},
        {"imports": [{**DONE, "lead_count": -1}]}, {"imports": [{**DONE, "lead_count": True}]},
        {"imports": [{**DONE, "workspace_id": ["seller"]}]},
    ],
)  # fmt: skip
def test_imports_that_were_not_agreed_are_not_accepted(transport_to, answer):
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed"):
        asking(transport_to, answer).imports(DAY)


def test_leads_are_paged_and_come_as_they_were_sent_junk_included(transport_to):
    seen: list[httpx.Request] = []
    sent = {"leads": [{"email": "ana@example.com"}, None, "junk"], "next_cursor": "c2"}
    labs = asking(transport_to, sent, seen)

    page = labs.leads("imp-1", None)
    assert LeadsPage(json.dumps(sent).encode(), sent["leads"], "c2") == page == read_leads_page(page.body)
    labs.leads("a/b", "c 1&limit=9")
    assert "http://al.test/v1/imports/imp-1/leads?limit=100" == str(seen[0].url)
    assert b"/v1/imports/a%2Fb/leads?limit=100&cursor=c+1%26limit%3D9" == seen[1].url.raw_path


def test_paging_that_would_never_end_is_not_accepted(transport_to):
    with pytest.raises(VendorUnavailable, match="paging would never end"):
        asking(transport_to, {"leads": [], "next_cursor": "c1"}).leads("imp-1", "c1")


@pytest.mark.parametrize(
    "answer",
    [[], {}, {"leads": {}}, {"leads": None}, *({"leads": [], "next_cursor": cursor} for cursor in ("", 5, "\ud800"))],
)
def test_a_page_that_was_not_agreed_is_not_accepted(answer):
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed"):
        read_leads_page(json.dumps(answer).encode())


@pytest.mark.parametrize("import_id", ["", "..", " "])
def test_what_can_be_no_id_is_not_asked_for(transport_to, import_id):
    with pytest.raises(PermanentError, match="no id"):
        asking(transport_to, {}).leads(import_id, None)


def test_no_repr_holds_a_lead():
    assert "ana" not in repr(read_leads_page(b'{"leads": [{"email": "ana@example.com"}]}'))
