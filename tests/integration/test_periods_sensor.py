"""The sensor of periods on a real database and instance of Dagster, and the runs that it asks for."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from dagster import AssetCheckSeverity, DagsterRun, DagsterRunStatus, SkipReason, build_sensor_context

from lead_pipeline.orchestration.periods_due import GRACE, periods_due
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.missing_periods import Missing, missing_periods
from lead_pipeline.steps.reset_credits import reset_credits
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from tests.integration import small_market

pytestmark = pytest.mark.integration


def tick(instance):
    """One evaluation, as the daemon has it done: the requests by job, or the words of the skip."""
    from lead_pipeline.definitions import defs

    with build_sensor_context(instance=instance, definitions=defs, resources={"pipeline": Pipeline()}) as context:
        answer = periods_due(context)
    return answer.skip_message if isinstance(answer, SkipReason) else {one.job_name: one for one in answer.run_requests}


def run(instance, job):
    """A real run of a job in this process; every check must hold."""
    from lead_pipeline.definitions import defs

    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    result = defs.resolve_job_def(job).execute_in_process(instance=instance, run_config=quiet)
    assert all(check.passed for check in result.get_asset_check_evaluations())
    [made] = result.get_asset_materialization_events()
    return {name: value.value for name, value in made.materialization.metadata.items()}


def fill(world, now):
    """A page of a week that is due, a sale of a day and usage of a month that have ended."""
    week = (now - timedelta(days=21)).date()
    world.execute(
        """
        INSERT INTO raw.drops (drop_id, source, kind, external_id, workspace_id, query_id, body, body_sha256, day,
            received_at, stage)
        OVERRIDING SYSTEM VALUE
        SELECT 99, 'datashopper', 'vendor_page', 'x', workspace_id, query_id, '', repeat('0', 64), %s, %s, 'routed'
        FROM core.queries LIMIT 1
        """,
        week, now,
    )  # fmt: skip
    with connect(world.url, autocommit=True) as conn:
        small_market.fill(conn)
    noon = f"Etc/GMT{now.hour - 12:+d}"  # where it is noon: POSIX counts west of Greenwich
    world.execute("UPDATE core.workspaces SET time_zone = %s", noon)
    world.execute("UPDATE outbound.destinations SET summary_hour = 0")
    world.execute(
        "UPDATE core.lead_assignments SET decided_at = %s WHERE destination_kind = 'buyer'", now - timedelta(days=1)
    )
    world.execute(
        "INSERT INTO outbound.usage_log (delivery_id, workspace_id, channel, provider, units, currency, base_micros, "
        "markup_percent, markup_micros, run_id, occurred_at) "
        "VALUES (gen_random_uuid(), %s, 'email', 'resend', 1, 'USD', 400, 15, 60, 'r', %s)",
        small_market.WORKSPACE, datetime.combine(now.date().replace(day=1), time(0), UTC) - timedelta(days=40),
    )  # fmt: skip


def test_what_is_missing_is_asked_for_once_done_by_its_run_and_then_nothing_is_due(world, dagster):
    now = datetime.now(UTC)
    fill(world, now)
    asked = tick(dagster)
    assert {"credit_reset", "weekly_trends", "daily_summary", "usage_statement_close"} == set(asked)
    today = (now - GRACE).date()
    assert {"lead_pipeline/period": today.isoformat(), "lead_pipeline/count": "1"}.items() <= asked[
        "credit_reset"
    ].tags.items()
    made = {job: run(dagster, job) for job in asked}
    assert (True, 1, 3, 1) == (
        made["credit_reset"]["is_new"],
        made["weekly_trends"]["dagster/row_count"],
        made["daily_summary"]["summaries_written"],
        made["usage_statement_close"]["statements_closed"],
    )
    assert "nothing is due" == tick(dagster)
    before = world.table_sizes()
    again = {job: run(dagster, job) for job in asked}
    assert (False, 0, 0, 0) == (
        again["credit_reset"]["is_new"],
        again["weekly_trends"]["dagster/row_count"],
        again["daily_summary"]["summaries_written"],
        again["usage_statement_close"]["statements_closed"],
    )
    assert before == world.table_sizes()


def test_a_run_that_is_under_way_is_waited_for(world, dagster):
    run_id = dagster.add_run(DagsterRun(job_name="credit_reset", status=DagsterRunStatus.STARTED)).run_id
    today = (datetime.now(UTC) - GRACE).date()
    assert f"credit_reset of {today}: run {run_id[:8]} is about to take it up" == tick(dagster)


def test_a_database_that_does_not_answer_is_a_skip_with_words(world, dagster, monkeypatch):
    url = world.url
    monkeypatch.setattr(Pipeline, "url", property(lambda _: f"{url}_gone"))
    words = tick(dagster)
    assert words.startswith("it could not be read what is due, the next tick reads again: Postgres does not answer")


def test_a_week_that_waits_for_a_page_is_warned_of_and_ends_no_run(world, dagster):
    from lead_pipeline.definitions import defs

    fill(world, datetime.now(UTC))
    world.execute("UPDATE raw.drops SET stage = 'landed' WHERE kind = 'vendor_page'")
    result = defs.resolve_job_def("weekly_trends").execute_in_process(instance=dagster)
    [check] = result.get_asset_check_evaluations()
    assert (False, AssetCheckSeverity.WARN, 0) == (
        check.passed, check.severity, world.one("SELECT count(*) FROM core.topic_trends")
    )  # fmt: skip
    assert "weekly_trends" not in tick(dagster)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def missing(world, now):
    with connect(world.url, autocommit=True) as conn:
        return missing_periods(conn, now)


def test_a_reset_is_missing_from_midnight_on_until_it_is_done(world):
    reset_credits(world.url, Run("test", lambda: at("2026-03-01 00:00")))
    assert [] == missing(world, at("2026-03-01 23:59"))
    assert [Missing("reset", date(2026, 3, 2), 1)] == missing(world, at("2026-03-02 00:00"))
    assert [Missing("reset", date(2026, 4, 2), 1)] == missing(world, at("2026-04-02 10:00"))
    reset_credits(world.url, Run("test", lambda: at("2026-04-03 00:01")))
    assert [] == missing(world, at("2026-04-02 23:59"))  # nobody has that day's done any more


def test_weeks_are_missing_from_their_sunday_on_and_months_from_an_hour_after_their_end(world):
    fill(world, at("2026-03-25 00:00"))  # a page of Wednesday, 4 March, and usage of 20 January
    reset_credits(world.url, Run("test", lambda: at("2026-03-15 03:00")))
    usage = Missing("statements", date(2026, 2, 1), 1)
    assert [usage] == missing(world, at("2026-03-15 02:59"))
    assert [Missing("trends", date(2026, 3, 2), 1), usage] == missing(world, at("2026-03-15 03:00"))
    world.execute("UPDATE outbound.usage_log SET occurred_at = %s", at("2026-02-28 23:59:59"))
    kinds = {moment: {one.matter for one in missing(world, at(moment))} for moment in (
        "2026-03-01 00:59", "2026-03-01 01:00",
    )}  # fmt: skip
    assert [False, True] == ["statements" in found for found in kinds.values()]


def test_summaries_are_missing_from_their_local_hour_on_for_as_many_as_want_them(world):
    with connect(world.url, autocommit=True) as conn:
        small_market.fill(conn)
    reset_credits(world.url, Run("test", lambda: at("2026-03-02 00:00")))
    assert [] == missing(world, at("2026-03-02 12:59"))
    assert [Missing("summaries", date(2026, 3, 1), 2)] == missing(world, at("2026-03-02 13:00"))
    assert GRACE < timedelta(minutes=15)
