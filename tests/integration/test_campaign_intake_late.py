"""Leads that a seller's campaign sees late: decided by the daily step, or repaired first. Each has a clear end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lead_pipeline.domain.candidates import Logic
from lead_pipeline.steps import ingest_lead
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.recipes import load_recipe
from lead_pipeline.steps.repair import as_they_are, by_recipe, repair
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.verify_ledger import verify
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.quarantine import RowFilter
from tests.integration.market import make_campaign, make_category, open_market, subscribe

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 3, 17, tzinfo=UTC)
RUN = Run("late", lambda: NOON)
STATES = ("CA", "NY", "TX")


@pytest.fixture
def market(database: Any, tmp_path: Any, monkeypatch: Any) -> Any:
    monkeypatch.setattr(ingest_lead, "LOCK_SECONDS", 0.01)
    with open_market(database, tmp_path, now=NOON, INGEST_PER_MINUTE="100000") as opened:
        yield opened


def shop(market, name="Ada", logics=(Logic.ROUND_ROBIN,), buyers=3):
    """A seller with a campaign of each logic and buyers with bounds of their own; its supplier's key."""
    seller = market.seller(name)
    with market.connect() as conn:
        category = make_category(conn, seller.workspace_id, "life")
        campaigns = [
            make_campaign(
                conn, seller.workspace_id, logic=logic, slug=f"offer-{place}", category_id=category, price_minor=500,
                allow_state_selection=True,
            )
            for place, logic in enumerate(logics)
        ]  # fmt: skip
    for place in range(buyers):
        buyer = market.buyer(seller, f"Buyer {place}", balance_minor=4_000 if place else 900, priority=place + 1)
        with market.connect() as conn:
            for campaign in campaigns:
                subscribe(
                    conn, campaign, buyer.buyer_id, daily_cap=(None, 3, 5)[place % 3], waterfall_rank=buyers - place,
                    states=[["CA", "NY"], ["CA"], ["CA", "NY"]][place % 3], target=10 * (place + 1),
                )  # fmt: skip
    return seller, market.supplier(seller, name, categories=["life"])


def lead(number, campaigns=1, **changes):
    return {
        "campaignId": f"offer-{number % campaigns}",
        "categoryId": "life",
        "state": STATES[number % len(STATES)],
        "quality": "WARM",
        "data": {"firstName": "Ada", "lastName": f"L{number}", "email": f"p{number}@firm{number}.com"},
        **changes,
    }


def send_late(market, seller, key, leads):
    """Landed while somebody else holds the seller: nobody decides them."""
    with market.database.connect() as holder, holder.transaction():
        lock_sellers(holder, [seller.workspace_id])
        answers = [market.ingest(key, one) for one in leads]
    assert {202} == {answer.status_code for answer in answers}, answers[0].text
    return [answer.json()["dropId"] for answer in answers]


def status(market, key, drop_id):
    return market.client.get(f"/api/leads/ingest/{drop_id}", headers={"X-API-Key": key}).json()


def what_became(told):
    sales = [(sale["buyer"], sale["price"], sale["reason"]) for sale in told["assignments"]]
    return told["status"], told["outcome"], told["leadScore"], told["reason"] if not sales else None, sales


def test_leads_sent_one_by_one_and_the_same_ones_decided_late_in_one_batch_end_alike(market):
    logics = list(Logic)
    leads = [lead(number, len(logics)) for number in range(45)]
    _, key = shop(market, "Ada", logics)
    live = [what_became(market.ingest(key, one).json()) for one in leads]
    seller, key = shop(market, "Bob", logics)
    drops = send_late(market, seller, key, leads)
    assert {"pending"} == {status(market, key, drop)["status"] for drop in drops}
    assert 45 == decide_pending_events(market.database.url, NOON.date(), RUN).accepted
    late = [what_became(status(market, key, drop)) for drop in drops]
    assert live == late
    assert {"assigned", "nobody_eligible", "everybody_refused"} == {outcome for _, outcome, *_ in live}
    verify(market.database.url)


def test_a_seller_that_is_held_holds_up_no_other_seller(market):
    held, held_key = shop(market, "Ada")
    other, other_key = shop(market, "Bob")
    [theirs], [ours] = (
        send_late(market, seller, key, [lead(0)]) for seller, key in ((held, held_key), (other, other_key))
    )
    with market.database.connect() as holder, holder.transaction(), market.connect() as conn:
        lock_sellers(holder, [held.workspace_id])
        found = ingest_lead.decide_leads(conn, [theirs, ours], RUN)
    assert ("pending", "accepted") == (found[theirs].status, found[ours].status)


def test_a_campaign_that_was_deleted_before_the_lead_was_decided_ends_it_in_words(market):
    seller, key = shop(market)
    [drop] = send_late(market, seller, key, [lead(0)])
    with market.connect() as conn:
        conn.execute("UPDATE market.campaigns SET deleted_at = now()")
    decide_pending_events(market.database.url, NOON.date(), RUN)
    told = status(market, key, drop)
    assert ("accepted", "campaign_paused", []) == (told["status"], told["outcome"], told["assignments"])
    assert "deleted" in told["reason"]


def test_a_refused_lead_that_is_repaired_is_sold_and_its_supplier_sees_it(market):
    _, key = shop(market)
    bad = lead(0, data={"firstName": "Ada", "lastName": "Lee", "email": "ada at lee-family dot com"})
    refused = market.ingest(key, bad)
    assert (422, "data.email") == (refused.status_code, refused.json()["errors"][0]["field"])
    drop = refused.json()["dropId"]
    assert 0 == market.one("SELECT count(*) FROM market.campaign_leads")
    name = load_recipe("spelled-out-at")[0].name
    url, everything = market.database.url, RowFilter()
    assert 1 == repair(url, by_recipe(url, name, everything), RUN, dry_run=True).repaired
    assert ("refused", "waiting") == tuple(status(market, key, drop)[name] for name in ("status", "repair"))
    assert 0 == market.one("SELECT count(*) FROM market.ledger_entries WHERE kind = 'charge'"), (
        "a dry run sells nothing"
    )
    assert 1 == repair(url, by_recipe(url, name, everything), RUN).repaired
    told = status(market, key, drop)
    assert ("accepted", "repaired", "assigned", 1) == (
        told["status"], told["repair"], told["outcome"], len(told["assignments"]),
    )  # fmt: skip
    supplier = market.one("SELECT supplier_id::text FROM market.campaign_leads")
    assert market.suppliers[key] == supplier
    verify(url)


def test_a_refused_lead_that_nothing_mends_stays_refused_and_is_not_sold(market):
    _, key = shop(market)
    refused = market.ingest(key, lead(0, data={"firstName": "Ada", "email": "no-at-sign"}))
    drop, url = refused.json()["dropId"], market.database.url
    assert 1 == len(repair(url, as_they_are(url, RowFilter()), RUN).failing)
    told = status(market, key, drop)
    assert ("refused", "waiting", None, []) == tuple(
        told[name] for name in ("status", "repair", "outcome", "assignments")
    )
    with market.connect() as conn:
        conn.execute(
            "UPDATE core.quarantined_rows SET status = 'discarded', settled_at = now(), settled_by = 'seller: no use'"
        )
    assert ("refused", "discarded") == tuple(status(market, key, drop)[name] for name in ("status", "repair"))
    assert 0 == market.one("SELECT count(*) FROM market.campaign_leads")


def test_a_repair_of_somebody_who_is_known_sells_nothing_twice(market):
    _, key = shop(market)
    market.ingest(key, lead(0, data={"firstName": "Ada", "lastName": "Lee", "email": "ada@lee-family.com"}))
    bad = lead(0, data={"firstName": "Ada", "lastName": "Lee", "email": "ada at lee-family dot com"})
    drop, url = market.ingest(key, bad).json()["dropId"], market.database.url
    assert 1 == repair(url, by_recipe(url, "spelled-out-at", RowFilter()), RUN).repaired
    assert "assigned" == status(market, key, drop)["outcome"]
    assert 1 == market.one("SELECT count(*) FROM market.ledger_entries WHERE kind = 'charge'")
