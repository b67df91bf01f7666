"""Subscriptions over real HTTP: by a seller, by a buyer of its own, in turn, at once, cancelled and begun again."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.catalogue import campaign_of, category_of, fields_at_fault, pages_of, told

pytestmark = pytest.mark.integration
SUBSCRIBE = "/api/campaigns/subscribe"
HOURS = [{"days": [1, 2], "from": "09:00", "to": "17:00"}]


@pytest.fixture
def seller(market):
    seller = market.seller()
    category_of(market, seller)
    campaign_of(market, seller)
    return seller


def test_a_buyer_subscribes_itself_with_the_documented_body(market, seller):
    bob = market.buyer(seller)
    body = {"campaignId": "spring", "dailyCap": 10, "states": ["California", "tx", "CA"], "waterfallPriority": 1}
    made = told(market.call(bob, "POST", SUBSCRIBE, body), 201)
    assert {
        "campaign": "spring", "buyerId": bob.buyer_id, "dailyCap": 10, "states": ["CA", "TX"], "waterfallPriority": 1,
        "weight": None, "target": None, "schedule": None, "status": "ACTIVE", "isReceiving": True, "because": None,
    }.items() <= made.items()  # fmt: skip
    again = market.call(bob, "POST", SUBSCRIBE, body)
    assert (409, True) == (again.status_code, "PATCH /api/subscriptions" in again.json()["detail"])
    path = f"/api/subscriptions/{made['id']}"
    changed = told(market.call(bob, "PATCH", path, {"schedule": HOURS, "dailyCap": None, "version": made["version"]}))
    assert (HOURS, None, ["CA", "TX"]) == (changed["schedule"], changed["dailyCap"], changed["states"])
    assert 409 == market.call(bob, "PATCH", path, {"dailyCap": 3, "version": made["version"]}).status_code


def test_weight_and_target_are_the_sellers_to_set(market, seller):
    bob = market.buyer(seller)
    refused = market.call(bob, "POST", SUBSCRIBE, {"campaignId": "spring", "weight": 10, "target": 5})
    assert ["weight", "target"] == fields_at_fault(refused)
    made = told(market.call(bob, "POST", SUBSCRIBE, {"campaignId": "spring"}), 201)
    path = f"/api/subscriptions/{made['id']}"
    told(market.call(seller, "PATCH", path, {"weight": 7, "target": 50}))
    kept = told(market.call(bob, "PUT", path, {"dailyCap": 1}))
    assert (7, 50, 1) == (kept["weight"], kept["target"], kept["dailyCap"])
    cleared = told(market.call(seller, "PUT", path, {"dailyCap": 1}))
    assert (None, None) == (cleared["weight"], cleared["target"])


def test_a_seller_names_the_buyer_and_a_buyer_no_other(market, seller):
    bob, rival = market.buyer(seller, "Bob"), market.buyer(seller, "Rival")
    assert ["buyerId"] == fields_at_fault(market.call(seller, "POST", SUBSCRIBE, {"campaignId": "spring"}))
    body = {"campaignId": "spring", "buyerId": bob.buyer_id}
    assert 404 == market.call(rival, "POST", SUBSCRIBE, body).status_code
    made = told(market.call(seller, "POST", SUBSCRIBE, body), 201)
    path = f"/api/subscriptions/{made['id']}"
    assert [404, 404, 404] == [
        market.call(rival, method, path, json).status_code
        for method, json in (("GET", None), ("PATCH", {}), ("DELETE", None))
    ]
    assert [[]] == pages_of(market, rival, "/api/subscriptions", "subscriptions", 9)
    assert [[made]] == pages_of(market, bob, "/api/subscriptions", "subscriptions", 9)
    assert 403 == market.call(market.supplier_user(seller), "GET", "/api/subscriptions").status_code


WRONG = {
    "states": ({"states": ["CA", "Bavaria", ""]}, ["states.1", "states.2"]),
    "states of a number": ({"states": [1]}, ["states.0"]),
    "a cap below none": ({"dailyCap": -1}, ["dailyCap"]),
    "a cap beyond counting": ({"dailyCap": 10**30}, ["dailyCap"]),
    "a cap of words": ({"dailyCap": "10"}, ["dailyCap"]),
    "a rank of zero": ({"waterfallPriority": 0}, ["waterfallPriority"]),
    "a weight of eleven": ({"weight": 11}, ["weight"]),
    "a target of none": ({"target": 0}, ["target"]),
    "a schedule of no hours": ({"schedule": [{"days": [8], "from": "09:00", "to": "17:00"}]}, ["schedule"]),
    "a schedule of words": ({"schedule": "always"}, ["schedule"]),
    "a status": ({"status": "CANCELLED"}, ["status"]),
    "an unknown field": ({"cap": 3}, ["cap"]),
    "a campaign that is none": ({"campaignId": 5}, ["campaignId"]),
}


def test_terms_that_are_wrong_are_refused_at_their_field(market, seller):
    body = {"campaignId": "spring", "buyerId": market.buyer(seller).buyer_id}
    for name, (changes, fields) in WRONG.items():
        answer = market.call(seller, "POST", SUBSCRIBE, {**body, **changes})
        assert (name, fields) == (name, fields_at_fault(answer))
    assert 0 == market.one("SELECT count(*) FROM market.campaign_subscriptions")


def test_states_are_chosen_only_where_the_campaign_lets_them(market, seller):
    campaign_of(market, seller, name="Everywhere", allowStateSelection=False)
    bob = market.buyer(seller)
    refused = market.call(bob, "POST", SUBSCRIBE, {"campaignId": "everywhere", "states": ["CA"]})
    assert ["states"] == fields_at_fault(refused)
    assert [] == told(market.call(bob, "POST", SUBSCRIBE, {"campaignId": "everywhere", "states": []}), 201)["states"]


def test_who_receives_nothing_sees_why(market, seller):
    bob = market.buyer(seller)
    path = f"/api/subscriptions/{told(market.call(bob, 'POST', SUBSCRIBE, {'campaignId': 'spring'}), 201)['id']}"

    def why(change, body):
        told(market.call(seller, "PATCH", change, body))
        return told(market.call(bob, "GET", path))["because"]

    assert "the campaign is PAUSED" == why("/api/campaigns/spring", {"status": "PAUSED"})
    assert "the buyer is INACTIVE" == why(f"/api/buyers/{bob.buyer_id}", {"status": "INACTIVE"})
    assert "the subscription is PAUSED" == why(path, {"status": "PAUSED"})
    assert "INACTIVE" == told(market.call(bob, "GET", f"/api/buyers/{bob.buyer_id}"))["status"]


def test_one_that_was_cancelled_begins_again_in_its_old_place(market, seller):
    bob, rival = market.buyer(seller, "Bob"), market.buyer(seller, "Rival")
    first = told(market.call(bob, "POST", SUBSCRIBE, {"campaignId": "spring", "dailyCap": 5}), 201)
    told(market.call(rival, "POST", SUBSCRIBE, {"campaignId": "spring"}), 201)
    path = f"/api/subscriptions/{first['id']}"
    assert {"success": True} == market.call(bob, "DELETE", path).json()
    assert 409 == market.call(bob, "PATCH", path, {"dailyCap": 1}).status_code
    assert [[]] == pages_of(market, bob, "/api/subscriptions", "subscriptions", 9)
    [[cancelled]] = pages_of(market, bob, "/api/subscriptions?status=CANCELLED", "subscriptions", 9)
    assert first["id"] == cancelled["id"]
    again = told(market.call(bob, "POST", SUBSCRIBE, {"campaignId": "spring"}), 201)
    assert (first["id"], "ACTIVE", None) == (again["id"], again["status"], again["dailyCap"])
    assert [(1,), (2,)] == market.rows("SELECT position FROM market.campaign_subscriptions ORDER BY created_at")


def test_buyers_that_subscribe_at_once_each_get_a_place(market, seller):
    buyers = [market.buyer(seller, f"B{number}") for number in range(6)]
    with ThreadPoolExecutor(12) as at_once:
        calls = [at_once.submit(market.call, one, "POST", SUBSCRIBE, {"campaignId": "spring"}) for one in buyers * 2]
        statuses = sorted(call.result().status_code for call in calls)
    assert [201] * 6 + [409] * 6 == statuses
    assert [(number,) for number in range(1, 7)] == market.rows(
        "SELECT position FROM market.campaign_subscriptions ORDER BY position"
    )
