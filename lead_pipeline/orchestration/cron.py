"""Schedules by cron, in UTC and switched on: of a job as it is, or of the day that a partitioned job is for.

Which jobs run when is said where the schedules are.
"""

from datetime import timedelta
from typing import Any

from dagster import DefaultScheduleStatus, RunRequest, ScheduleDefinition, ScheduleEvaluationContext, schedule


def regular(job: Any, cron: str, description: str) -> ScheduleDefinition:
    """A run at each time that `cron` names."""
    return ScheduleDefinition(**said(job, cron, description), job=job)


def of_a_day(
    job: Any, cron: str, description: str, *, ago: timedelta = timedelta(0), is_hourly: bool = False
) -> ScheduleDefinition:
    """A run for the UTC day that it was `ago`. The run key makes a second one for the same day impossible.

    Where it `is_hourly`, one for the same hour: that day has a run at each hour that `cron` names.
    """

    @schedule(**said(job, cron, description), job=job)
    def ask(context: ScheduleEvaluationContext) -> RunRequest:
        moment = context.scheduled_execution_time
        day = (moment - ago).strftime("%Y-%m-%d")
        return RunRequest(run_key=moment.strftime("%Y-%m-%dT%H") if is_hourly else day, partition_key=day)

    return ask


def said(job: Any, cron: str, description: str) -> dict[str, Any]:
    """What every schedule says of itself."""
    return {
        "name": job.name,
        "cron_schedule": cron,
        "execution_timezone": "UTC",
        "default_status": DefaultScheduleStatus.RUNNING,
        "description": description,
    }
