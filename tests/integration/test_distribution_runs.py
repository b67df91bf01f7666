"""`campaign_assignments` in Dagster: the job, its checks, the sensor and the schedule that ask for it."""

import datetime as dt
from typing import Any

import pytest
from dagster import DagsterInstance, RunRequest, SkipReason, build_schedule_context, build_sensor_context

from lead_pipeline.definitions import defs
from lead_pipeline.orchestration import sensors
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.orchestration.schedules import campaign_distribution_schedule
from lead_pipeline.steps.move_money import fund
from lead_pipeline.store.connections import connect
from tests.integration.market import make_buyer, make_campaign, make_seller, subscribe
from tests.integration.selling import PRICE, buyers_of, offer, run_at, sell

pytestmark = pytest.mark.integration
JOB = "campaign_distribution"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def market_of(world: Any, *, balance_minor: int = 10 * PRICE) -> tuple[str, str]:
    """A campaign with one buyer of that balance. Returns their ids."""
    with connect(world.url, autocommit=True) as conn:
        seller = make_seller(conn, "ada")
        campaign = make_campaign(conn, seller, price_minor=PRICE)
        buyer = make_buyer(conn, seller, "bob", balance_minor=balance_minor)
        subscribe(conn, campaign, buyer)
        return campaign, buyer


def asked(world: Any) -> list[RunRequest]:
    """What the sensor asks for, with no run under way."""
    with DagsterInstance.ephemeral() as instance:
        resources = {"pipeline": Pipeline()}
        with build_sensor_context(instance=instance, definitions=defs, resources=resources) as context:
            told = sensors.leads_to_distribute(context)
    return [] if isinstance(told, SkipReason) else list(told.run_requests or [])


@pytest.fixture(autouse=True)
def _environment(dagster: Any) -> None:
    """The environment leads to the test's world."""


def test_a_run_sells_what_waits_and_its_checks_hold(world: Any, dagster: Any) -> None:
    campaign, _ = market_of(world, balance_minor=2 * PRICE)
    with connect(world.url, autocommit=True) as conn:
        offer(conn, campaign, ["CA"] * 3, received_at=now())
    result = world.run_job(dagster, name=JOB, day=now().date())
    assert result.success
    assert {"candidates_replay": True, "charges_are_assignments": True} == {
        check.check_name: check.passed for check in result.get_asset_check_evaluations()
    }
    [made] = result.asset_materializations_for_node("campaign_assignments")
    shown = {name: made.metadata[name].value for name in ("sales", "leads_assigned", "leads_everybody_refused")}
    assert {"sales": 2, "leads_assigned": 2, "leads_everybody_refused": 1} == shown
    with connect(world.url, autocommit=True) as conn:
        assert ["bob"] * 2 == buyers_of(conn)


def test_a_run_names_what_was_tampered_with(world: Any, dagster: Any) -> None:
    campaign, _ = market_of(world)
    with connect(world.url, autocommit=True) as conn:
        leads = offer(conn, campaign, ["CA"] * 2, received_at=now())
        sell(conn, leads, run_at(now()))
        conn.execute("DELETE FROM core.lead_assignments WHERE lead_id = %s", [leads["lead_id"].iloc[0]])
    result = world.run_job(dagster, name=JOB, day=now().date())
    named = {check.check_name: check.metadata for check in result.get_asset_check_evaluations() if not check.passed}
    assert [leads["lead_id"].iloc[0]] == named["candidates_replay"]["otherwise"].value
    assert [leads["lead_id"].iloc[0]] == named["charges_are_assignments"]["leads"].value


def test_the_sensor_asks_for_undecided_leads_that_their_request_has_left(world: Any) -> None:
    campaign, _ = market_of(world)
    assert [] == asked(world)
    with connect(world.url, autocommit=True) as conn:
        offer(conn, campaign, received_at=now())
        assert [] == asked(world)
        landed = now() - dt.timedelta(seconds=30)
        offer(conn, campaign, ["CA"] * 2, received_at=landed, first=10)
    [request] = asked(world)
    assert (JOB, landed.date().isoformat()) == (request.job_name, request.partition_key)
    assert "2" == request.tags["lead_pipeline/count"]


def test_the_sensor_asks_again_once_a_wallet_was_funded_and_no_longer_once_that_was_tried(
    world: Any, dagster: Any
) -> None:
    campaign, _ = market_of(world, balance_minor=0)
    long_ago = now() - dt.timedelta(minutes=5)
    with connect(world.url, autocommit=True) as conn:
        conn.execute("UPDATE market.versions SET valid_from = %s", [long_ago - dt.timedelta(minutes=1)])
        sell(conn, offer(conn, campaign, received_at=long_ago), run_at(long_ago))
        assert [] == asked(world)
        [(seller, buyer)] = conn.execute("SELECT workspace_id::text, buyer_id::text FROM market.buyers").fetchall()
        funded = run_at(now() - dt.timedelta(minutes=1))
        with conn.transaction():
            fund(conn, workspace_id=seller, buyer_id=buyer, amount_minor=PRICE, key="t", reason="test", run=funded)
    [request] = asked(world)
    assert world.run_job(dagster, name=JOB, day=dt.date.fromisoformat(request.partition_key)).success
    assert [] == asked(world)
    with connect(world.url, autocommit=True) as conn:
        assert ["bob"] == buyers_of(conn)


def test_every_hour_both_days_that_may_still_be_sold_are_offered_again() -> None:
    moment = dt.datetime(2026, 3, 1, 7, 5, tzinfo=dt.UTC)
    requests = campaign_distribution_schedule(build_schedule_context(scheduled_execution_time=moment))
    assert ["2026-02-28", "2026-03-01"] == [request.partition_key for request in requests]
    assert 2 == len({request.run_key for request in requests})
    config = {"ops": {"campaign_assignments": {"config": {"again": True}}}}
    assert [config, config] == [request.run_config for request in requests]
