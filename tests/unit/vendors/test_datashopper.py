"""The company search's wire: what is asked, what is handed back, and what is not accepted."""

import json

import httpx
import pytest

from lead_pipeline.errors import VendorUnavailable
from lead_pipeline.vendors.datashopper import DataShopper


def asking(transport_to, body, seen=None):
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(200, content=body, headers={"X-Request-Id": "r-1"})

    transport = transport_to("", wire=httpx.MockTransport(handle))
    return DataShopper(transport, "http://datashopper.test/v1/", "shop-key")


def test_a_search_sends_its_parameters_the_cursor_and_the_key(transport_to):
    seen: list[httpx.Request] = []
    asking(transport_to, b'{"companies":[],"next_cursor":null}', seen).search({"topic": "crm"}, "c1")

    assert "http://datashopper.test/v1/companies/search" == str(seen[0].url)
    assert "Bearer shop-key" == seen[0].headers["Authorization"]
    assert {"topic": "crm", "cursor": "c1"} == json.loads(seen[0].content)


def test_a_page_keeps_the_exact_bytes_and_the_junk(transport_to):
    body = b'{"companies": [{"id":  1}, "junk", null], "next_cursor": "c2", "total": 3}'

    page = asking(transport_to, body).search({}, None)

    assert body == page.body
    assert [{"id": 1}, "junk", None] == page.companies
    assert "c2" == page.next_cursor
    assert "r-1" == page.headers["x-request-id"]


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ([], "not an object"),
        ({}, "companies is not a list"),
        ({"companies": {}}, "companies is not a list"),
        ({"companies": [], "next_cursor": 2}, "next_cursor is neither"),
        ({"companies": [], "next_cursor": ""}, "next_cursor is neither"),
        ({"companies": [], "next_cursor": "c1"}, "paging would never end"),
    ],
)
def test_an_answer_that_was_not_agreed_says_what_is_wrong(transport_to, answer, wrong):
    with pytest.raises(VendorUnavailable, match=f"answer is not what was agreed: .*{wrong}"):
        asking(transport_to, json.dumps(answer).encode()).search({}, "c1")
