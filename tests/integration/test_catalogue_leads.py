"""Leads, candidates and notifications over real HTTP: what a seller, a buyer and a supplier see of the same sale."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from lead_pipeline.steps.move_money import refund
from tests.integration.catalogue import fields_at_fault, pages_of, told
from tests.integration.market import insert, make_campaign, subscribe
from tests.integration.selling import NOW, offer, run_at, sell

pytestmark = pytest.mark.integration
LEADS, NOTIFICATIONS = "/api/leads", "/api/notifications"


@pytest.fixture
def fair(market):
    """A seller whose campaign sold four leads of six: two each to Bob and Rival, whose wallets are empty then."""
    seller = market.seller()
    market.now = NOW
    bob, rival = (market.buyer(seller, name, balance_minor=5000) for name in ("Bob", "Rival"))
    with market.connect() as conn:
        campaign = make_campaign(conn, seller.workspace_id, slug="spring", allow_state_selection=True)
        for one in (bob, rival):
            subscribe(conn, campaign, one.buyer_id, states=["CA", "TX"])
        leads = offer(conn, campaign, ["CA", "TX", "CA", "TX", "CA", "NY"])
        for number, lead_id in enumerate(leads["lead_id"]):
            insert(
                conn, "core.leads", "lead_id", lead_id=lead_id, workspace_id=seller.workspace_id, drop_id=number,
                row_no=0, fingerprint=str(uuid4()), type="INDIVIDUAL", country_inferred=False, received_at=NOW,
                day=NOW.date(), first_name="Ada", email=f"ada{number}@shop.example", flags=["free_email"],
                attributes='{"age": "41", "campaign_id": "spring", "supplier_quality": "HOT"}',
            )  # fmt: skip
        sell(conn, leads)
    market.fair = leads["lead_id"].tolist()
    return seller, bob, rival


def test_a_seller_lists_all_its_leads_with_who_bought_them(market, fair):
    seller, bob, _ = fair
    pages = pages_of(market, seller, LEADS, "leads", 4)
    assert [4, 2] == [len(page) for page in pages]
    listed = [lead for page in pages for lead in page]
    assert sorted(market.fair, reverse=True) == [lead["id"] for lead in listed]
    by_id = {lead["id"]: lead for lead in listed}
    first = by_id[market.fair[0]]
    [sale] = first["assignments"]
    assert (bob.buyer_id, "Bob", "25.00", "USD") == tuple(
        sale[name] for name in ("buyerId", "buyer", "price", "currency")
    )
    assert ("spring", "CA", "HOT", 50, "assigned") == tuple(
        first[name] for name in ("campaign", "state", "quality", "leadScore", "outcome")
    )
    assert {"age": "41", "firstName": "Ada", "email": "ada0@shop.example"} == first["data"]
    assert ["everybody_refused", "nobody_eligible"] == [by_id[lead]["outcome"] for lead in market.fair[4:]]
    detail = told(market.call(seller, "GET", f"{LEADS}/{market.fair[0]}"))
    assert {**first, "scoreParts": {}, "flags": ["free_email"]} == detail


def test_a_list_of_leads_is_narrowed_by_every_filter(market, fair):
    seller, bob, _ = fair
    ids = market.fair
    campaign = market.one("SELECT campaign_id::text FROM market.campaigns")
    later = "2026-03-04T11:59:30Z"
    for query, expected in (
        ("campaignId=spring", ids),
        (f"campaignId={campaign}&state=Texas", [ids[1], ids[3]]),
        ("state=ny", ids[5:]),
        ("outcome=everybody_refused", ids[4:5]),
        (f"buyerId={bob.buyer_id}", [ids[0], ids[2]]),
        (f"buyerId={bob.buyer_id}&state=TX", []),
        ("from=2026-03-04", ids),
        (f"from={later}", []),
        (f"to={later}", ids),
        ("to=2026-03-04", []),
    ):
        [page] = pages_of(market, seller, f"{LEADS}?{query}", "leads", 200)
        assert sorted(expected, reverse=True) == [lead["id"] for lead in page], query
    market.call(seller, "DELETE", "/api/campaigns/spring")
    assert 404 == market.call(seller, "GET", f"{LEADS}?campaignId=spring").status_code
    [page] = pages_of(market, seller, f"{LEADS}?campaignId={campaign}", "leads", 200)
    assert 6 == len(page), "leads of a deleted campaign are still there, by its id"
    for query in ("state=Bavaria", "outcome=sold", "from=yesterday", "limit=1e3"):
        assert 1 == len(fields_at_fault(market.call(seller, "GET", f"{LEADS}?{query}"))), query


def test_a_buyer_sees_the_leads_that_it_bought_and_nobody_elses(market, fair):
    _, bob, rival = fair
    pages = pages_of(market, bob, LEADS, "leads", 1)
    assert [market.fair[2], market.fair[0]] == [lead["id"] for page in pages for lead in page]
    for [lead] in pages:
        assert [bob.buyer_id] == [sale["buyerId"] for sale in lead["assignments"]]
        assert lead["supplierId"] is None
    assert 200 == market.call(bob, "GET", f"{LEADS}/{market.fair[0]}").status_code
    assert 404 == market.call(rival, "GET", f"{LEADS}/{market.fair[0]}").status_code
    assert 404 == market.call(rival, "GET", f"{LEADS}?buyerId={bob.buyer_id}").status_code


def test_a_supplier_sees_the_leads_that_it_sent_without_who_bought_them(market, fair):
    seller, *_ = fair
    person, other = market.supplier_user(seller, "Ours"), market.supplier_user(seller, "Theirs")
    market.rows(
        "UPDATE market.campaign_leads SET supplier_id = %s WHERE lead_id = ANY(%s::uuid[]) RETURNING 1",
        person.supplier_id, market.fair[:2],
    )  # fmt: skip
    [page] = pages_of(market, person, LEADS, "leads", 9)
    assert [market.fair[1], market.fair[0]] == [lead["id"] for lead in page]
    assert [("assigned", [])] * 2 == [(lead["outcome"], lead["assignments"]) for lead in page]
    assert page[0]["id"] == told(market.call(person, "GET", f"{LEADS}/{market.fair[1]}"))["id"]
    assert [404, 403] == [
        market.call(one, "GET", f"{LEADS}/{market.fair[0]}{rest}").status_code
        for one, rest in ((other, ""), (person, "/candidates"))
    ]
    [narrowed] = pages_of(market, seller, f"{LEADS}?supplierId={person.supplier_id}", "leads", 9)
    assert [lead["id"] for lead in page] == [lead["id"] for lead in narrowed]
    assert 404 == market.call(person, "GET", f"/api/suppliers/{other.supplier_id}/deliveries").status_code


def test_a_seller_sees_why_each_buyer_got_a_lead_or_not(market, fair):
    seller, *_ = fair

    def candidates_of(lead):
        [one] = told(market.call(seller, "GET", f"{LEADS}/{lead}/candidates"))
        return one, {candidate["buyer"]: candidate for candidate in one["candidates"]}

    one, seen = candidates_of(market.fair[0])
    assert ("assigned", "ROUND_ROBIN", "25.00", 1, 1) == tuple(
        one[name] for name in ("outcome", "distributionLogic", "pricePerLead", "campaignVersion", "round")
    )
    assert ("chosen", {}, "passed_over") == (
        seen["Bob"]["verdict"],
        seen["Bob"]["counterfactual"],
        seen["Rival"]["verdict"],
    )
    assert seen["Rival"]["counterfactual"]
    one, seen = candidates_of(market.fair[4])
    assert "everybody_refused" == one["outcome"]
    for buyer in ("Bob", "Rival"):
        assert ("wallet", ["wallet"], "0.00", "25.00", {"balance": "25.00"}) == tuple(
            seen[buyer][name] for name in ("verdict", "failed", "observed", "bound", "counterfactual")
        )
    one, seen = candidates_of(market.fair[5])
    assert ("nobody_eligible", "state", "NY", "CA, TX") == (
        one["outcome"], *(seen["Bob"][name] for name in ("verdict", "observed", "bound")),
    )  # fmt: skip
    assert {"states": ["NY"]}.items() <= seen["Bob"]["counterfactual"].items()


def test_a_buyer_sees_why_it_lost_and_nothing_of_its_rivals(market, fair):
    _, bob, rival = fair
    [one] = told(market.call(rival, "GET", f"{LEADS}/{market.fair[0]}/candidates"))
    assert [(rival.buyer_id, "passed_over")] == [(seen["buyerId"], seen["verdict"]) for seen in one["candidates"]]
    assert bob.buyer_id not in str(one)
    stranger = market.buyer(market.seller("Eve"), "Mallory")
    late = market.buyer(fair[0], "Late")
    for person in (stranger, late):
        assert 404 == market.call(person, "GET", f"{LEADS}/{market.fair[0]}/candidates").status_code
    assert 404 == market.call(fair[0], "GET", f"{LEADS}/{uuid4()}/candidates").status_code
    assert 404 == market.call(fair[0], "GET", f"{LEADS}/not-an-id/candidates").status_code


def test_who_is_told_of_leads_and_money_hears_it_newest_first(market, fair):
    seller, bob, rival = fair
    later = NOW + timedelta(hours=1)
    with market.connect() as conn:
        refund(
            conn, workspace_id=seller.workspace_id, lead_id=market.fair[0], buyer_id=bob.buyer_id,
            reason="wrong number", now=later, run=run_at(later),
        )  # fmt: skip
    heard = [one for page in pages_of(market, bob, NOTIFICATIONS, "notifications", 1) for one in page]
    kinds = [one["kind"] for one in heard]
    assert "refunded" == kinds[0]
    assert 2 == kinds.count("new_lead")
    newest = next(one for one in heard if one["kind"] == "new_lead")
    assert {"leadId": market.fair[2], "campaign": "spring", "price": "25.00", "state": "CA", "leadScore": 50} == newest[
        "detail"
    ]
    assert bob.buyer_id == heard[0]["detail"]["buyerId"]
    assert bob.buyer_id not in market.call(rival, "GET", NOTIFICATIONS).text
    everything = [one for page in pages_of(market, seller, NOTIFICATIONS, "notifications", 3) for one in page]
    assert 6 == sum(one["kind"] == "new_lead" for one in everything)
    assert everything == sorted(everything, key=lambda one: (one["createdAt"], one["id"]), reverse=True)
    assert len({one["id"] for one in everything}) == len(everything)


def test_a_notice_is_marked_by_whom_it_is_for(market, fair):
    seller, bob, rival = fair
    number = market.one(
        "INSERT INTO market.notices (workspace_id, buyer_id, kind, key, created_at) "
        "VALUES (%s, %s, 'low_balance', 'k', %s) RETURNING notice_id", seller.workspace_id, bob.buyer_id, NOW,
    )  # fmt: skip
    heard = market.call(bob, "GET", NOTIFICATIONS).json()["notifications"]
    [notice] = [one for one in heard if one["id"] == f"notice-{number:019d}"]
    path = f"{NOTIFICATIONS}/{notice['id']}/read"
    assert [404, 404, 200, 200] == [market.call(one, "POST", path).status_code for one in (rival, seller, bob, bob)]
    heard = market.call(bob, "GET", NOTIFICATIONS).json()["notifications"]
    assert ["2026-03-04T12:00:00Z"] == [one["readAt"] for one in heard if one["id"] == notice["id"]]
    assert 404 == market.call(bob, "POST", f"{NOTIFICATIONS}/lead-{market.fair[0]}/read").status_code
    assert 404 == market.call(bob, "POST", f"{NOTIFICATIONS}/notice-{'9' * 30}/read").status_code


def test_cursors_are_of_their_own_list(market, fair):
    _, bob, _ = fair
    cursor = market.call(bob, "GET", f"{NOTIFICATIONS}?limit=1").json()["nextCursor"]
    assert ["cursor"] == fields_at_fault(market.call(bob, "GET", f"{LEADS}?cursor={cursor}"))
    cursor = market.call(bob, "GET", f"{LEADS}?limit=1").json()["nextCursor"]
    assert ["cursor"] == fields_at_fault(market.call(bob, "GET", f"{NOTIFICATIONS}?cursor={cursor}"))


def test_a_suppliers_deliveries_are_counted_by_day_and_outcome(market):
    seller = market.seller()
    market.now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    buyer = market.buyer(seller, balance_minor=5000)
    with market.connect() as conn:
        campaign = make_campaign(conn, seller.workspace_id, slug="spring")
        subscribe(conn, campaign, buyer.buyer_id)
        category = conn.execute("SELECT category_id::text FROM market.campaigns").fetchone()[0]
    key = market.supplier(seller, "Leads Ltd", [category])
    path = f"/api/suppliers/{market.suppliers[key]}/deliveries"
    for number in (1, 2, 3, 3):
        lead = {"campaignId": campaign, "categoryId": category, "state": "CA", "quality": "HOT"}
        answer = market.ingest(key, {**lead, "data": {"email": f"a{number}@shop.example"}}, event=f"e{uuid4()}")
        assert answer.status_code in (200, 201), answer.text
    assert 422 == market.ingest(key, {**lead, "data": {"email": "no-at-sign"}}).status_code
    [day] = told(market.call(seller, "GET", path))
    assert ("2026-03-04", 5, 0, 3, 1, 1) == tuple(
        day[name] for name in ("day", "received", "pending", "accepted", "duplicate", "refused")
    )
    assert {"assigned": 2, "everybody_refused": 1} == {name: count for name, count in day["outcomes"].items() if count}
    assert [] == told(market.call(seller, "GET", f"{path}?from=2026-01-01&to=2026-02-01"))
    for query in ("from=2026-03-05", "from=2020-01-01", "from=x", "to=0001-01-01&from=9999-12-31"):
        assert 422 == market.call(seller, "GET", f"{path}?{query}").status_code, query
    assert 200 == market.call(seller, "GET", f"{path}?to=0001-01-01").status_code
