"""Every fault that the sandbox can play, at every receiver: who goes on, what is seen, and what a re-run completes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.integration.fault_kinds import KINDS
from tests.integration.uploading import account_of, save

pytestmark = pytest.mark.integration

TIMEOUT = 0.25
BATCHES = "SELECT DISTINCT status FROM outbound.upload_batches"
ENRICHMENTS = "SELECT DISTINCT status FROM core.enrichments"
each_kind = pytest.mark.parametrize("kind", KINDS)


def run_small(world: Any, **more: Any) -> Any:
    return world.run_day(limit=3, timeout=TIMEOUT, **more)


def recover(world: Any) -> None:
    world.clear_faults()
    run = world.run_day(limit=3)
    assert [] == run.failed_queries
    assert [] == run.uploaded.waiting
    world.assert_whole()
    assert world.effects()


@each_kind
def test_a_search_that_fails_is_told_of_and_a_rerun_completes_it(world: Any, kind: str) -> None:
    world.fault("datashopper", kind, **KINDS[kind])
    run = run_small(world)
    assert sorted(world.topics) == sorted(run.failed_queries)
    assert [None] * 3 == [at for (at,) in world.rows("SELECT last_run_at FROM core.queries")]
    assert {} == world.effects()
    recover(world)


@each_kind
def test_leads_that_clay_does_not_answer_for_wait_and_the_rest_of_the_day_goes_on(world: Any, kind: str) -> None:
    world.fault("clay", kind, **KINDS[kind])
    run = run_small(world)
    assert [] == run.failed_queries
    leads = world.one("SELECT count(*) FROM core.leads")
    assert leads == world.one("SELECT count(*) FROM core.intent_scores")
    assert leads == world.one("SELECT count(*) FROM core.lead_assignments")
    assert {"failed": leads} == run.enriched
    assert [] == world.rows(
        "SELECT 1 FROM core.enrichments WHERE reason NOT LIKE '%%Clay%%' AND reason NOT LIKE '%%Sandbox%%'"
    )
    assert {} == world.effects()
    recover(world)


@each_kind
def test_a_lead_whose_address_cannot_be_verified_waits_and_the_others_go_on(world: Any, kind: str) -> None:
    world.fault("clay-verify", kind, **KINDS[kind])
    run = run_small(world)
    assert {"failed", "completed"} == set(run.enriched)
    assert 0 == world.one("SELECT count(*) FROM core.lead_contacts")
    recover(world)


@each_kind
def test_uploads_that_a_platform_does_not_answer_for_wait_in_sight(world: Any, kind: str) -> None:
    world.fault("platforms", kind, **KINDS[kind])
    run = run_small(world)
    assert {"completed"} >= {status for (status,) in world.rows(ENRICHMENTS)}
    if kind == "lost_answer":  # the platform can still be asked, and is
        assert [("confirmed",)] == world.rows(BATCHES)
        world.assert_whole()
    else:
        assert [("intended" if kind == "rate_limit" else "unknown",)] == world.rows(BATCHES)
        assert run.uploaded.waiting
        assert {} == {status: number for status, number in run.uploaded.counts.items() if status != "intended"}
        assert 0 == world.one("SELECT count(*) FROM outbound.billing_events")
        assert 0 == world.one("SELECT count(*) FROM outbound.upload_attempts WHERE outcome IS NULL OR error IS NULL")
    recover(world)


@each_kind
def test_a_world_where_half_of_all_calls_go_wrong_is_got_through(world: Any, kind: str) -> None:
    world.fault("*", kind, probability=0.5, **KINDS[kind])
    for _ in range(2):
        run_small(world)
        assert set(world.effects().values()) <= {1}
    recover(world)


def test_one_platform_that_is_down_does_not_hold_up_the_others(world: Any) -> None:
    world.fault("tech-platform", "error")
    run = run_small(world)
    assert ["tech-platform"] == [reason.partition(":")[0] for reason in run.uploaded.waiting]
    assert world.effects()
    recover(world)


def test_leads_wait_while_clay_refuses_the_key(world: Any) -> None:
    from lead_pipeline.errors import VendorRefused

    with pytest.raises(VendorRefused, match="401: check SANDBOX_KEY"):
        world.run_day(clay_key="wrong")
    assert [("pending",)] == world.rows(ENRICHMENTS)
    assert world.one("SELECT count(*) FROM core.leads") == world.one("SELECT count(*) FROM core.lead_assignments")
    world.run_day()
    world.assert_whole()


def test_a_platform_without_an_account_waits_with_its_reason(world: Any) -> None:
    kept = account_of(world, "tech-platform")
    world.execute("DELETE FROM outbound.platform_accounts WHERE platform = 'tech-platform'")
    run = world.run_day()
    [reason] = run.uploaded.waiting
    assert "lead-pipeline platforms set SLUG tech-platform" in reason
    assert world.effects()
    save(world, kept)
    assert [] == world.run_day().uploaded.waiting
    world.assert_whole()


@pytest.mark.parametrize(
    ("url", "api_key", "words"),
    [
        ("http://", "x", "Check its URL"),
        ("http://127.0.0.1:nine", "x", "Check its URL"),
        ("{sandbox}/platforms/tech-platform", "kéy", "header"),
        ("{sandbox}/platforms/tech-platform", "", "header"),
        ("{sandbox}/platforms/tech-platform", "wrong", "401"),
        ("http://127.0.0.1:9", "x", "could not be reached"),
    ],
    ids=["no host", "no port", "no ASCII", "no key", "wrong key", "nobody there"],
)
def test_an_account_that_does_not_work_holds_up_its_platform_only(
    world: Any, url: str, api_key: str, words: str
) -> None:
    kept = account_of(world, "tech-platform")
    save(world, replace(kept, url=url.format(sandbox=world.sandbox), credentials={"api_key": api_key}))
    run = world.run_day()
    [reason] = run.uploaded.waiting
    assert reason.startswith("tech-platform: ")
    assert words in reason
    assert world.effects()
    save(world, kept)
    assert [] == world.run_day().uploaded.waiting
    world.assert_whole()


def test_credentials_that_no_key_opens_hold_up_their_platform_only(world: Any) -> None:
    kept = account_of(world, "tech-platform")
    world.execute("UPDATE outbound.platform_accounts SET credentials_sealed = 'x' WHERE platform = 'tech-platform'")
    run = world.run_day()
    [reason] = run.uploaded.waiting
    assert "CREDENTIAL_KEYS" in reason
    assert world.effects()
    save(world, kept)
    assert [] == world.run_day().uploaded.waiting
    world.assert_whole()


def test_a_query_that_cannot_be_searched_does_not_stop_the_others(world: Any) -> None:
    world.execute("UPDATE core.queries SET filters = '{\"topics\": 1}' WHERE name = 'payments'")
    run = world.run_day()
    assert ["payments"] == run.failed_queries
    world.assert_whole()
    assert world.effects()


def test_runs_of_one_day_at_the_same_time_have_one_effect_each(world: Any) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda number: world.run_day(run_id=f"run-{number}"), range(4)))
    assert [[]] * 4 == [run.failed_queries for run in runs]
    world.assert_whole()
    sizes, record = world.table_sizes(), world.record()
    world.run_day()
    assert (sizes, record) == (world.table_sizes(), world.record())
