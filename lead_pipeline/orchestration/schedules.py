"""When jobs run by themselves. Every schedule names its time zone."""

from dagster import DefaultScheduleStatus, RunRequest, ScheduleDefinition, ScheduleEvaluationContext, schedule

from lead_pipeline.orchestration.jobs import daily_lead_generation, refresh_marts


@schedule(
    name="daily_lead_generation",
    job=daily_lead_generation,
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every day at 02:00 UTC, for the day that has begun.",
)
def daily_lead_generation_schedule(context: ScheduleEvaluationContext) -> RunRequest:
    """One run a day: the run key makes a second one for the same day impossible."""
    day = context.scheduled_execution_time.strftime("%Y-%m-%d")
    return RunRequest(run_key=day, partition_key=day)


refresh_marts_schedule = ScheduleDefinition(
    name="refresh_marts",
    job=refresh_marts,
    cron_schedule="0 * * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every hour: dbt needs seconds to parse, so the marts never wait inside another run.",
)

SCHEDULES = [daily_lead_generation_schedule]
MARTS_SCHEDULES = [refresh_marts_schedule]
