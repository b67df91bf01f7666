"""Messages are written down by what decides them: with it or not at all, once, and to those who want to be told."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from lead_pipeline.domain.deliveries import HOT_SCORE
from lead_pipeline.steps.move_money import fund, refund
from lead_pipeline.steps.plan_deliveries import plan_deliveries
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.seed_told import seed_told
from lead_pipeline.store.bulk import fetch_frame
from lead_pipeline.store.connections import connect
from lead_pipeline.store.delivery_plans import days_to_deliver
from lead_pipeline.store.recharges import request_recharges
from lead_pipeline.store.sealed import credential_seal
from tests.integration.market import make_buyer, make_campaign, make_seller, subscribe
from tests.integration.selling import NOW, offer, run_at, sell
from tests.integration.sending import settings_of

pytestmark = pytest.mark.integration
MESSAGES = "SELECT kind, channel, lead_id::text, buyer_id::text, state FROM outbound.deliveries ORDER BY seq"
KINDS = ["hot_lead", "low_balance", "new_lead", "refunded"]


@pytest.fixture
def conn(database: Any) -> Iterator[psycopg.Connection]:
    with database.connect() as opened:
        yield opened


@pytest.fixture
def buyer(conn: psycopg.Connection) -> Any:
    """A buyer with money who takes all of a campaign's leads: ids of campaign and buyer."""
    seller = make_seller(conn, "ada")
    campaign = make_campaign(conn, seller)
    bought_by = make_buyer(conn, seller, "Bob", balance_minor=1_000_000, email="bob@buyers.example")
    subscribe(conn, campaign, bought_by)
    return campaign, bought_by


def want(conn: psycopg.Connection, buyer_id: str, channel: str, kinds: list[str] = KINDS) -> None:
    """A destination of a buyer. Nobody opens its address here."""
    conn.execute(
        "INSERT INTO outbound.destinations (workspace_id, buyer_id, channel, address_sealed, secret_sealed, "
        "opted_in_at, kinds) SELECT workspace_id, buyer_id, %s, 'sealed', %s, now(), %s FROM market.buyers "
        "WHERE buyer_id = %s",
        [channel, b"sealed" if channel == "webhook" else None, kinds, buyer_id],
    )


def test_a_sale_is_told_on_every_channel_that_wants_it_in_its_own_transaction(
    conn: psycopg.Connection, buyer: Any
) -> None:
    campaign, bob = buyer
    for channel in ("sms", "webhook"):
        want(conn, bob, channel)
    [lead] = offer(conn, campaign)["lead_id"]
    with pytest.raises(ZeroDivisionError), conn.transaction():
        sell(conn, _leads(conn))
        assert 3 == len(conn.execute(MESSAGES).fetchall())
        raise ZeroDivisionError
    assert [] == conn.execute(MESSAGES).fetchall()
    sell(conn, _leads(conn))
    told = conn.execute(MESSAGES).fetchall()
    assert {("new_lead", channel, lead, bob, "intended") for channel in ("email", "sms", "webhook")} == set(told)
    sell(conn, _leads(conn))
    assert told == conn.execute(MESSAGES).fetchall()


def test_a_lead_of_a_high_score_is_told_of_as_hot_to_whoever_wants_that(conn: psycopg.Connection, buyer: Any) -> None:
    campaign, bob = buyer
    want(conn, bob, "sms", ["hot_lead"])
    want(conn, bob, "webhook", ["new_lead"])
    offer(conn, campaign, ["CA", "NY"])
    conn.execute(
        "UPDATE market.campaign_leads SET lead_score = CASE state WHEN 'CA' THEN %s ELSE %s END",
        [HOT_SCORE, HOT_SCORE - 1],
    )
    sell(conn, _leads(conn))
    rows = conn.execute(
        "SELECT d.channel, d.kind, l.state FROM outbound.deliveries d JOIN market.campaign_leads l USING (lead_id)"
    ).fetchall()
    assert {
        ("email", "hot_lead", "CA"), ("email", "new_lead", "NY"), ("sms", "hot_lead", "CA"),
        ("webhook", "new_lead", "CA"), ("webhook", "new_lead", "NY"),
    } == set(rows)  # fmt: skip


def test_a_buyer_is_told_at_its_own_address_until_somebody_of_it_is(conn: psycopg.Connection, buyer: Any) -> None:
    campaign, _ = buyer
    offer(conn, campaign)
    sell(conn, _leads(conn))
    user = conn.execute(
        "INSERT INTO core.users (email, name, password_hash) VALUES ('bo@buyers.example', 'Bo', 'x') RETURNING user_id"
    ).fetchone()[0]
    conn.execute(
        "INSERT INTO core.memberships (user_id, workspace_id, role, buyer_id) "
        "SELECT %s, workspace_id, 'BUYER', buyer_id FROM market.buyers",
        [user],
    )
    offer(conn, campaign, first=10)
    sell(conn, _leads(conn))
    told = conn.execute(
        "SELECT x.user_id FROM outbound.deliveries JOIN outbound.destinations x USING (destination_id) ORDER BY seq"
    ).fetchall()
    assert [(None,), (user,)] == told


def test_what_happens_to_money_is_told_with_the_notice_of_it(conn: psycopg.Connection, buyer: Any) -> None:
    campaign, bob = buyer
    want(conn, bob, "sms")
    [lead] = offer(conn, campaign)["lead_id"]
    sell(conn, _leads(conn))
    workspace = conn.execute("SELECT workspace_id::text FROM market.sellers").fetchone()[0]
    refund(conn, workspace_id=workspace, lead_id=lead, buyer_id=bob, reason="wrong", now=NOW, run=run_at())
    for _ in range(2):
        with conn.transaction():
            request_recharges(conn, [bob], NOW, run_id="test")
    told = conn.execute(
        "SELECT kind, channel, subject LIKE 'notice/%' FROM outbound.deliveries ORDER BY seq"
    ).fetchall()
    assert [("low_balance", "email", True), ("low_balance", "sms", True), ("refunded", "sms", True)] == sorted(
        row for row in told if row[0] != "new_lead"
    )


def test_money_that_is_added_by_hand_is_told_nobody(conn: psycopg.Connection, buyer: Any) -> None:
    _, bob = buyer
    workspace = conn.execute("SELECT workspace_id::text FROM market.sellers").fetchone()[0]
    fund(conn, workspace_id=workspace, buyer_id=bob, amount_minor=100, key="hand", reason="by hand", run=run_at())
    assert [] == conn.execute(MESSAGES).fetchall()


def test_enriched_leads_are_told_to_the_workspace_that_owns_them_once(world: Any) -> None:
    told(world, [("tech", "webhook", ["new_lead", "hot_lead"]), ("money", "webhook", ["hot_lead"])])
    world.run_day()
    run = Run("test")
    planned = plan_deliveries(world.url, world.day, run)
    owned = dict(
        world.rows(
            "SELECT w.slug || '/' || s.band, count(*) FROM core.enrichments e "
            "JOIN core.intent_scores s USING (lead_id) JOIN core.lead_assignments a USING (lead_id) "
            "JOIN core.workspaces w ON w.workspace_id = a.destination_id "
            "WHERE e.status IN ('completed', 'skipped') GROUP BY 1"
        )
    )
    tech = sum(count for name, count in owned.items() if name.startswith("tech/"))
    assert planned == tech + owned.get("money/hot", 0) > 0
    assert 0 == plan_deliveries(world.url, world.day, run)
    bands = "SELECT d.kind, s.band = 'hot' FROM outbound.deliveries d JOIN core.intent_scores s USING (lead_id)"
    kinds = set(world.rows(bands))
    assert kinds <= {("hot_lead", True), ("new_lead", False)}


def test_a_destination_is_not_told_of_what_was_over_before_it_was_made(world: Any) -> None:
    world.run_day()
    told(world, [("tech", "webhook", ["new_lead", "hot_lead"])])
    assert 0 == plan_deliveries(world.url, world.day, Run("test"))
    with connect(world.url) as conn:
        assert {} == days_to_deliver(conn, world.day, dt.datetime.now(dt.UTC))


def test_a_rule_that_notifies_sends_one_message_about_all_that_is_new(world: Any) -> None:
    told(world, [("tech", "email", ["routed_leads"]), ("tech", "webhook", ["routed_leads"])])
    world.execute(
        'UPDATE core.lead_routing_rules SET actions = actions || \'{"notify_via": ["email"]}\' WHERE rule_name = %s',
        "Technology",
    )
    world.run_day()
    run = Run("test")
    routed = world.one(
        "SELECT count(*) FROM core.lead_assignments a JOIN core.lead_routing_rules r "
        "ON r.rule_id = a.rule_id AND r.version = a.rule_version WHERE r.rule_name = 'Technology'"
    )
    assert routed > 1
    assert 1 == plan_deliveries(world.url, world.day, run)
    [(channel, context)] = world.rows("SELECT channel, context FROM outbound.deliveries")
    assert ("email", routed, "Technology") == (channel, context["count"], context["rule"])
    assert min(routed, 20) == len(context["lead_ids"])
    assert 0 == plan_deliveries(world.url, world.day, run)


def told(world: Any, wanted: list[tuple[str, str, list[str]]]) -> None:
    """Destinations of workspaces, at the sandbox."""
    at = {"email": "desk@example.com", "webhook": "/hooks/desk"}
    settings = settings_of(world.url, world.sandbox, str(world.var))
    rows = [{"workspace": slug, "channel": name, "address": at[name], "kinds": kinds} for slug, name, kinds in wanted]
    seed_told(world.url, rows, sandbox_url=world.sandbox, seal=credential_seal(settings), settings=settings)


def _leads(conn: psycopg.Connection) -> Any:
    return fetch_frame(
        conn, "SELECT lead_id::text, workspace_id::text, campaign_id::text, state FROM market.campaign_leads"
    )
