"""What is done once a period: credits reset each day, topics' trends each week, summaries each local day, statements
each month; with their checks, jobs and hours. Each is written down under its period, so running one again adds nothing.

What was due while nobody was there is asked for by a sensor (`periods_due`).
"""

from datetime import UTC, datetime
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetSelection,
    MaterializeResult,
    MetadataValue,
    asset,
    asset_check,
    define_asset_job,
)

from lead_pipeline.domain.periods import last_due_week, utc_day
from lead_pipeline.orchestration.cron import regular
from lead_pipeline.orchestration.lanes import BACKGROUND, LANE
from lead_pipeline.orchestration.policies import DATA_TEAM, THREE_ATTEMPTS, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.close_statements import close_statements
from lead_pipeline.steps.reckon_trends import reckon_trends
from lead_pipeline.steps.reset_credits import reset_credits
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.write_summaries import write_summaries
from lead_pipeline.store.connections import connect
from lead_pipeline.store.credit_resets import is_reset
from lead_pipeline.store.topic_trends import unreckoned_weeks

_EACH: dict[str, Any] = {"kinds": {"python", "postgres"}, "owners": DATA_TEAM, "retry_policy": THREE_ATTEMPTS}
_TABLE = "dagster/table_name"


@asset(group_name="market", **_EACH)
def credit_resets(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """The daily credits of all users set back to nought, once each UTC day, with how many had used how many. A day on
    which nothing ran has no row: its credits were not reset.
    """
    with permanent_errors_are_final():
        reset = reset_credits(pipeline.url, Run(context.run_id))
    if reset is None:
        context.log.info("the credits of this day are reset already")
    return MaterializeResult(
        metadata={
            _TABLE: "market.credit_resets",
            "is_new": reset is not None,
            "users": 0 if reset is None else reset.users,
            "credits": 0 if reset is None else reset.credits,
        }
    )


@asset(group_name="market", deps=["raw_datashopper_companies", "validated_leads"], **_EACH)
def topic_trends(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """How many companies standing queries found of each topic in each week that has ended, and whether that is more
    than in the week before (by 10 % or more), less or about the same. A week is reckoned once.
    """
    with permanent_errors_are_final():
        done = reckon_trends(pipeline.url, Run(context.run_id))
    return MaterializeResult(
        metadata={
            _TABLE: "core.topic_trends",
            "dagster/row_count": done.rows,
            "weeks": MetadataValue.json([week.isoformat() for week in done.weeks]),
            **{f"topics_{direction}": count for direction, count in done.directions.items()},
        }
    )


@asset(group_name="market", deps=["campaign_assignments"], **_EACH)
def daily_summaries(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """What each buyer bought on its own yesterday, written down as a message to whoever wants that at this hour; once a
    day and receiver. They are sent with all other messages.
    """
    with permanent_errors_are_final():
        written = write_summaries(pipeline.url, Run(context.run_id))
    return MaterializeResult(metadata={_TABLE: "outbound.deliveries", "summaries_written": written})


@asset(group_name="market", deps=["lead_deliveries"], **_EACH)
def usage_statements(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """What each workspace's e-mails and SMS cost in each month that has ended, closed once."""
    with permanent_errors_are_final():
        closed = close_statements(pipeline.url, Run(context.run_id))
    return MaterializeResult(metadata={_TABLE: "outbound.usage_statements", "statements_closed": closed})


@asset_check(asset=credit_resets)
def credits_were_reset_today(pipeline: Pipeline) -> AssetCheckResult:
    """Warns while today's reset (UTC) is not written down: users who reached their limit yesterday cannot work."""
    today = utc_day(datetime.now(UTC))
    with connect(pipeline.url, autocommit=True) as conn:
        passed = is_reset(conn, today)
    return AssetCheckResult(passed=passed, severity=AssetCheckSeverity.WARN, metadata={"day": today.isoformat()})


@asset_check(asset=topic_trends)
def every_ended_week_has_its_trends(pipeline: Pipeline) -> AssetCheckResult:
    """Warns while a week that is due has no trends: its run has failed, or a page of it is not validated."""
    with connect(pipeline.url, autocommit=True) as conn:
        weeks = unreckoned_weeks(conn, last_due_week(datetime.now(UTC)))
    return AssetCheckResult(
        passed=not weeks,
        severity=AssetCheckSeverity.WARN,
        description=None if not weeks else "Validate what is landed: run validated_leads for the days of these weeks.",
        metadata={"weeks": MetadataValue.json([week.isoformat() for week in weeks])},
    )


def _job(name: str, asset_name: str, description: str) -> Any:
    return define_asset_job(name, AssetSelection.assets(asset_name), tags={LANE: BACKGROUND}, description=description)


credit_reset = _job("credit_reset", "credit_resets", "Set all users' daily credits back to nought, once a UTC day.")
weekly_trends = _job(
    "weekly_trends", "topic_trends", "Reckon the trend of every topic for each week that has ended and is not reckoned."
)
daily_summary = _job(
    "daily_summary", "daily_summaries", "Write down the daily summaries whose local hour has come; none twice."
)
usage_statement_close = _job(
    "usage_statement_close", "usage_statements", "Close the months of usage that have ended and are not closed."
)

ASSETS = [credit_resets, topic_trends, daily_summaries, usage_statements]
CHECKS = [credits_were_reset_today, every_ended_week_has_its_trends]
JOBS = [credit_reset, weekly_trends, daily_summary, usage_statement_close]
SCHEDULES = [
    regular(credit_reset, "0 0 * * *", "Every day at 00:00 UTC, when a day of credits begins."),
    regular(weekly_trends, "0 3 * * 0", "Every Sunday at 03:00 UTC, for the week that ended on the Sunday before."),
    regular(daily_summary, "*/15 * * * *", "Every 15 minutes: there are time zones whose hours begin at a quarter."),
    regular(
        usage_statement_close, "30 1 1 * *", "The first of a month at 01:30 UTC: messages of its last hour are settled."
    ),
]
