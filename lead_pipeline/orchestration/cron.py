"""Schedules by cron, in UTC and switched on: of a job as it is, or of the day that a partitioned job is for.

Which jobs run when is said where the schedules are.
"""

from datetime import timedelta
from typing import Any

from dagster import DefaultScheduleStatus, RunRequest, ScheduleDefinition, ScheduleEvaluationContext, schedule


def regular(job: Any, cron: str, description: str) -> ScheduleDefinition:
    """A run at each time that `cron` names."""
    return ScheduleDefinition(**_said(job, cron, description), job=job)


def of_a_day(job: Any, cron: str, description: str, *, ago: timedelta = timedelta(0)) -> ScheduleDefinition:
    """A run for the UTC day that it was `ago`. The run key makes a second one for the same day impossible."""

    @schedule(**_said(job, cron, description), job=job)
    def ask(context: ScheduleEvaluationContext) -> RunRequest:
        day = (context.scheduled_execution_time - ago).strftime("%Y-%m-%d")
        return RunRequest(run_key=day, partition_key=day)

    return ask


def _said(job: Any, cron: str, description: str) -> dict[str, Any]:
    return {
        "name": job.name,
        "cron_schedule": cron,
        "execution_timezone": "UTC",
        "default_status": DefaultScheduleStatus.RUNNING,
        "description": description,
    }
