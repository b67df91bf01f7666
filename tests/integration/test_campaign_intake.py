"""Suppliers' leads into a seller's campaigns, live over HTTP: every answer there is, and what is stored behind it."""

from dataclasses import dataclass
from typing import Any

import pytest

from lead_pipeline.steps.verify_ledger import verify
from tests.integration.market import Market, Person, make_campaign, make_category, subscribe

pytestmark = pytest.mark.integration
FIELDS = [
    {"name": "age", "type": "number", "required": True, "min": 18, "max": 120},
    {"name": "coverage", "type": "select", "options": ["term", "whole"]},
]
DATA = {"firstName": "John", "lastName": "Doe", "email": "john@doe-family.com", "phone": "+1 415 555 0132", "age": 35}


@dataclass
class Offer:
    """A seller with one campaign, and the key of a supplier of its category."""

    market: Market
    seller: Person
    category: str
    campaign: str
    key: str

    def lead(self, number=0, /, **changes):
        data = {**DATA, **({"email": f"p{number}@firm{number}.com"} if number else {})}
        made = {"campaignId": "life", "categoryId": "life-insurance", "state": "CA", "quality": "HOT", "data": data}
        return {**made, **changes}

    def send(self, lead=None, *, key=None, **more):
        return self.market.ingest(key or self.key, lead or self.lead(), **more)

    def buyer(self, name, balance_minor=10_000, **subscription):
        bought = self.market.buyer(self.seller, name, balance_minor=balance_minor)
        with self.market.connect() as conn:
            subscribe(conn, self.campaign, bought.buyer_id, **subscription)
        return bought

    def change(self, statement, *parameters):
        with self.market.connect() as conn:
            conn.execute(statement, parameters)


@pytest.fixture
def offer(market: Market) -> Offer:
    seller = market.seller("Ada")
    with market.connect() as conn:
        category = make_category(conn, seller.workspace_id, "life-insurance", FIELDS)
        campaign = make_campaign(
            conn, seller.workspace_id, slug="life", category_id=category, allow_state_selection=True
        )
    return Offer(market, seller, category, campaign, market.supplier(seller, categories=["life-insurance"]))


def told(answer: Any) -> tuple[Any, ...]:
    body = answer.json()
    return answer.status_code, body["status"], body["outcome"], [sale["buyer"] for sale in body["assignments"]]


def test_a_lead_is_scored_sold_and_charged_when_the_answer_comes(offer):
    bob = offer.buyer("Bob", states=["CA"])
    answer = offer.send()
    assert (201, "accepted", "assigned", ["Bob"]) == told(answer), answer.text
    body = answer.json()
    [sale] = body["assignments"]
    assert (bob.buyer_id, "25.00") == (sale["buyerId"], sale["price"])
    assert sale["reason"]
    [(subscription,)] = offer.market.rows("SELECT subscription_id::text FROM market.campaign_subscriptions")
    assert subscription == sale["subscriptionId"]
    [(campaign, category, supplier, state, claimed, score, parts, outcome)] = offer.market.rows(
        "SELECT campaign_id::text, category_id::text, supplier_id::text, state, supplier_quality, lead_score, "
        "score_parts, outcome FROM market.campaign_leads WHERE lead_id = %s", body["leadId"]
    )  # fmt: skip
    assert (offer.campaign, offer.category, offer.market.suppliers[offer.key]) == (campaign, category, supplier)
    assert ("CA", "HOT", "assigned") == (state, claimed, outcome)
    assert body["leadScore"] == score == sum(parts.values())
    assert 10 == parts["history"], "a new supplier is neutral"
    assert 7_500 == offer.market.one("SELECT balance_minor FROM market.ledger_accounts WHERE kind = 'wallet'")
    assert {"age": 35}.items() <= offer.market.one("SELECT attributes FROM core.leads").items()
    status = offer.market.client.get(f"/api/leads/ingest/{body['dropId']}", headers={"X-API-Key": offer.key}).json()
    assert [body[name] for name in ("outcome", "assignments", "leadScore", "leadId")] == [
        status[name] for name in ("outcome", "assignments", "leadScore", "leadId")
    ]
    verify(offer.market.database.url)


@pytest.mark.parametrize("names", [("campaign", "category"), ("life", "category"), ("campaign", "life-insurance")])
def test_campaign_and_category_are_named_by_id_or_by_slug(offer, names):
    offer.buyer("Bob")
    campaign, category = (getattr(offer, name, name) for name in names)
    assert (201, "accepted", "assigned", ["Bob"]) == told(
        offer.send(offer.lead(campaignId=campaign, categoryId=category))
    )


@pytest.mark.parametrize("permitted", ["slug", "id"])
def test_a_category_is_permitted_by_id_or_by_slug(offer, permitted):
    category = "life-insurance" if permitted == "slug" else offer.category
    key = offer.market.supplier(offer.seller, "Other", categories=[category])
    for named in ("life-insurance", offer.category):
        assert 201 == offer.send(offer.lead(hash(named) % 999 + 1, categoryId=named), key=key).status_code
    nobody = offer.market.supplier(offer.seller, "Nobody", categories=["auto"])
    refused = offer.send(key=nobody)
    assert 403 == refused.status_code
    assert "may send to: auto" in refused.json()["detail"]


def test_a_broadcast_names_every_buyer_with_its_own_charge(offer):
    offer.change("UPDATE market.campaigns SET distribution_logic = 'BROADCAST'")
    for name, balance in (("Bob", 10_000), ("Eve", 10_000), ("Poor", 100)):
        offer.buyer(name, balance)
    assert (201, "accepted", "assigned", ["Bob", "Eve"]) == told(offer.send())
    assert 5_000 == offer.market.one("SELECT balance_minor FROM market.ledger_accounts WHERE kind = 'revenue'")


def test_a_lead_that_is_known_is_sold_once_and_its_buyers_are_its_own_suppliers_business(offer):
    offer.buyer("Bob")
    first = offer.send().json()
    again = offer.send()
    assert (200, "duplicate", "assigned", ["Bob"]) == told(again), "the same request: the same answer"
    assert [first[name] for name in ("leadId", "leadScore", "dropId")] == [
        again.json()[name] for name in ("leadId", "leadScore", "dropId")
    ]
    rival = offer.send(key=offer.market.supplier(offer.seller, "Rival", categories=["life-insurance"]))
    assert (200, "duplicate", "assigned", []) == told(rival)
    assert (first["leadId"], None) == (rival.json()["leadId"], rival.json()["leadScore"])
    assert [(1, 1)] == offer.market.rows(
        "SELECT (SELECT count(*) FROM core.lead_assignments WHERE destination_kind = 'buyer'), "
        "(SELECT count(*) FROM market.ledger_entries WHERE kind = 'charge')"
    )
    verify(offer.market.database.url)


def test_a_lead_that_nobody_gets_is_kept_and_told_why_in_words(offer):
    assert (201, "accepted", "nobody_eligible", []) == told(answer := offer.send(offer.lead(1)))
    assert "offered again" in answer.json()["reason"]
    offer.buyer("Elsewhere", states=["NY"])
    assert (201, "accepted", "nobody_eligible", []) == told(offer.send(offer.lead(2)))
    offer.buyer("Poor", 100)
    assert (201, "accepted", "everybody_refused", []) == told(answer := offer.send(offer.lead(3)))
    assert "wallet" in answer.json()["reason"]
    offer.change("UPDATE market.campaigns SET status = 'PAUSED'")
    assert (201, "accepted", "campaign_paused", []) == told(answer := offer.send(offer.lead(4)))
    assert "paused" in answer.json()["reason"]
    assert answer.json()["leadScore"] > 0
    assert 0 == offer.market.one("SELECT count(*) FROM market.ledger_entries WHERE kind = 'charge'")


WRONG = {
    "a campaign that there is none of": ({"campaignId": "moon"}, ["campaignId"]),
    "a category that there is none of": ({"categoryId": "moon"}, ["categoryId"]),
    "neither of them there": ({"campaignId": "x", "categoryId": "y"}, ["campaignId", "categoryId"]),
    "an id of nothing": ({"campaignId": "00000000-0000-4000-8000-000000000000"}, ["campaignId"]),
    "a category of another campaign": ({"categoryId": "auto"}, ["categoryId"]),
    "a required field that is missing": ({"data": {"email": "a@b.com"}}, ["data.age"]),
    "a field out of its bounds": ({"data": {**DATA, "age": 12}}, ["data.age"]),
    "two fields": ({"data": {**DATA, "age": "old", "coverage": "none"}}, ["data.age", "data.coverage"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_seller_does_not_take_is_refused_by_its_field_and_nothing_is_kept(offer, name):
    changes, fields = WRONG[name]
    with offer.market.connect() as conn:
        make_category(conn, offer.seller.workspace_id, "auto")
    key = offer.market.supplier(offer.seller, "Both", categories=["life-insurance", "auto"])
    answer = offer.send(offer.lead(**changes), key=key)
    assert 422 == answer.status_code, answer.text
    assert fields == [error["field"] for error in answer.json()["errors"]]
    assert 0 == offer.market.one("SELECT count(*) FROM raw.drops")


def test_what_was_deleted_or_is_another_sellers_is_not_there(offer):
    other = offer.market.seller("Zoe")
    with offer.market.connect() as conn:
        theirs = make_campaign(conn, other.workspace_id, slug="theirs")
    assert ["campaignId"] == [one["field"] for one in offer.send(offer.lead(campaignId=theirs)).json()["errors"]]
    offer.change("UPDATE market.campaigns SET deleted_at = now()")
    assert ["campaignId"] == [one["field"] for one in offer.send().json()["errors"]]
    with offer.market.connect() as conn:
        make_campaign(conn, offer.seller.workspace_id, slug="life", category_id=offer.category)
    assert 201 == offer.send().status_code, "a new one of the same name"


def test_a_workspace_that_sells_nothing_has_its_leads_routed_as_ever(offer):
    offer.change("DELETE FROM market.campaigns")
    offer.change("DELETE FROM market.categories")
    offer.change("DELETE FROM core.sessions")
    with offer.market.connect() as conn:
        conn.execute("ALTER TABLE market.ledger_accounts DISABLE TRIGGER ALL")
        conn.execute("DELETE FROM market.ledger_accounts")
        conn.execute("DELETE FROM market.sellers")
    answer = offer.send(offer.lead(campaignId="anything"))
    assert (201, "accepted", None, []) == told(answer), answer.text
    assert (offer.seller.slug, None) == (answer.json()["assignedTo"], answer.json()["leadScore"])
    assert 0 == offer.market.one("SELECT count(*) FROM market.campaign_leads")


def test_a_suppliers_bad_days_lower_the_scores_of_later_days_and_not_of_the_same_one(offer):
    before = offer.send(offer.lead(1)).json()["leadScore"]
    for number in range(30):
        offer.send(offer.lead(data={**DATA, "email": "no-at-sign"}), event=f"bad-{number}")
    rows = "SELECT accepted, duplicate, refused FROM market.supplier_days"
    assert [(1, 0, 30)] == offer.market.rows(rows)
    assert before == offer.send(offer.lead(2)).json()["leadScore"]
    offer.change("UPDATE market.supplier_days SET day = day - 1")
    assert before - 5 == offer.send(offer.lead(3)).json()["leadScore"], "(2 + 10) / (32 + 20) of 20 points, not 10"
