"""What the sensor of periods asks for: a run a matter, none while one is under way or right after one has failed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus

from lead_pipeline.orchestration.demand import Work
from lead_pipeline.orchestration.periods import JOBS, SCHEDULES
from lead_pipeline.orchestration.periods_due import JOB_OF_MATTER, asked_for
from lead_pipeline.steps.missing_periods import Matter

WORK = Work("weekly_trends", date(2026, 3, 2), 3)


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


def seen(instance: DagsterInstance, status: DagsterRunStatus, job: str = WORK.job) -> str:
    return instance.add_run(DagsterRun(job_name=job, status=status)).run_id


def asked(instance: DagsterInstance, later: timedelta = timedelta(0)) -> tuple[list[Work], list[str]]:
    verdict = asked_for([WORK], instance, datetime.now(UTC) + later)
    return verdict.wanted, verdict.held_back


def test_every_matter_has_its_job_and_every_job_its_hour_in_utc() -> None:
    assert set(get_args(Matter)) == set(JOB_OF_MATTER)
    names = {job.name for job in JOBS}
    assert names == set(JOB_OF_MATTER.values())
    assert names == {schedule.job_name for schedule in SCHEDULES}
    assert {"UTC"} == {schedule.execution_timezone for schedule in SCHEDULES}


def test_the_hours_are_those_that_users_know() -> None:
    hours = {schedule.job_name: schedule.cron_schedule for schedule in SCHEDULES}
    assert ("0 0 * * *", "0 3 * * 0") == (hours["credit_reset"], hours["weekly_trends"])


def test_what_is_missing_is_asked_for_where_nothing_runs(instance: DagsterInstance) -> None:
    assert ([WORK], []) == asked(instance)
    seen(instance, DagsterRunStatus.SUCCESS)
    seen(instance, DagsterRunStatus.STARTED, job="credit_reset")
    assert ([WORK], []) == asked(instance)


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED])
def test_nothing_is_asked_for_while_a_run_of_the_job_is_under_way(
    instance: DagsterInstance, status: DagsterRunStatus
) -> None:
    run_id = seen(instance, status)
    assert ([], [f"weekly_trends of 2026-03-02: run {run_id[:8]} is about to take it up"]) == asked(instance)


def test_a_run_that_failed_is_not_asked_for_again_at_once(instance: DagsterInstance) -> None:
    run_id = seen(instance, DagsterRunStatus.FAILURE)
    assert ([], [f"weekly_trends of 2026-03-02: run {run_id[:8]} has failed, the next one waits 600 s"]) == asked(
        instance
    )
    assert ([WORK], []) == asked(instance, later=timedelta(minutes=11))
    seen(instance, DagsterRunStatus.SUCCESS)
    assert ([WORK], []) == asked(instance)
