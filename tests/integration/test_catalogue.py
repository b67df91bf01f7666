"""Categories, campaigns, buyers and suppliers over real HTTP: made, listed, read, changed and deleted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.catalogue import CAMPAIGN, CATEGORY, campaign_of, category_of, fields_at_fault, pages_of, told
from tests.integration.market import make_campaign, make_category, subscribe

pytestmark = pytest.mark.integration
LIKE_AN_ID = "01234567-89ab-4def-8123-456789abcdef"
NO_CURSORS = ("x", "WzEsMl0=", "é", "WyIyMDI2LTAxLTAxIiwgIngiXQ==")


@pytest.fixture
def seller(market):
    return market.seller()


def test_a_category_is_made_read_changed_replaced_and_deleted(market, seller):
    made = category_of(market, seller)
    assert ("life-insurance", "Life insurance", 1) == (made["slug"], made["name"], made["version"])
    assert CATEGORY["fields"] == made["fields"]
    for name in (made["id"], made["slug"], made["id"].upper()):
        assert made == told(market.call(seller, "GET", f"/api/categories/{name}"))
    path = f"/api/categories/{made['slug']}"
    changed = told(market.call(seller, "PATCH", path, {"name": "Life"}))
    assert {**made, "name": "Life", "version": 2} == changed, "the slug and the fields stay"
    replaced = told(market.call(seller, "PUT", path, {"name": "Term"}))
    assert {**made, "name": "Term", "fields": [], "version": 3} == replaced
    assert "life" == told(market.call(seller, "PATCH", path, {"slug": "life"}))["slug"]
    assert {"success": True} == market.call(seller, "DELETE", "/api/categories/life").json()
    assert [404, 404, 404] == [
        market.call(seller, method, f"/api/categories/{made['id']}", body).status_code
        for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None))
    ]
    assert "life" == category_of(market, seller, name="Life")["slug"], "its slug is free again"


def test_slugs_are_made_of_names_and_are_a_workspaces_own(market, seller):
    names = [
        "Überraschung & Größe!",
        "überraschung größe",
        "健康",
        "保険",
        "a" * 200,
        LIKE_AN_ID,
    ]
    slugs = [category_of(market, seller, name=name, fields=[])["slug"] for name in names]
    assert ["uberraschung-grosse", "uberraschung-grosse-2", "category", "category-2", "a" * 50, "category-3"] == slugs
    assert "category" == category_of(market, market.seller("Eve"), name="健康")["slug"]


def test_requests_at_once_for_one_slug_each_get_their_own(market, seller):
    with ThreadPoolExecutor(8) as at_once:
        slugs = list(at_once.map(lambda _: category_of(market, seller)["slug"], range(8)))
    assert {"life-insurance", *(f"life-insurance-{number}" for number in range(2, 9))} == set(slugs)


def test_a_slug_that_is_asked_for_is_given_or_refused(market, seller):
    assert "mine" == category_of(market, seller, slug="mine")["slug"]
    taken = market.call(seller, "POST", "/api/categories", {**CATEGORY, "slug": "mine"})
    assert (409, "Conflict") == (taken.status_code, taken.json()["title"])
    category_of(market, seller, slug="other")
    assert 409 == market.call(seller, "PATCH", "/api/categories/other", {"slug": "mine"}).status_code
    for slug in ("Mine", "a--b", "ä", "-a", LIKE_AN_ID):
        assert ["slug"] == fields_at_fault(market.call(seller, "PATCH", "/api/categories/other", {"slug": slug}))


def test_a_category_with_campaigns_is_not_deleted(market, seller):
    category_of(market, seller)
    campaign = campaign_of(market, seller)
    refused = market.call(seller, "DELETE", "/api/categories/life-insurance")
    assert (409, True) == (refused.status_code, "spring" in refused.json()["detail"])
    told_nothing = market.call(seller, "DELETE", f"/api/campaigns/{campaign['id']}")
    assert {"success": True} == told_nothing.json()
    assert 200 == market.call(seller, "DELETE", "/api/categories/life-insurance").status_code


def test_a_campaign_is_made_read_changed_replaced_and_deleted(market, seller):
    category = category_of(market, seller)
    made = campaign_of(market, seller)
    expected = {**CAMPAIGN, "categoryId": category["id"], "category": "life-insurance", "slug": "spring"}
    assert {**expected, "seed": None, "status": "ACTIVE", "currency": "USD", "version": 1}.items() <= made.items()
    path = f"/api/campaigns/{made['slug']}"
    changed = told(market.call(seller, "PATCH", path, {"pricePerLead": 30, "status": "PAUSED", "version": 1}))
    assert {**made, "pricePerLead": "30.00", "status": "PAUSED", "version": 2} == changed
    stale = market.call(seller, "PATCH", path, {"name": "Summer", "version": 1})
    assert (409, "Conflict") == (stale.status_code, stale.json()["title"])
    body = {**CAMPAIGN, "categoryId": category["id"], "name": "Summer", "pricePerLead": 0.5}
    replaced = told(market.call(seller, "PUT", path, body))
    assert {**made, "name": "Summer", "pricePerLead": "0.50", "version": 3} == replaced, "the slug stays"
    assert replaced == told(market.call(seller, "PATCH", path, {})), "nothing sent, nothing changed"
    assert 200 == market.call(seller, "DELETE", path).status_code
    assert [404, 404] == [market.call(seller, method, path).status_code for method in ("GET", "DELETE")]
    assert [(3,)] == market.rows("SELECT count(*) FROM market.versions WHERE kind = 'campaign' AND version < 4")
    assert [(seller.user_id,)] == market.rows("SELECT DISTINCT changed_by FROM market.versions")


def test_a_seed_is_for_weighted_round_robin_only(market, seller):
    category_of(market, seller)
    refused = market.call(seller, "POST", "/api/campaigns", {**CAMPAIGN, "seed": 7})
    assert ["seed"] == fields_at_fault(refused)
    campaign_of(market, seller, distributionLogic="WEIGHTED_ROUND_ROBIN", seed=-(2**63))
    path = "/api/campaigns/spring"
    assert ["seed"] == fields_at_fault(market.call(seller, "PATCH", path, {"distributionLogic": "WATERFALL"}))
    changed = told(market.call(seller, "PATCH", path, {"distributionLogic": "WATERFALL", "seed": None}))
    assert ("WATERFALL", None) == (changed["distributionLogic"], changed["seed"])


def test_amounts_have_the_decimals_of_the_sellers_currency(market):
    for currency, sent, answered in (("JPY", 2500.0, "2500"), ("KWD", "2.505", "2.505"), ("USD", 19.99, "19.99")):
        seller = market.seller(currency, currency=currency)
        category_of(market, seller)
        assert answered == campaign_of(market, seller, pricePerLead=sent)["pricePerLead"]
        refused = market.call(seller, "POST", "/api/campaigns", {**CAMPAIGN, "pricePerLead": "1.23456"})
        assert ["pricePerLead"] == fields_at_fault(refused)


def test_lists_come_in_pages_oldest_first_and_narrowed(market, seller):
    with market.connect() as conn:
        other = make_category(conn, seller.workspace_id, "other")
        slugs = [
            f"c{number}" for number in range(7)
            if make_campaign(conn, seller.workspace_id, slug=f"c{number}", status=("ACTIVE", "PAUSED")[number % 2],
                             category_id=other if number < 3 else None)
        ]  # fmt: skip
    pages = pages_of(market, seller, "/api/campaigns", "campaigns", 3)
    assert [3, 3, 1] == [len(page) for page in pages]
    assert slugs == [one["slug"] for page in pages for one in page]
    for query, expected in (("status=PAUSED", ["c1", "c3", "c5"]), ("categoryId=other", ["c0", "c1", "c2"])):
        [page] = pages_of(market, seller, f"/api/campaigns?{query}", "campaigns", 200)
        assert expected == [one["slug"] for one in page]
    assert 404 == market.call(seller, "GET", "/api/campaigns?categoryId=unknown").status_code
    assert [5] == [len(page) for page in pages_of(market, seller, "/api/categories", "categories", 200)]


def test_a_page_that_is_asked_for_wrongly_is_refused(market, seller):
    for query in ("limit=0", "limit=201", "limit=x", "status=x", *(f"cursor={cursor}" for cursor in NO_CURSORS)):
        assert 422 == market.call(seller, "GET", f"/api/campaigns?{query}").status_code, query


def test_a_buyer_is_made_read_changed_and_deleted_with_its_subscriptions(market, seller):
    body = {"name": "Bob", "email": "Bob@Shop.example", "priority": 9, "weeklyLimit": "100.00"}
    made = told(market.call(seller, "POST", "/api/buyers", body), 201)
    assert ("Bob@shop.example", 9, "100.00", None, "0.00", "ACTIVE") == tuple(
        made[name] for name in ("email", "priority", "weeklyLimit", "monthlyLimit", "balance", "status")
    )
    path = f"/api/buyers/{made['id']}"
    changed = told(market.call(seller, "PATCH", path, {"weeklyLimit": None, "monthlyLimit": 0, "status": "INACTIVE"}))
    assert (None, "0.00", "INACTIVE", 2) == tuple(
        changed[name] for name in ("weeklyLimit", "monthlyLimit", "status", "version")
    )
    assert [[changed]] == pages_of(market, seller, "/api/buyers?status=INACTIVE", "buyers", 9)
    assert 1 == told(market.call(seller, "PUT", path, {"name": "Bob"}))["priority"]
    with market.connect() as conn:
        subscription = subscribe(conn, make_campaign(conn, seller.workspace_id), made["id"])
    assert 200 == market.call(seller, "DELETE", path).status_code
    assert 404 == market.call(seller, "GET", path).status_code
    assert "CANCELLED" == told(market.call(seller, "GET", f"/api/subscriptions/{subscription}"))["status"]


def test_a_buyer_sees_itself_and_what_its_seller_offers(market, seller):
    category_of(market, seller)
    campaign_of(market, seller)
    bob, rival = market.buyer(seller, "Bob", balance_minor=1050), market.buyer(seller, "Rival")
    [[itself]] = pages_of(market, bob, "/api/buyers", "buyers", 9)
    assert (bob.buyer_id, "10.50") == (itself["id"], itself["balance"])
    assert 404 == market.call(bob, "GET", f"/api/buyers/{rival.buyer_id}").status_code
    assert "25.00" == told(market.call(bob, "GET", "/api/campaigns/spring"))["pricePerLead"]
    assert 200 == market.call(bob, "GET", "/api/categories").status_code
    for method, path in (("POST", "/api/buyers"), ("PATCH", f"/api/buyers/{bob.buyer_id}"),
                         ("DELETE", "/api/campaigns/spring"), ("PUT", "/api/categories/life-insurance"),
                         ("GET", "/api/suppliers"), ("POST", "/api/suppliers")):  # fmt: skip
        assert 403 == market.call(bob, method, path, {} if method != "GET" else None).status_code
    assert 401 == market.call(None, "GET", "/api/campaigns").status_code


def test_a_supplier_is_made_with_keys_that_work_until_they_are_ended(market, seller):
    category = category_of(market, seller)
    body = {"name": "Leads Ltd", "permittedCategories": ["life-insurance", category["id"]]}
    made = told(market.call(seller, "POST", "/api/suppliers", body), 201)
    assert (sorted(body["permittedCategories"]), "ACTIVE", 1) == tuple(
        made[name] for name in ("permittedCategories", "status", "version")
    )
    assert 409 == market.call(seller, "POST", "/api/suppliers", body).status_code
    path = f"/api/suppliers/{made['id']}"
    key = market.call(seller, "POST", f"{path}/keys", {"name": "their server"}).json()
    assert key["key"].startswith("sk_")
    [[listed]] = pages_of(market, seller, f"{path}/keys", "keys", 5)
    assert (key["keyId"], key["key"][:10], "their server", None) == tuple(
        listed[name] for name in ("id", "prefix", "name", "revokedAt")
    )
    assert key["key"] not in market.call(seller, "GET", f"{path}/keys").text

    def status_of(sent):
        return market.client.get("/api/leads/ingest/1", headers={"X-API-Key": sent}).status_code

    assert 404 == status_of(key["key"]), "known, and there is no such lead"
    assert "INACTIVE" == told(market.call(seller, "PATCH", path, {"status": "INACTIVE"}))["status"]
    assert 403 == status_of(key["key"])
    told(market.call(seller, "PATCH", path, {"status": "ACTIVE"}))
    assert 200 == market.call(seller, "DELETE", f"{path}/keys/{key['keyId']}").status_code
    assert 401 == status_of(key["key"])
    assert 404 == market.call(seller, "DELETE", f"{path}/keys/{made['id']}").status_code
    second = market.call(seller, "POST", f"{path}/keys", {}).json()["key"]
    assert 200 == market.call(seller, "DELETE", path).status_code
    assert (404, 401) == (market.call(seller, "GET", path).status_code, status_of(second))
    again = told(market.call(seller, "POST", "/api/suppliers", body), 201)
    assert made["id"] != again["id"], "a name is free again, and its history is not handed on"


def test_a_supplier_may_only_be_permitted_what_there_is(market, seller):
    refused = market.call(seller, "POST", "/api/suppliers", {"name": "L", "permittedCategories": ["life", "\x00", "ü"]})
    assert ["permittedCategories.1"] == fields_at_fault(refused)
    refused = market.call(seller, "POST", "/api/suppliers", {"name": "L", "permittedCategories": ["life", "ü"]})
    assert ["permittedCategories.0", "permittedCategories.1"] == fields_at_fault(refused)
