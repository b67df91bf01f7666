"""Texts to leads over HTTP: kept, versioned, filled with a lead to look at, and nobody else's business."""

import datetime as dt

import pytest

from tests.integration.market import insert, open_market

pytestmark = pytest.mark.integration
NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
PATH = "/api/email-templates"
HELLO = {
    "name": "Hello",
    "subject": "A question about {{ company_name | default('your firm') }}",
    "body": "Hi {{ first_name }},\n\nmay I call you?\n\n{{ sender_name }}",
}


@pytest.fixture
def market(database, tmp_path):
    with open_market(database, tmp_path, now=NOW) as opened:
        yield opened


def make_lead(market, seller, number=1, **columns):
    lead_id = f"00000000-0000-7000-8000-{number:012d}"
    with market.connect() as conn:
        insert(
            conn, "core.leads", "lead_id", lead_id=lead_id, workspace_id=seller.workspace_id, drop_id=1, row_no=number,
            fingerprint=lead_id, type="INDIVIDUAL", country_inferred=False, received_at=NOW, day=NOW.date(), flags=[],
            **columns,
        )  # fmt: skip
    return lead_id


def made(market, person, **changes):
    answer = market.call(person, "POST", PATH, {**HELLO, **changes})
    assert 201 == answer.status_code, answer.text
    return answer.json()["template"]


def previewed(market, person, template, lead_id):
    return market.call(person, "POST", f"{PATH}/{template['id']}/preview", {"leadId": lead_id})


def test_a_text_is_made_read_replaced_listed_and_deleted(market):
    seller = market.seller()
    text = made(market, seller)
    path = f"{PATH}/{text['id']}"
    assert {**HELLO, "id": text["id"], "version": 1, "updatedAt": "2026-03-02T12:00:00Z"} == text
    changed = market.call(seller, "PUT", path, {**HELLO, "body": "Bye", "version": 1})
    assert (2, "Bye") == tuple(changed.json()["template"][name] for name in ("version", "body"))
    assert 409 == market.call(seller, "PUT", path, {**HELLO, "version": 1}).status_code
    second = made(market, seller, name="Second")
    pages = market.call(seller, "GET", f"{PATH}?limit=1").json()
    rest = market.call(seller, "GET", f"{PATH}?cursor={pages['nextCursor']}").json()
    assert {text["id"], second["id"]} == {one["id"] for page in (pages, rest) for one in page["templates"]}
    assert 200 == market.call(seller, "DELETE", path).status_code
    assert 404 == market.call(seller, "GET", path).status_code
    assert 404 == market.call(seller, "DELETE", path).status_code
    assert [second["id"]] == [one["id"] for one in market.call(seller, "GET", PATH).json()["templates"]]


def test_a_name_is_taken_once_in_a_workspace_and_free_again_after_its_text_is_deleted(market):
    seller = market.seller()
    text = made(market, seller)
    assert 409 == market.call(seller, "POST", PATH, HELLO).status_code
    other = made(market, seller, name="Other")
    assert 409 == market.call(seller, "PUT", f"{PATH}/{other['id']}", HELLO).status_code
    made(market, market.seller("Bea"))
    market.call(seller, "DELETE", f"{PATH}/{text['id']}")
    made(market, seller)


def test_whatever_is_wrong_with_a_text_is_named_by_its_field_when_it_is_saved(market):
    seller = market.seller()
    faulty = {"name": "x", "subject": "{{ frist_name }}", "body": "{{ ''.__class__.__mro__ }}"}
    answer = market.call(seller, "POST", PATH, faulty)
    assert 422 == answer.status_code
    assert {"subject", "body"} == {one["field"] for one in answer.json()["errors"]}
    assert "no variable frist_name" in answer.text
    text = made(market, seller)
    assert 422 == market.call(seller, "PUT", f"{PATH}/{text['id']}", faulty).status_code
    for field, value in (("subject", "x" * 201), ("body", "x" * 10_001), ("body", ""), ("name", ""), ("body", "\x00")):
        assert 422 == market.call(seller, "POST", PATH, {**HELLO, "name": "n", field: value}).status_code, field
    assert 1 == market.one("SELECT count(*) FROM outbound.email_templates")


def test_a_preview_is_the_email_that_the_lead_would_get_and_sends_nothing(market):
    seller = market.seller("Ada")
    lead = make_lead(market, seller, first_name="Jane<script>", company_name="Roofs & Co", email="jane@x.example")
    answer = previewed(market, seller, made(market, seller), lead)
    assert 200 == answer.status_code, answer.text
    mail = answer.json()
    assert "A question about Roofs & Co" == mail["subject"]
    assert mail["text"].startswith("Hi Jane<script>,\n\nmay I call you?")
    assert "Jane&lt;script&gt;" in mail["html"]
    assert "<script" not in mail["html"]
    assert 0 == market.one("SELECT count(*) FROM outbound.deliveries")


def test_a_preview_names_the_field_that_the_lead_lacks(market):
    seller = market.seller()
    answer = previewed(market, seller, made(market, seller), make_lead(market, seller, company_name="Roofs"))
    assert 422 == answer.status_code
    [fault] = answer.json()["errors"]
    assert "body" == fault["field"]
    assert "'first_name' is undefined: this lead has none" in fault["message"]


def test_texts_and_leads_of_another_workspace_are_not_there(market):
    ours, theirs = market.seller("Ada"), market.seller("Bea")
    text, their_text = made(market, ours), made(market, theirs)
    their_lead = make_lead(market, theirs, first_name="Secret")
    path = f"{PATH}/{their_text['id']}"
    assert 404 == previewed(market, ours, text, their_lead).status_code
    assert 404 == previewed(market, ours, their_text, their_lead).status_code
    assert 404 == previewed(market, ours, text, "no id").status_code
    for method, body in (("GET", None), ("PUT", HELLO), ("DELETE", None)):
        assert 404 == market.call(ours, method, path, body).status_code
    assert [text["id"]] == [one["id"] for one in market.call(ours, "GET", PATH).json()["templates"]]
    assert 1 == market.call(theirs, "GET", path).json()["template"]["version"]


def test_a_lead_whose_personal_data_is_gone_is_no_lead_to_write_to(market):
    seller = market.seller()
    lead = make_lead(market, seller)
    assert 404 == previewed(market, seller, made(market, seller), lead).status_code


def test_only_sellers_have_texts(market):
    seller = market.seller()
    for person in (market.buyer(seller), market.supplier_user(seller)):
        assert 403 == market.call(person, "GET", PATH).status_code
        assert 403 == market.call(person, "POST", PATH, HELLO).status_code
    assert 401 == market.call(None, "GET", PATH).status_code
