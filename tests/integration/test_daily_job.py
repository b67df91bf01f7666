"""The daily job as a whole, run by Dagster: what it makes, what a second run changes (nothing), what it retries."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from lead_pipeline.cli.dagster_home import prepare_dagster
from lead_pipeline.settings import load_settings
from lead_pipeline.steps.pull_companies import pull_companies
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_pages import validate_pages
from lead_pipeline.store.circuits import close_circuit
from lead_pipeline.store.connections import connect
from lead_pipeline.vendors.datashopper import SearchPage

pytestmark = pytest.mark.integration

ASSETS = {
    "raw_datashopper_companies", "raw_audience_labs_leads", "validated_leads", "quarantined_rows", "intent_scores",
    "routed_assignments", "clay_contacts", "platform_uploads", "lead_deliveries",
}  # fmt: skip
UPLOADED = "SELECT lead_id::text FROM outbound.platform_uploads WHERE status = 'confirmed'"


class Answering:
    """A company search that plays its pages, the last one for ever."""

    def __init__(self, pages: list[SearchPage]) -> None:
        self.pages, self.asked = pages, 0

    def search(self, *_: Any) -> SearchPage:
        self.asked += 1
        return self.pages[min(self.asked, len(self.pages)) - 1]


class Listening(httpx.HTTPTransport):
    """A real wire that keeps the leads that went over it, each with the platform it went to."""

    def __init__(self) -> None:
        super().__init__()
        self.leads: list[tuple[str, dict[str, Any]]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/leads/batch"):
            platform = request.url.path.split("/")[2]
            self.leads += [(platform, lead) for lead in json.loads(request.read())["leads"]]
        return super().handle_request(request)


def failures(result: Any) -> list[str]:
    return [f"{event.step_key}: {event.event_specific_data.error_display_string}" for event in step_failures(result)]


def step_failures(result: Any) -> list[Any]:
    return [event for event in result.all_events if event.is_step_failure]


def metadata_of(result: Any) -> dict[str, dict[str, Any]]:
    events = result.get_asset_materialization_events()
    return {
        event.asset_key.to_user_string(): {name: value.value for name, value in event.materialization.metadata.items()}
        for event in events
    }


def test_two_days_run_to_the_platforms_with_every_check_passed(world: Any, dagster: Any) -> None:
    next_day = world.day + dt.timedelta(days=1)
    for day in (world.day, next_day):
        result = world.run_job(dagster, day=day)
        assert [] == failures(result)
        checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
        assert {"every_row_is_accounted_for", "routing_can_be_recomputed"} <= set(checks)
        assert {True} == set(checks.values())
        shown = metadata_of(result)
        assert ASSETS == set(shown)
        for of_asset in shown.values():
            assert {"dagster/partition_row_count", "dagster/table_name", "dagster/column_schema", "drops"} <= set(
                of_asset
            )
            assert of_asset["dagster/column_schema"].columns
        rows = {name: of_asset["dagster/partition_row_count"] for name, of_asset in shown.items()}
        assert rows["validated_leads"] == rows["intent_scores"] == rows["routed_assignments"]
        assert rows["validated_leads"] == world.one("SELECT count(*) FROM core.leads WHERE day = %s", day)
        assert len(world.topics) == shown["raw_datashopper_companies"]["queries"]
        drops = shown["validated_leads"]["drops"]["datashopper"]
        assert drops["received"] == drops["accepted"] + drops["duplicate"] + drops["quarantined"]
        assert len(world.topics) * world.limit == drops["received"]
    world.assert_whole(world.day, next_day)
    assert 0 < world.one("SELECT count(*) FROM core.lead_sightings")


def asked(world: Any) -> dict[str, Any]:
    """The record without the one question of every run: which imports there are by now."""
    record = world.record()
    record["requests"].pop("/audience-labs/v1/imports", None)
    record["vendor_calls"].pop("audience-labs", None)
    return record


def test_a_second_run_of_a_day_changes_nothing_and_asks_for_nothing_again(world: Any, dagster: Any) -> None:
    assert [] == failures(world.run_job(dagster))
    sizes, record = world.table_sizes(), asked(world)
    assert [] == failures(again := world.run_job(dagster))
    assert sizes["core.leads"] == metadata_of(again)["validated_leads"]["dagster/partition_row_count"]
    for name in ("bulk_upload_process", "lead_enrichment", "platform_upload"):
        assert [] == failures(world.run_job(dagster, name=name))
    assert sizes == world.table_sizes()
    assert record == asked(world)


def test_dagster_keeps_its_runs_in_postgres(world: Any, dagster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster import AssetKey, DagsterInstance

    chosen = load_settings({**world.environment, "DAGSTER_DATABASE": "dagster_of_a_test"})
    for name, value in prepare_dagster(world.url, chosen, sandbox_url=world.sandbox).items():
        monkeypatch.setenv(name, value)
    with DagsterInstance.get() as instance:
        result = world.run_job(instance)
        assert [] == failures(result)
        assert instance.get_run_by_id(result.run_id).is_success
        assert {str(world.day)} == instance.get_materialized_partitions(AssetKey("platform_uploads"))
    world.assert_whole()


def test_a_query_takes_no_more_than_its_bound_over_runs_of_the_same_day(world: Any) -> None:
    taken = (
        "SELECT sum((headers ->> 'companies')::int), sum(received_rows) FROM raw.drops "
        "WHERE kind = 'vendor_page' GROUP BY query_id"
    )
    for limit in (7, 7, 3, 12):  # the vendor gave all that was asked for: a bound raised later holds from tomorrow
        run = world.run_day(limit=limit)
        assert [] == run.failed_queries
        assert {(7, 7)} == {tuple(map(int, sums)) for sums in world.rows(taken)}, limit
    world.assert_whole()


def test_the_51st_company_is_not_taken(world: Any) -> None:
    world.execute("UPDATE core.queries SET is_active = (name = 'payments')")
    for _ in range(2):
        world.run_day(limit=50)
        assert 50 == world.one("SELECT sum(received_rows) FROM raw.drops WHERE kind = 'vendor_page'")


def test_a_vendor_that_ignores_the_limit_is_cut_to_it(world: Any) -> None:
    world.execute("UPDATE core.queries SET is_active = (name = 'payments')")
    companies = [{"name": f"Company {number}", "website": f"c{number}.example"} for number in range(60)]
    vendor = Answering([SearchPage(json.dumps({"companies": companies}).encode(), companies, "more", {})])
    for _ in range(2):
        pull_companies(world.url, vendor, world.day, Run("r"), limit=50, concurrency=1)
    validate_pages(world.url, world.day)
    assert 1 == vendor.asked
    assert 50 == world.one("SELECT count(*) FROM core.leads")


def test_only_active_queries_run_and_note_when(world: Any) -> None:
    world.execute("UPDATE core.queries SET is_active = false WHERE name = 'payments'")
    before = dt.datetime.now(dt.UTC)
    run = world.run_day()
    assert {"cloud migration", "clinical software"} == {done.query.name for done in run.pulled}
    noted = dict(world.rows("SELECT name, last_run_at FROM core.queries"))
    assert noted["payments"] is None
    assert before <= noted["cloud migration"] <= dt.datetime.now(dt.UTC)
    world.run_day()
    assert noted["cloud migration"] < dict(world.rows("SELECT name, last_run_at FROM core.queries"))["cloud migration"]


def test_contacts_are_at_most_five_and_a_lead_without_domain_is_skipped_but_goes_on(world: Any) -> None:
    world.run_day(limit=1)
    [[lead]] = world.rows("SELECT lead_id::text FROM core.leads LIMIT 1")
    world.execute("DELETE FROM outbound.billing_events; DELETE FROM outbound.platform_uploads")
    world.execute("DELETE FROM outbound.upload_attempts; DELETE FROM outbound.upload_batches")
    world.execute("DELETE FROM core.lead_contacts WHERE lead_id = %s", lead)
    world.execute("DELETE FROM core.enrichments WHERE lead_id = %s", lead)
    world.execute("UPDATE core.leads SET domain = NULL WHERE lead_id = %s", lead)
    world.execute("UPDATE core.intent_scores SET band = 'hot' WHERE lead_id = %s", lead)
    httpx.post(f"{world.sandbox}/admin/reset").raise_for_status()
    world.run_day(limit=1)
    assert [("skipped", "no valid domain")] == world.rows(
        "SELECT status, reason FROM core.enrichments WHERE lead_id = %s", lead
    )
    world.assert_whole()
    assert lead in world.effects()
    assert 5 >= world.one("SELECT coalesce(max(contact_no), 0) FROM core.lead_contacts")


def test_what_a_platform_got_is_the_payload_as_stored_and_only_of_hot_and_warm_leads(world: Any) -> None:
    sent = Listening()
    world.run_day(wire=sent)
    stored = {
        lead: (platform, payload)
        for lead, platform, payload in world.rows(
            "SELECT u.lead_id::text, b.platform, u.payload FROM outbound.platform_uploads u "
            "JOIN outbound.upload_batches b USING (batch_key)"
        )
    }
    got = {lead["id"]: (platform, lead) for platform, lead in sent.leads}
    assert stored == got
    assert set(got) == set(world.effects())
    assert 1 < len({platform for platform, _ in got.values()})
    cold = {lead for (lead,) in world.rows("SELECT lead_id::text FROM core.intent_scores WHERE band = 'cold'")}
    assert cold
    assert not cold & set(got)
    billed = world.rows("SELECT lead_id::text, platform FROM outbound.billing_events WHERE kind = 'platform_upload'")
    assert {lead: platform for lead, (platform, _) in got.items()} == dict(billed)


def test_every_lead_names_the_rule_and_the_reason_that_decided(world: Any) -> None:
    world.run_day()
    decided = world.rows(
        "SELECT o.industry_group, w.slug, o.routing_rule_id IS NOT NULL, o.routing_metadata ->> 'routing_reason' "
        "FROM core.lead_overview o JOIN core.workspaces w ON w.workspace_id = o.destination_workspace_id"
    )
    winners = {"Technology": "tech", "Finance": "money"}
    expected = {group: (winners.get(group, "seller"), group in winners) for group, *_ in decided}
    assert expected == {group: (slug, has_rule) for group, slug, has_rule, _ in decided}
    assert {"tech", "money", "seller"} == {slug for _, slug, _, _ in decided}
    for group, _, has_rule, reason in decided:
        assert (f"Matched rule: {group}" if has_rule else "No matching rule") == reason


def test_a_permanent_error_is_final_and_keeps_its_words(world: Any, dagster: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("CLAY_API_KEY", "refused")
    monkeypatch.setenv("CLAY_API_URL", f"{world.sandbox}/clay/v1")
    result = world.run_job(dagster)
    failed = step_failures(result)
    assert ["clay_contacts"] == [event.step_key for event in failed]
    assert [] == [event for event in result.all_events if event.is_step_up_for_retry]
    assert "CLAY_API_KEY" in failures(result)[0]
    assert {"pending"} == {status for (status,) in world.rows("SELECT status FROM core.enrichments")}
    monkeypatch.delenv("CLAY_API_KEY")
    assert [] == failures(world.run_job(dagster))
    world.assert_whole()


def test_a_transient_error_is_tried_three_times_in_all(world: Any, dagster: Any) -> None:
    world.fault("datashopper", "reset")
    result = world.run_job(dagster)
    steps = [event.step_key for event in step_failures(result)]
    retries = [event.step_key for event in result.all_events if event.is_step_up_for_retry]
    assert ["raw_datashopper_companies"] == steps
    assert ["raw_datashopper_companies"] * 2 == retries
    for topic in world.topics:
        assert topic in failures(result)[0]
    world.clear_faults()
    with connect(world.url, autocommit=True) as conn:
        assert close_circuit(conn, "datashopper"), "ten attempts in a row that failed have opened it"
    assert [] == failures(world.run_job(dagster))
    world.assert_whole()


def test_a_platform_that_is_down_fails_no_run_and_is_seen(world: Any, dagster: Any) -> None:
    world.fault("platforms", "error")
    result = world.run_job(dagster)
    assert [] == failures(result)
    shown = metadata_of(result)["platform_uploads"]
    assert 0 < shown["still_waiting"]
    assert shown["dagster/partition_row_count"] == shown["uploads_intended"]
    world.clear_faults()
    assert [] == failures(world.run_job(dagster, name="platform_upload"))
    world.assert_whole()


def test_dagster_home_leaves_failed_steps_to_their_own_three_attempts(world: Any) -> None:
    import yaml

    home = prepare_dagster(world.url, load_settings(world.environment), sandbox_url=world.sandbox)["DAGSTER_HOME"]
    retries = yaml.safe_load((Path(home) / "dagster.yaml").read_text())["run_retries"]
    assert {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False} == retries
