"""What the catalogue refuses, on purpose: wrong types, huge numbers, NaN, unknown fields, other workspaces' ids."""

from uuid import uuid4

import pytest

from tests.integration.catalogue import CAMPAIGN, CATEGORY, campaign_of, category_of, fields_at_fault
from tests.integration.market import make_buyer, make_campaign, make_category, subscribe

pytestmark = pytest.mark.integration
BUYER, SUPPLIER = {"name": "Bob"}, {"name": "Leads Ltd"}
PRICED = b'{"categoryId":"c","name":"x","distributionLogic":"BROADCAST","pricePerLead":%b}'
DEEP = b'{"name":' + b"[" * 50_000
WRONG = {
    "no JSON": ("categories", b"{", [""]),
    "no UTF-8": ("categories", b'{"name":"\xff"}', [""]),
    "half a character": ("categories", b'{"name":"\\ud800"}', [""]),
    "nested without end": ("categories", DEEP, [""]),
    "a list": ("categories", [], [""]),
    "nothing": ("categories", {}, ["name"]),
    "an unknown field": ("categories", {**CATEGORY, "nmae": "x"}, ["nmae"]),
    "a name of blanks": ("categories", {"name": "  "}, ["name"]),
    "a name with a NUL": ("categories", {"name": "a\x00b"}, ["name"]),
    "a name without end": ("categories", {"name": "x" * 201}, ["name"]),
    "a name that is a number": ("categories", {"name": 5}, ["name"]),
    "fields that are no list": ("categories", {"name": "x", "fields": {}}, ["fields"]),
    "a field name twice": (
        "categories",
        {"name": "x", "fields": [{"name": "a", "type": "text"}, {"name": "a", "type": "text"}]},
        ["fields.1.name"],
    ),
    "select without options": (
        "categories",
        {"name": "x", "fields": [{"name": "a", "type": "select"}]},
        ["fields.0.options"],
    ),
    "min over max": (
        "categories",
        {"name": "x", "fields": [{"name": "a", "type": "number", "min": 2, "max": 1}]},
        ["fields.0.min"],
    ),
    "NaN in a bound": (
        "categories",
        b'{"name":"x","fields":[{"name":"a","type":"number","min":NaN}]}',
        ["fields.0.min"],
    ),
    "everything missing": ("campaigns", {}, ["categoryId", "name", "pricePerLead", "distributionLogic"]),
    "a price of NaN": ("campaigns", PRICED % b"NaN", ["pricePerLead"]),
    "a price beyond numbers": ("campaigns", PRICED % b"1e999", ["pricePerLead"]),
    "a price of words": ("campaigns", {**CAMPAIGN, "pricePerLead": "a lot"}, ["pricePerLead"]),
    "a price of nothing": ("campaigns", {**CAMPAIGN, "pricePerLead": "0.00"}, ["pricePerLead"]),
    "a price below nothing": ("campaigns", {**CAMPAIGN, "pricePerLead": -1}, ["pricePerLead"]),
    "a price of many decimals": ("campaigns", {**CAMPAIGN, "pricePerLead": 1.005}, ["pricePerLead"]),
    "a price without end": ("campaigns", {**CAMPAIGN, "pricePerLead": 10**39}, ["pricePerLead"]),
    "a price that is true": ("campaigns", {**CAMPAIGN, "pricePerLead": True}, ["pricePerLead"]),
    "a logic that there is none of": ("campaigns", {**CAMPAIGN, "distributionLogic": "BEST"}, ["distributionLogic"]),
    "a switch that is a word": ("campaigns", {**CAMPAIGN, "allowStateSelection": "yes"}, ["allowStateSelection"]),
    "a seed beyond 64 bits": ("campaigns", {**CAMPAIGN, "seed": 2**63}, ["seed"]),
    "a status that there is none of": ("campaigns", {**CAMPAIGN, "status": "DELETED"}, ["status"]),
    "a version of zero": ("campaigns", {**CAMPAIGN, "version": 0}, ["version"]),
    "a priority of eleven": ("buyers", {**BUYER, "priority": 11}, ["priority"]),
    "a priority of a fraction": ("buyers", {**BUYER, "priority": 1.5}, ["priority"]),
    "an address that is none": ("buyers", {**BUYER, "email": "not-an-address"}, ["email"]),
    "limits that are none": (
        "buyers",
        {**BUYER, "weeklyLimit": "x", "monthlyLimit": -1},
        ["weeklyLimit", "monthlyLimit"],
    ),
    "a limit that is huge": ("buyers", {**BUYER, "weeklyLimit": "1" + "0" * 20}, ["weeklyLimit"]),
    "categories that are numbers": ("suppliers", {**SUPPLIER, "permittedCategories": [1]}, ["permittedCategories.0"]),
    "a status of a supplier": ("suppliers", {**SUPPLIER, "status": "PAUSED"}, ["status"]),
}


@pytest.fixture
def seller(market):
    return market.seller()


def test_what_is_wrong_is_refused_at_its_field_and_nothing_is_made(market, seller):
    """One database for all of them: what is wrong leaves nothing behind."""
    for name, (path, body, fields) in WRONG.items():
        given = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = market.client.post(f"/api/{path}", headers={"Authorization": f"Bearer {seller.token}"}, **given)
        assert (name, fields) == (name, list(dict.fromkeys(fields_at_fault(answer))))
    for table in ("categories", "campaigns", "buyers", "suppliers"):
        assert 0 == market.one(f"SELECT count(*) FROM market.{table}")


def test_a_field_of_a_patch_may_be_absent_but_not_null(market, seller):
    category_of(market, seller)
    campaign_of(market, seller)
    path = "/api/campaigns/spring"
    for field in ("name", "pricePerLead", "distributionLogic", "allowStateSelection", "status", "categoryId"):
        assert [field] == fields_at_fault(market.call(seller, "PATCH", path, {field: None}))
    assert ["slug"] == fields_at_fault(market.call(seller, "PATCH", path, {"slug": "x"}))
    assert 404 == market.call(seller, "PATCH", path, {"categoryId": str(uuid4())}).status_code


@pytest.mark.parametrize("name", ["%00", "%20", "é", "x" * 300, "'", "00000000-0000-0000-0000-000000000000"])
def test_what_can_be_nobodys_id_or_slug_is_not_found(market, seller, name):
    for path in ("categories", "campaigns", "buyers", "suppliers", "subscriptions"):
        assert 404 == market.call(seller, "GET", f"/api/{path}/{name}").status_code, path
    assert 404 == market.call(seller, "GET", f"/api/leads?campaignId={name}").status_code
    assert 404 == market.call(seller, "POST", f"/api/notifications/{name}/read").status_code


def test_another_workspaces_ids_are_not_there_for_anything(market, seller):
    eve = market.seller("Eve")
    with market.connect() as conn:
        category = make_category(conn, eve.workspace_id, "hers")
        campaign = make_campaign(conn, eve.workspace_id, slug="hers")
        buyer = make_buyer(conn, eve.workspace_id)
        subscription = subscribe(conn, campaign, buyer)
    supplier = market.suppliers[market.supplier(eve)]
    things = {
        "categories": category,
        "campaigns": campaign,
        "buyers": buyer,
        "subscriptions": subscription,
        "suppliers": supplier,
    }
    for path, thing in things.items():
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            assert 404 == market.call(seller, method, f"/api/{path}/{thing}", body).status_code, (method, path)
    category_of(market, seller)
    own = campaign_of(market, seller)
    mine = market.buyer(seller)
    for method, path, body in (
        ("GET", "/api/categories/hers", None),
        ("POST", "/api/campaigns", {**CAMPAIGN, "categoryId": category}),
        ("POST", "/api/campaigns", {**CAMPAIGN, "categoryId": "hers"}),
        ("PATCH", f"/api/campaigns/{own['id']}", {"categoryId": category}),
        ("POST", "/api/campaigns/subscribe", {"campaignId": campaign, "buyerId": mine.buyer_id}),
        ("POST", "/api/campaigns/subscribe", {"campaignId": own["id"], "buyerId": buyer}),
        ("GET", f"/api/subscriptions?campaignId={campaign}", None),
        ("GET", f"/api/subscriptions?buyerId={buyer}", None),
        ("POST", f"/api/suppliers/{supplier}/keys", {}),
        ("GET", f"/api/suppliers/{supplier}/keys", None),
        ("GET", f"/api/suppliers/{supplier}/deliveries", None),
        ("GET", f"/api/leads?campaignId={campaign}", None),
        ("GET", f"/api/leads?buyerId={buyer}", None),
        ("GET", f"/api/leads?supplierId={supplier}", None),
    ):
        assert 404 == market.call(seller, method, path, body).status_code, (method, path)
    assert 404 == market.call(mine, "POST", "/api/campaigns/subscribe", {"campaignId": "hers"}).status_code
    refused = market.call(seller, "POST", "/api/suppliers", {"name": "L", "permittedCategories": [category]})
    assert ["permittedCategories.0"] == fields_at_fault(refused)
    assert [(1,)] == market.rows("SELECT count(*) FROM market.campaign_subscriptions")
