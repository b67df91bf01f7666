"""When the daily job runs by itself, and for which day."""

from datetime import UTC, datetime
from typing import Any

import pytest
from dagster import RunRequest, build_schedule_context

from lead_pipeline.orchestration.partitions import DAYS, day_of
from lead_pipeline.orchestration.schedules import (
    MARTS_SCHEDULES,
    SCHEDULES,
    audience_labs_pull_schedule,
    daily_lead_generation_schedule,
)


def requested(moment: datetime, schedule: Any = daily_lead_generation_schedule) -> tuple[str | None, str | None]:
    request = schedule(build_schedule_context(scheduled_execution_time=moment))
    assert isinstance(request, RunRequest)
    return request.run_key, request.partition_key


@pytest.mark.parametrize("day", ["2026-01-01", "2026-02-28", "2028-02-29", "2026-12-31"])
def test_two_o_clock_asks_for_the_day_that_has_begun_once(day: str) -> None:
    moment = datetime.fromisoformat(f"{day}T02:00:00+00:00")
    assert (day, day) == requested(moment)
    assert day == DAYS.get_partition_keys(current_time=moment)[-1]


def test_three_o_clock_asks_for_the_imports_of_the_day_that_has_ended() -> None:
    assert ("2026-02-28",) * 2 == requested(datetime(2026, 3, 1, 3, tzinfo=UTC), audience_labs_pull_schedule)
    assert "0 3 * * *" == audience_labs_pull_schedule.cron_schedule


def test_two_days_have_two_run_keys() -> None:
    keys = {requested(datetime(2026, 3, day, 2, tzinfo=UTC))[0] for day in (1, 2)}
    assert {"2026-03-01", "2026-03-02"} == keys


def test_the_day_is_open_as_soon_as_it_begins_and_the_next_one_is_not() -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    assert "2026-03-02" == DAYS.get_partition_keys(current_time=midnight)[-1]
    assert "2026-03-02" == str(day_of("2026-03-02"))


def test_every_schedule_names_utc() -> None:
    assert {"UTC"} == {schedule.execution_timezone for schedule in [*SCHEDULES, *MARTS_SCHEDULES]}
    assert "0 2 * * *" == daily_lead_generation_schedule.cron_schedule
