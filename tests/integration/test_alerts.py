"""Alerts on a real database and against the sandbox's channel: once per breach, whoever watches and however often."""

import datetime as dt
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from dagster import (
    AssetKey,
    AssetSpec,
    DagsterInstance,
    DagsterRunStatus,
    Definitions,
    SkipReason,
    build_sensor_context,
    in_process_executor,
)

from lead_pipeline.domain.alerts import ROUTING, RUNS, SIGNATURES, UPLOADS, Figure
from lead_pipeline.errors import LeadPipelineError, OutcomeUnknown, VendorUnavailable
from lead_pipeline.orchestration.alerts import CHECKS, alert_channel, alerts_sensor, runs_since
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.watch import watch

pytestmark = pytest.mark.integration

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
NO_RUNS = Figure(RUNS, 0, 0)


class Told:
    """A channel that remembers, and fails while it is told to."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.is_down = False

    def send(self, name: str, text: str) -> None:
        if self.is_down:
            raise VendorUnavailable("the channel is down")
        self.texts.append(text)


def look(world: Any, channel: Any, now: dt.datetime = NOON, runs: Figure = NO_RUNS) -> dict[str, bool]:
    verdicts = watch(world.url, runs, channel, Run("test", clock=lambda: now))
    return {verdict.name: verdict.breached for verdict in verdicts}


def requests(world: Any, source: str, now: dt.datetime = NOON, **outcomes: int) -> None:
    for outcome, count in outcomes.items():
        world.execute("INSERT INTO raw.intake_counts VALUES (%s, %s, %s, %s)", source, outcome, now, count)


def uploads(world: Any, failed: int, completed: int, at: dt.datetime = NOON) -> None:
    world.execute(
        """
        WITH d AS (
            INSERT INTO raw.drops (source, kind, external_id, workspace_id, body, body_sha256, day, received_at)
            SELECT 'csv', 'csv', gen_random_uuid(), workspace_id, '', repeat('0', 64), '2026-03-02', now()
            FROM core.workspaces, generate_series(1, %s) WHERE slug = 'seller' RETURNING drop_id, workspace_id
        )
        INSERT INTO core.bulk_upload_jobs (drop_id, workspace_id, status, completed_at)
        SELECT drop_id, workspace_id, CASE WHEN row_number() OVER () <= %s THEN 'failed' ELSE 'completed' END, %s
        FROM d
        """,
        failed + completed,
        failed,
        at,
    )


def decisions(world: Any, matched: int, unmatched: int, rule_set: int = 1, seq: int = 1) -> None:
    """One decision a lead, from lead 1 on; the leads themselves are not asked about."""
    world.execute(
        """
        INSERT INTO core.lead_assignments
        SELECT lpad(n::text, 32, '0')::uuid, 'workspace', %s, gen_random_uuid(), %s, rule_id,
            CASE WHEN rule_id IS NOT NULL THEN 1 END, NULL, 'because', 'test', %s
        FROM generate_series(1, %s) n, LATERAL (SELECT CASE WHEN n <= %s THEN gen_random_uuid() END AS rule_id) r
        """,
        seq,
        rule_set,
        NOON,
        matched + unmatched,
        matched,
    )


def test_each_figure_is_counted_from_its_table(world: Any) -> None:
    assert {SIGNATURES: False, UPLOADS: False, ROUTING: False, RUNS: False} == look(world, Told())
    requests(world, "c2s", landed=19, invalid_signature=1)
    uploads(world, failed=1, completed=9)
    decisions(world, matched=40, unmatched=10)
    runs = Figure(RUNS, 1, 20)
    assert {SIGNATURES: False, UPLOADS: False, ROUTING: False, RUNS: False} == look(world, Told(), runs=runs)
    requests(world, "c2s", NOON - dt.timedelta(minutes=5), invalid_signature=1)
    uploads(world, failed=1, completed=0)
    decisions(world, matched=0, unmatched=1, seq=2)  # lead 1 is decided again: no rule matches
    told, runs = Told(), Figure(RUNS, 2, 20)
    assert {SIGNATURES: True, UPLOADS: True, ROUTING: True, RUNS: True} == look(world, told, runs=runs)
    assert [
        (SIGNATURES, 5, "9.52", 21, dt.timedelta(hours=24)),
        (UPLOADS, 10, "18.18", 11, dt.timedelta(hours=24)),
        (ROUTING, 80, "78.43", 51, dt.timedelta(hours=24)),
        (RUNS, 5, "10.00", 20, dt.timedelta(hours=24)),
    ] == world.rows(
        "SELECT name, threshold, round(figure, 2)::text, counted, time_window FROM core.alerts ORDER BY alert_id"
    )
    assert 4 == len(told.texts)


def test_only_the_last_day_sources_that_sign_and_workspaces_with_rules_are_counted(world: Any) -> None:
    requests(world, "c2s", NOON - dt.timedelta(hours=25), invalid_signature=100)
    requests(world, "supplier", refused=100)
    requests(world, "clay", landed=20)
    uploads(world, failed=10, completed=0, at=NOON - dt.timedelta(hours=25))
    decisions(world, matched=0, unmatched=60, rule_set=0)
    assert not any(look(world, Told()).values())


def test_people_are_told_once_per_breach_over_many_looks_and_again_after_a_recovery(world: Any) -> None:
    told = Told()
    requests(world, "c2s", landed=10, invalid_signature=10)
    for minute in range(5):
        look(world, told, NOON + dt.timedelta(minutes=minute))
    assert 1 == len(told.texts)
    later = NOON + dt.timedelta(hours=25)
    look(world, told, later)
    look(world, told, later)
    assert ["ALERT", "RECOVERED"] == [text.split()[0] for text in told.texts]
    requests(world, "c2s", later, invalid_signature=20)
    look(world, told, later)
    assert ["ALERT", "RECOVERED", "ALERT"] == [text.split()[0] for text in told.texts]
    assert [(True, True), (True, False)] == world.rows(
        "SELECT notified_at IS NOT NULL, closed_at IS NOT NULL FROM core.alerts ORDER BY alert_id"
    )


def test_of_many_who_watch_at_once_one_tells(world: Any) -> None:
    told, gate = Told(), threading.Barrier(8)
    requests(world, "c2s", landed=10, invalid_signature=10)

    def one(_: int) -> None:
        gate.wait()
        look(world, told)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(8)))
    assert 1 == len(told.texts)
    assert 1 == world.one("SELECT count(*) FROM core.alerts")


def test_a_channel_that_was_down_is_told_when_it_is_back(world: Any) -> None:
    told = Told()
    requests(world, "c2s", landed=10, invalid_signature=10)
    told.is_down = True
    assert look(world, told)[SIGNATURES]
    assert [(None, None)] == world.rows("SELECT notified_at, closed_at FROM core.alerts")
    told.is_down = False
    look(world, told)
    assert ["ALERT"] == [text.split()[0] for text in told.texts]
    # The all-clear waits for the channel too, and the alert is open until then.
    told.is_down = True
    later = NOON + dt.timedelta(hours=25)
    look(world, told, later)
    assert 1 == world.one("SELECT count(*) FROM core.alerts WHERE closed_at IS NULL")
    told.is_down = False
    look(world, told, later)
    assert ["ALERT", "RECOVERED"] == [text.split()[0] for text in told.texts]


def test_a_breach_that_nobody_was_told_of_needs_no_all_clear(world: Any) -> None:
    told = Told()
    requests(world, "c2s", landed=10, invalid_signature=10)
    told.is_down = True
    look(world, told)
    told.is_down = False
    look(world, told, NOON + dt.timedelta(hours=25))
    assert ([], 0) == (told.texts, world.one("SELECT count(*) FROM core.alerts WHERE closed_at IS NULL"))


def slack(world: Any) -> Any:
    from lead_pipeline.settings import load_settings

    return alert_channel(load_settings({"ALERT_WEBHOOK_URL": f"{world.sandbox}/alerts"}))


def test_the_webhook_receives_what_slack_would(world: Any) -> None:
    requests(world, "c2s", landed=10, invalid_signature=10)
    with slack(world) as channel:
        look(world, channel)
    [body] = world.record()["alerts"]
    assert {"text"} == set(body)
    assert body["text"].startswith(f"ALERT {SIGNATURES}. Webhooks with a wrong signature: 50 % (10 of 20 requests")
    assert "Signatures that are refused" in body["text"]


@pytest.mark.parametrize(("kind", "arrived"), [("error", 1), ("reset", 1), ("rate_limit", 1), ("lost_answer", 2)])
def test_a_channel_with_a_fault_is_told_at_the_next_look(world: Any, kind: str, arrived: int) -> None:
    requests(world, "c2s", landed=10, invalid_signature=10)
    world.fault("alerts", kind, times=1, retry_after=0.1)
    with slack(world) as channel:
        for _ in range(3):
            look(world, channel)
    assert arrived == len(world.record()["alerts"])
    assert 1 == world.one("SELECT count(*) FROM core.alerts WHERE notified_at IS NOT NULL")


def test_slacks_control_characters_are_escaped(world: Any) -> None:
    with slack(world) as channel:
        channel.send("name", "a < b & c > d")
    assert [{"text": "a &lt; b &amp; c &gt; d"}] == world.record()["alerts"]


def test_the_webhooks_address_is_in_no_log_and_no_error(world: Any, caplog: Any, capsys: Any) -> None:
    from lead_pipeline.settings import load_settings

    caplog.set_level(logging.INFO)
    secret = "T0123SECRET"
    settings = load_settings({"ALERT_WEBHOOK_URL": f"{world.sandbox}/alerts/{secret}"})
    with alert_channel(settings) as channel, pytest.raises(LeadPipelineError) as refused:
        channel.send("name", "text")
    assert "check ALERT_WEBHOOK_URL" in str(refused.value)
    world.fault("alerts", "reset", times=1)
    settings = load_settings({"ALERT_WEBHOOK_URL": f"{world.sandbox}/alerts?{secret}"})
    with alert_channel(settings) as channel:
        with pytest.raises(OutcomeUnknown) as broken:
            channel.send("name", "text")
        channel.send("name", "text")
    said = [caplog.text, *capsys.readouterr(), str(refused.value), str(broken.value)]
    assert not any(secret in words or "/alerts" in words for words in said)


@pytest.mark.parametrize(
    ("body", "answer"), [(b"{", "invalid_payload"), (b"[]", "invalid_payload"), (b"{}", "no_text")]
)
def test_the_sandboxs_channel_refuses_as_slack_does(world: Any, body: bytes, answer: str) -> None:
    refused = httpx.post(f"{world.sandbox}/alerts", content=body)
    assert (400, answer) == (refused.status_code, refused.text)
    taken = httpx.post(f"{world.sandbox}/alerts", json={"text": "hello"})
    assert (200, "ok") == (taken.status_code, taken.text)


@pytest.fixture
def with_pipeline(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ALERT_WEBHOOK_URL", f"{world.sandbox}/alerts")
    return world


def tick(instance: DagsterInstance, cursor: str | None) -> Any:
    with build_sensor_context(instance=instance, cursor=cursor, resources={"pipeline": Pipeline()}) as context:
        return alerts_sensor(context)


def test_the_sensor_tells_and_shows_a_verdict_only_when_it_changes(with_pipeline: Any) -> None:
    world, now = with_pipeline, dt.datetime.now(dt.UTC)
    with DagsterInstance.ephemeral() as instance:
        first = tick(instance, None)
        assert 4 == len(first.asset_events)
        assert all(event.passed for event in first.asset_events)
        requests(world, "c2s", now, landed=10, invalid_signature=10)
        second = tick(instance, first.cursor)
        [event] = second.asset_events
        assert ("few_signatures_are_wrong", False) == (event.check_name, event.passed)
        assert {"more than 5 %", "50 %", "24 hours"} <= {value.value for value in event.metadata.values()}
        third = tick(instance, second.cursor)
        assert [] == list(third.asset_events)
    assert 1 == len(world.record()["alerts"])


def test_a_sensor_without_a_database_skips_with_words(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    with DagsterInstance.ephemeral() as instance:
        skipped = tick(instance, None)
    assert isinstance(skipped, SkipReason)
    assert "Postgres does not answer" in skipped.skip_message


def test_runs_are_counted_by_job_where_one_failed(world: Any) -> None:
    from dagster import job

    def named(name: str) -> Any:
        @job(name=name)
        def made() -> None:
            """Nothing is done."""

        return made

    with DagsterInstance.ephemeral() as instance:
        started = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
        for name, statuses in {
            "good": [DagsterRunStatus.SUCCESS] * 3,
            "bad": [DagsterRunStatus.FAILURE, DagsterRunStatus.SUCCESS, DagsterRunStatus.CANCELED],
        }.items():
            for status in statuses:
                instance.create_run_for_job(named(name), status=status)
        assert Figure(RUNS, 1, 5, {"bad": (1, 2)}) == runs_since(instance, started)
        assert Figure(RUNS, 0, 0) == runs_since(instance, dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))


def test_the_checks_of_assets_that_others_write_run_by_themselves(with_pipeline: Any) -> None:
    requests(with_pipeline, "c2s", dt.datetime.now(dt.UTC), invalid_signature=30)
    specs = [
        AssetSpec(name) for name in ("raw_webhook_drops", "raw_csv_uploads", "routed_assignments", "validated_leads")
    ]
    graph = Definitions(
        assets=specs, asset_checks=CHECKS, resources={"pipeline": Pipeline()}, executor=in_process_executor
    )
    with DagsterInstance.ephemeral() as instance:
        done = graph.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
    found = {check.check_name: check for check in done.get_asset_check_evaluations()}
    assert {
        "few_signatures_are_wrong": False,
        "few_uploads_fail": True,
        "most_leads_match_a_rule": True,
        "few_runs_fail": True,
    } == {name: check.passed for name, check in found.items()}
    wrong = found["few_signatures_are_wrong"]
    assert AssetKey("raw_webhook_drops") == wrong.asset_key
    assert {"threshold", "figure", "window", "counted"} <= set(wrong.metadata)
