"""When jobs run by themselves. Every schedule names its time zone, which is UTC."""

from datetime import timedelta

from lead_pipeline.orchestration.cron import of_a_day, regular
from lead_pipeline.orchestration.jobs import (
    audience_labs_pull,
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
refresh_marts_schedule = regular(
    refresh_marts, "0 * * * *", "Every hour: dbt needs seconds to parse, so the marts never wait inside another run."
)

SCHEDULES = [daily_lead_generation_schedule, audience_labs_pull_schedule, mail_domain_check_schedule]
MARTS_SCHEDULES = [refresh_marts_schedule]
