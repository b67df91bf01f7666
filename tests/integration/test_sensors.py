"""Sensors on a real database and instance of Dagster: what they ask for, what they do not, and what the runs do."""

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetCheckSeverity,
    DagsterInstance,
    DagsterRunStatus,
    RunRequest,
    SensorResult,
    SkipReason,
    build_sensor_context,
)

from lead_pipeline.orchestration import sensors
from lead_pipeline.orchestration.demand import JOB_OF_SOURCE
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.reap_uploads import MAX_IMPORTS
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, held, land
from lead_pipeline.store.workspaces import workspace_id

pytestmark = pytest.mark.integration

TODAY = dt.datetime.now(dt.UTC).date()
LEADS = {"datashopper": "leads.single", "audience-labs": "import.batch", "c2s": "on_create_lead"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensors, "LISTEN_SECONDS", 0)


def body_of(source: str, number: int, **more: Any) -> dict[str, Any]:
    lead = {
        "full_name": f"Person {number}", "email": f"person{number}@firm{number}.example", "country": "US",
        "company_name": f"Firm {number}", "website": f"https://firm{number}.example", "industry": "Software", **more,
    }  # fmt: skip
    if source == "datashopper":
        return {"event_type": "leads.single", "lead": lead}
    if source == "audience-labs":
        return {"event_type": "import.batch", "leads": [lead]}
    customer = {"name": lead["full_name"], "email": lead["email"]}
    return {"id": f"c{number}", "attributes": {"customer": customer}, "hook_action": "on_create_lead"}


def land_drop(world: Any, source: str, name: str, body: object, *, kind: str = "webhook", age: float = 0,
              event_type: str | None = None, stage: str = "landed", day: dt.date = TODAY) -> int:  # fmt: skip
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with connect(world.url) as conn:
        drop_id, is_new = land(
            conn,
            Landing(
                source=source,
                kind=kind,
                event_type=event_type,
                external_id=f"event/{name}",
                workspace_id=workspace_id(conn, "seller"),
                day=day,
                received_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age),
                body=raw,
                body_sha256=hashlib.sha256(raw).hexdigest(),
                stage=stage,
            ),
        )
    assert is_new
    return drop_id


def land_leads(world: Any, source: str, *numbers: int, **more: Any) -> list[int]:
    return [land_drop(world, source, str(n), body_of(source, n, **more), event_type=LEADS[source]) for n in numbers]


def tick(name: str, instance: Any, cursor: str | None = None) -> SensorResult | SkipReason:
    """One evaluation of a sensor, as the daemon has it done."""
    from lead_pipeline.definitions import defs

    found = {one.name: one for one in sensors.SENSORS}[name]
    with build_sensor_context(
        instance=instance, cursor=cursor, definitions=defs, resources={"pipeline": Pipeline()}
    ) as context:
        return found(context)


def requests(answer: SensorResult | SkipReason) -> list[RunRequest]:
    return [] if isinstance(answer, SkipReason) else list(answer.run_requests or [])


def run(instance: Any, request: RunRequest) -> Any:
    """The run of a request, in this process. The result is returned, failed or not."""
    from lead_pipeline.definitions import defs

    job = defs.resolve_job_def(request.job_name)
    config = dict(request.run_config) or (job.get_run_config_for_partition_key(request.partition_key) or {})
    return job.execute_in_process(
        instance=instance, partition_key=request.partition_key, tags=dict(request.tags), raise_on_error=False,
        run_config={**config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
    )  # fmt: skip


def in_flight(instance: DagsterInstance, request: RunRequest, status: DagsterRunStatus) -> str:
    from lead_pipeline.definitions import defs

    job = defs.resolve_job_def(request.job_name)
    tags = {**request.tags, "dagster/partition": request.partition_key or ""}
    return instance.create_run_for_job(job, status=status, tags=tags).run_id


def passed(result: Any) -> bool:
    """Whether a run went through and every check of it that is no mere warning holds."""
    checks = result.get_asset_check_evaluations()
    return result.success and all(one.passed or one.severity == AssetCheckSeverity.WARN for one in checks)


def test_many_drops_are_one_run_a_job_and_day(world: Any, dagster: Any) -> None:
    ids = land_leads(world, "datashopper", *range(1, 21))
    land_leads(world, "c2s", 1)
    asked = {request.job_name: request for request in requests(tick("webhook_drops", dagster))}
    assert {"lead_enrich_from_datashopper", "lead_import_from_c2s"} == set(asked)
    request = asked["lead_enrich_from_datashopper"]
    assert (None, str(TODAY)) == (request.run_key, request.partition_key)
    tags = {"lead_pipeline/drops": f"{ids[0]}-{ids[-1]}", "lead_pipeline/count": "20"}
    assert tags.items() <= request.tags.items()


@pytest.mark.parametrize("source", LEADS)
def test_the_run_that_is_asked_for_routes_the_leads_with_all_checks_passed(
    world: Any, dagster: Any, source: str
) -> None:
    land_leads(world, source, 1, 2)
    [request] = requests(tick("webhook_drops", dagster))
    assert JOB_OF_SOURCE[source] == request.job_name
    result = run(dagster, request)
    assert passed(result)
    assert [("routed", 2)] == world.rows("SELECT stage, count(*) FROM raw.drops WHERE kind = 'webhook' GROUP BY stage")
    assert 2 == world.one("SELECT count(*) FROM core.lead_assignments")
    assert [] == requests(tick("webhook_drops", dagster))


def test_a_job_decides_only_its_own_sources_and_the_daily_job_all(world: Any, dagster: Any) -> None:
    for source in LEADS:
        land_leads(world, source, 1)
    [request] = [one for one in requests(tick("webhook_drops", dagster)) if one.job_name == "lead_import_from_c2s"]
    assert passed(run(dagster, request))
    assert [("c2s",)] == world.rows("SELECT source FROM raw.drops WHERE stage = 'routed'")
    assert passed(world.run_job(dagster, name="daily_lead_generation", day=TODAY))
    assert {"routed"} == {stage for (stage,) in world.rows("SELECT stage FROM raw.drops WHERE kind = 'webhook'")}


def test_no_run_is_asked_for_while_one_of_the_same_work_is_in_flight(world: Any, dagster: Any) -> None:
    land_leads(world, "datashopper", 1)
    [request] = requests(tick("webhook_drops", dagster))
    run_id = in_flight(dagster, request, DagsterRunStatus.STARTING)
    skipped = tick("webhook_drops", dagster)
    assert isinstance(skipped, SkipReason)
    assert run_id[:8] in str(skipped.skip_message)
    land_leads(world, "c2s", 1)
    assert ["lead_import_from_c2s"] == [one.job_name for one in requests(tick("webhook_drops", dagster))]


def test_a_run_that_has_failed_is_not_followed_at_once(world: Any, dagster: Any) -> None:
    land_leads(world, "datashopper", 1)
    [request] = requests(tick("webhook_drops", dagster))
    in_flight(dagster, request, DagsterRunStatus.FAILURE)
    skipped = tick("webhook_drops", dagster)
    assert isinstance(skipped, SkipReason)
    assert "has failed" in str(skipped.skip_message)


def test_a_tick_that_fails_says_so_and_loses_nothing(world: Any, dagster: Any, monkeypatch: Any) -> None:
    land_leads(world, "datashopper", 1)
    with monkeypatch.context() as away:
        away.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
        for name in ("webhook_drops", "leads_to_enrich", "leads_to_upload", "bulk_uploads", "admin_requests",
                     "intake_observations"):  # fmt: skip
            skipped = tick(name, dagster)
            assert isinstance(skipped, SkipReason), name
            assert "Postgres does not answer" in str(skipped.skip_message), name
    assert 1 == len(requests(tick("webhook_drops", dagster)))


def test_a_supplier_lead_is_left_to_its_request_for_a_while_and_a_repair_is_not(world: Any, dagster: Any) -> None:
    lead = {"campaignId": "c", "categoryId": "k", "data": {"full_name": "A B", "email": "a.b@firm.example"}}
    young = land_drop(world, "supplier", "young", lead, kind="supplier_lead")
    assert [] == requests(tick("webhook_drops", dagster))
    old = land_drop(world, "supplier", "old", {**lead, "campaignId": "d"}, kind="supplier_lead", age=11)
    [request] = requests(tick("webhook_drops", dagster))
    assert ("supplier_lead_process", f"{old}-{old}") == (request.job_name, request.tags["lead_pipeline/drops"])
    repair = land_drop(world, "repair", "r", b"", kind="repair")
    [request] = requests(tick("webhook_drops", dagster))
    assert f"{old}-{repair}" == request.tags["lead_pipeline/drops"]
    assert passed(run(dagster, request))
    assert {young, old, repair} == {one for (one,) in world.rows("SELECT drop_id FROM raw.drops WHERE stage='routed'")}


def test_a_drop_that_cannot_be_read_is_set_aside_and_the_checks_hold(world: Any, dagster: Any) -> None:
    land_drop(world, "datashopper", "junk", b"\x00{", event_type="leads.single")
    land_leads(world, "datashopper", 1)
    [request] = requests(tick("webhook_drops", dagster))
    assert passed(run(dagster, request))
    assert [("quarantined", 1), ("routed", 0)] == world.rows(
        "SELECT stage, quarantined_rows::int FROM raw.drops ORDER BY stage"
    )


def test_leads_of_webhooks_are_enriched_and_uploaded_without_a_touch(world: Any, dagster: Any) -> None:
    strong = [{"signal_strength": "very_high", "topic": "payments", "strength": "very high"}] * 3
    land_leads(world, "datashopper", 1, 2, signals=strong)
    run(dagster, requests(tick("webhook_drops", dagster))[0])
    world.execute("UPDATE core.intent_scores SET band = 'hot'")
    assert [] == requests(tick("leads_to_upload", dagster))
    [enriching] = requests(tick("leads_to_enrich", dagster))
    assert ("lead_enrichment", "2") == (enriching.job_name, enriching.tags["lead_pipeline/count"])
    assert passed(run(dagster, enriching))
    assert [] == requests(tick("leads_to_enrich", dagster))
    [uploading] = requests(tick("leads_to_upload", dagster))
    assert passed(run(dagster, uploading))
    assert [] == requests(tick("leads_to_upload", dagster))
    assert [1, 1] == list(world.effects().values())


def test_a_vendor_that_fails_is_asked_once_by_itself_and_again_by_a_person(world: Any, dagster: Any) -> None:
    land_leads(world, "datashopper", 1)
    run(dagster, requests(tick("webhook_drops", dagster))[0])
    world.fault("clay", "error")
    [enriching] = requests(tick("leads_to_enrich", dagster))
    assert run(dagster, enriching).success
    assert [("failed",)] == world.rows("SELECT status FROM core.enrichments")
    assert [] == requests(tick("leads_to_enrich", dagster))
    world.clear_faults()
    assert run(dagster, enriching).success
    assert [("failed",)] == world.rows("SELECT status FROM core.enrichments")
    assert world.run_job(dagster, name="lead_enrichment", day=TODAY).success
    assert [("completed",)] == world.rows("SELECT status FROM core.enrichments")


def upload(world: Any, tmp_path: Path, name: str = "leads.csv") -> int:
    path = tmp_path / name
    path.write_text(f"full_name,email\nAnn Lee,ann@{name}.example\nBob Ray,bob@{name}.example\n")
    return land_csv(world.url, str(world.var / "blobs"), path, "seller", reading=Reading(), run=Run("u")).drop_id


def silence(world: Any, drop_id: int, attempts: int, seconds: float) -> None:
    world.execute(
        "UPDATE core.bulk_upload_jobs SET attempts = %s, updated_at = now() - make_interval(secs => %s) "
        "WHERE drop_id = %s", attempts, seconds, drop_id,
    )  # fmt: skip


def test_a_fresh_upload_gets_its_run_at_once_and_is_imported(world: Any, dagster: Any, tmp_path: Path) -> None:
    drop_id = upload(world, tmp_path)
    [request] = requests(tick("bulk_uploads", dagster))
    assert ("bulk_upload_process", f"{drop_id}-{drop_id}") == (request.job_name, request.tags["lead_pipeline/drops"])
    assert passed(run(dagster, request))
    assert [("completed", 2)] == world.rows("SELECT status, successful_records::int FROM core.bulk_upload_jobs")
    assert [] == requests(tick("bulk_uploads", dagster))


def test_an_upload_that_is_being_imported_is_left_alone(world: Any, dagster: Any, tmp_path: Path) -> None:
    drop_id = upload(world, tmp_path)
    with connect(world.url, autocommit=True) as other, held(other, drop_id):
        for attempts in (0, 1, MAX_IMPORTS):
            silence(world, drop_id, attempts, 3600)
            assert [] == requests(tick("bulk_uploads", dagster))
    assert [("processing",)] == world.rows("SELECT status FROM core.bulk_upload_jobs")


def test_an_upload_whose_run_died_is_resumed_twice_and_then_closed_with_words(
    world: Any, dagster: Any, tmp_path: Path
) -> None:
    drop_id = upload(world, tmp_path)
    for attempts in (1, 2):
        silence(world, drop_id, attempts, 299)
        assert [] == requests(tick("bulk_uploads", dagster))
        silence(world, drop_id, attempts, 301)
        assert 1 == len(requests(tick("bulk_uploads", dagster)))
    silence(world, drop_id, MAX_IMPORTS, 301)
    assert [] == requests(tick("bulk_uploads", dagster))
    [[status, errors]] = world.rows("SELECT status, error_log FROM core.bulk_upload_jobs")
    assert "failed" == status
    assert "died 3 times" in errors[0]["error"]


def test_a_request_for_a_query_pulls_just_that_one_once(world: Any, dagster: Any) -> None:
    [[query]] = world.rows("SELECT query_id::text FROM core.queries WHERE name = 'payments'")
    drop_id = land_drop(world, "admin", "1", {"query_id": query}, kind="request", stage="kept",
                        event_type="trigger-lead-generation")  # fmt: skip
    answer = tick("admin_requests", dagster)
    [request] = requests(answer)
    assert f"request-{drop_id}" == request.run_key
    assert run(dagster, request).success
    assert [(query,)] == world.rows("SELECT DISTINCT query_id::text FROM raw.drops WHERE kind = 'vendor_page'")
    assert isinstance(tick("admin_requests", dagster, answer.cursor), SkipReason)
    assert [f"request-{drop_id}"] == [one.run_key for one in requests(tick("admin_requests", dagster))]


def test_a_request_for_a_lead_asks_about_just_that_one_even_if_it_failed(world: Any, dagster: Any) -> None:
    land_leads(world, "datashopper", 1, 2)
    run(dagster, requests(tick("webhook_drops", dagster))[0])
    world.fault("clay", "error")
    assert run(dagster, requests(tick("leads_to_enrich", dagster))[0]).success
    world.clear_faults()
    [[lead], [other]] = world.rows("SELECT lead_id::text FROM core.leads ORDER BY lead_id")
    land_drop(world, "admin", "1", {"lead_id": lead}, kind="request", stage="kept", event_type="trigger-enrichment")
    [request] = requests(tick("admin_requests", dagster))
    assert run(dagster, request).success
    states = dict(world.rows("SELECT lead_id::text, status FROM core.enrichments"))
    assert {lead: "completed", other: "failed"} == states
    assert run(dagster, request).success


def test_a_request_that_commits_late_is_not_lost(world: Any, dagster: Any) -> None:
    [[query]] = world.rows("SELECT query_id::text FROM core.queries WHERE name = 'payments'")
    names = {"kind": "request", "stage": "kept", "event_type": "trigger-lead-generation"}
    late = land_drop(world, "admin", "late", {"query_id": query}, **names)
    land_drop(world, "admin", "early", {"query_id": query}, **names)
    world.execute("UPDATE raw.drops SET source = 'hidden' WHERE drop_id = %s", late)
    answer = tick("admin_requests", dagster)
    world.execute("UPDATE raw.drops SET source = 'admin' WHERE drop_id = %s", late)
    assert [f"request-{late}"] == [one.run_key for one in requests(tick("admin_requests", dagster, answer.cursor))]


def test_arrivals_are_observed_once_with_their_counts(world: Any, dagster: Any) -> None:
    land_leads(world, "datashopper", 1, 2)
    land_drop(world, "datashopper", "junk", b"{", event_type=None)
    first = tick("intake_observations", dagster)
    [seen] = first.asset_events
    counts = {name: value.value for name, value in seen.metadata.items() if name != "by_source_and_event"}
    assert ("raw_webhook_drops", str(TODAY)) == (seen.asset_key.to_user_string(), seen.partition)
    assert (3, 3, 0, 0) == tuple(counts[name] for name in ("drops", "waiting", "received", "refused_whole"))
    again = tick("intake_observations", dagster, first.cursor)
    assert [] == again.asset_events
    run(dagster, requests(tick("webhook_drops", dagster))[0])
    second = tick("intake_observations", dagster, again.cursor)
    counts = {name: getattr(value, "value", None) for name, value in second.asset_events[0].metadata.items()}
    assert (3, 0, 2, 1, 1) == tuple(
        counts[name] for name in ("drops", "waiting", "accepted", "quarantined", "refused_whole")
    )
    assert [] == tick("intake_observations", dagster, second.cursor).asset_events
    assert 1 == len(tick("intake_observations", dagster).asset_events)
