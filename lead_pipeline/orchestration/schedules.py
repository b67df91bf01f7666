"""When jobs run by themselves. Every schedule names its time zone, which is UTC."""

from datetime import timedelta

from dagster import RunRequest, ScheduleEvaluationContext, schedule

from lead_pipeline.orchestration.cron import of_a_day, regular, said
from lead_pipeline.orchestration.jobs import (
    audience_labs_pull,
    campaign_distribution,
    daily_lead_generation,
    mail_domain_check,
    refresh_marts,
)

daily_lead_generation_schedule = of_a_day(
    daily_lead_generation, "0 2 * * *", "Every day at 02:00 UTC, for the day that has begun."
)
audience_labs_pull_schedule = of_a_day(
    audience_labs_pull,
    "0 3 * * *",
    "Every day at 03:00 UTC, for the day that has ended: imports whose webhook never came are found all the same.",
    ago=timedelta(days=1),
)
mail_domain_check_schedule = of_a_day(
    mail_domain_check,
    "30 3 * * *",
    "Every day at 03:30 UTC, for the day that has ended: a domain is asked about once in thirty days.",
    ago=timedelta(days=1),
)


@schedule(
    **said(
        campaign_distribution,
        "5 * * * *",
        "Every hour: what nobody took in 24 hours is offered again, for opening hours, caps and limits have turned.",
    ),
    job=campaign_distribution,
)
def campaign_distribution_schedule(context: ScheduleEvaluationContext) -> list[RunRequest]:
    """The 24 hours before any moment are of two days."""
    moment = context.scheduled_execution_time
    config = {"ops": {"campaign_assignments": {"config": {"again": True}}}}
    return [
        RunRequest(run_key=f"{day}/{moment:%Y-%m-%dT%H}", partition_key=day, run_config=config)
        for ago in (1, 0)
        for day in [(moment - timedelta(days=ago)).strftime("%Y-%m-%d")]
    ]


refresh_marts_schedule = regular(
    refresh_marts, "0 * * * *", "Every hour: dbt needs seconds to parse, so the marts never wait inside another run."
)

SCHEDULES = [
    daily_lead_generation_schedule,
    audience_labs_pull_schedule,
    mail_domain_check_schedule,
    campaign_distribution_schedule,
]
MARTS_SCHEDULES = [refresh_marts_schedule]
