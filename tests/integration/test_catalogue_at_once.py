"""The catalogue while others are at it: edits at once, a category that goes while a campaign comes; and its indexes."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from lead_pipeline.store import buyers, campaigns, categories, notices, subscriptions, suppliers
from lead_pipeline.store.connections import connect
from lead_pipeline.store.market_leads import LeadsWanted, bought_leads, received_leads
from lead_pipeline.store.pages import Asked
from lead_pipeline.store.tenancy import acting_as
from tests.integration.catalogue import CAMPAIGN, campaign_of, category_of, told

pytestmark = pytest.mark.integration
PAGE = Asked(5)
LISTS = {
    "categories_workspace": lambda conn, own: categories.list_categories(conn, own, PAGE),
    "campaigns_workspace": lambda conn, own: campaigns.list_campaigns(conn, own, PAGE),
    "buyers_workspace": lambda conn, own: buyers.list_buyers(conn, own, PAGE),
    "campaign_subscriptions_workspace": lambda conn, own: subscriptions.list_subscriptions(conn, own, PAGE),
    "suppliers_workspace": lambda conn, own: suppliers.supplier_page(conn, own, PAGE),
    "api_keys_supplier": lambda conn, own: suppliers.keys_of_supplier(conn, str(uuid4()), PAGE),
    "campaign_leads_received": lambda conn, own: received_leads(conn, own, PAGE, LeadsWanted(state="CA")),
    "lead_assignments_buyer": lambda conn, own: bought_leads(conn, str(uuid4()), PAGE, LeadsWanted()),
    "notices_workspace": lambda conn, own: notices.list_notifications(conn, own, None, PAGE),
}


@pytest.fixture
def seller(market):
    seller = market.seller()
    category_of(market, seller)
    return seller


def test_of_those_who_change_one_version_at_once_one_succeeds(market, seller):
    campaign_of(market, seller)
    with ThreadPoolExecutor(8) as at_once:
        answers = list(
            at_once.map(
                lambda number: market.call(
                    seller, "PATCH", "/api/campaigns/spring", {"pricePerLead": f"{number + 30}.00", "version": 1}
                ),
                range(8),
            )
        )
    assert [200] + [409] * 7 == sorted(answer.status_code for answer in answers)
    [won] = [answer for answer in answers if answer.status_code == 200]
    assert told(won) == told(market.call(seller, "GET", "/api/campaigns/spring"))


def test_without_a_version_the_last_one_wins_and_every_change_is_kept(market, seller):
    campaign_of(market, seller)
    with ThreadPoolExecutor(8) as at_once:
        versions = list(
            at_once.map(
                lambda number: told(
                    market.call(seller, "PATCH", "/api/campaigns/spring", {"description": f"{number}"})
                )["version"],
                range(8),
            )
        )
    assert list(range(2, 10)) == sorted(versions)
    assert 9 == market.one("SELECT count(*) FROM market.versions WHERE kind = 'campaign'")


def test_no_campaign_is_left_without_its_category(market, seller):
    for turn in range(6):
        slug = category_of(market, seller, name=f"C{turn}")["slug"]
        with ThreadPoolExecutor(2) as at_once:
            body = {**CAMPAIGN, "categoryId": slug}
            made = at_once.submit(market.call, seller, "POST", "/api/campaigns", body)
            gone = at_once.submit(market.call, seller, "DELETE", f"/api/categories/{slug}")
            assert (made.result().status_code, gone.result().status_code) in ((201, 409), (404, 200))
    orphans = "FROM market.campaigns c JOIN market.categories k USING (category_id) WHERE k.deleted_at IS NOT NULL"
    assert 0 == market.one(f"SELECT count(*) {orphans} AND c.deleted_at IS NULL")


def test_a_buyer_that_is_deleted_is_signed_out(market, seller):
    bob = market.buyer(seller)
    assert 200 == market.call(bob, "GET", "/api/buyers").status_code
    assert 200 == market.call(seller, "DELETE", f"/api/buyers/{bob.buyer_id}").status_code
    assert 401 == market.call(bob, "GET", "/api/buyers").status_code


@pytest.mark.parametrize("index", LISTS)
def test_every_list_is_read_by_an_index(market, seller, index):
    assert is_used(market, seller, index, LISTS[index])


def test_a_buyers_notifications_are_read_by_its_own_index(market, seller):
    bob, rival = market.buyer(seller, "Bob"), market.buyer(seller, "Rival")
    market.rows(
        "INSERT INTO market.notices (workspace_id, buyer_id, kind, key, created_at) "
        "SELECT %s, %s, 'low_balance', n, now() FROM generate_series(1, 1000) n RETURNING 1",
        seller.workspace_id, rival.buyer_id,
    )  # fmt: skip
    with market.connect() as conn:
        conn.execute("ANALYZE market.notices")
    read = "notices_buyer"
    assert is_used(market, seller, read, lambda conn, own: notices.list_notifications(conn, own, bob.buyer_id, PAGE))


def is_used(market, seller, index, read):
    """Whether an index is used where no sequential scan and no sort is worth its while."""
    with connect(market.database.url, autocommit=True) as conn:
        conn.execute("SET enable_seqscan TO off")
        conn.execute("SET enable_sort TO off")
        with conn.transaction():
            acting_as(conn, workspace_id=seller.workspace_id)
            read(conn, seller.workspace_id)
        conn.execute("SELECT pg_stat_force_next_flush()")
    return 0 < market.one("SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_indexes WHERE indexrelname = %s", index)
