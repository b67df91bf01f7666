"""The sensor for periods whose hour passed while nobody was there: it asks for the job, once. Does nothing of it."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import psycopg
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from lead_pipeline.errors import TransientError
from lead_pipeline.orchestration.demand import RunSeen, Verdict, Work, decide
from lead_pipeline.orchestration.periods import JOBS
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.missing_periods import Matter, missing_periods
from lead_pipeline.store.connections import connect

GRACE = timedelta(minutes=2)
"""The schedule of a period's own hour asks first."""
_AFTER_FAILURE = timedelta(minutes=10)
_LOOKED_AT = 10  # the newest runs of a job; of more, none can still be in flight
JOB_OF_MATTER: MappingProxyType[Matter, str] = MappingProxyType(
    {
        "reset": "credit_reset",
        "trends": "weekly_trends",
        "summaries": "daily_summary",
        "statements": "usage_statement_close",
    }
)


@sensor(jobs=JOBS, minimum_interval_seconds=30, default_status=DefaultSensorStatus.RUNNING)
def periods_due(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Resets, weeks, summaries and months whose hour has passed and that are not done: one run a job for all that is
    missing of it, none while one is under way or right after one has failed.
    """
    now = datetime.now(UTC)
    try:
        with connect(pipeline.url, autocommit=True) as conn:
            missing = missing_periods(conn, now - GRACE)
    except (TransientError, psycopg.OperationalError) as error:
        return SkipReason(f"it could not be read what is due, the next tick reads again: {error}")
    verdict = asked_for(
        [Work(JOB_OF_MATTER[one.matter], one.period, one.count) for one in missing], context.instance, now
    )
    for reason in verdict.held_back:
        context.log.info(reason)
    if not verdict.wanted:
        return SkipReason("; ".join(verdict.held_back) or "nothing is due")
    return SensorResult(
        [
            RunRequest(job_name=piece.job, tags={**piece.tags, "lead_pipeline/period": piece.day.isoformat()})
            for piece in verdict.wanted
        ]
    )


def asked_for(work: list[Work], instance: DagsterInstance, now: datetime) -> Verdict:
    """What of the work to ask for: a run of these jobs is of no day, it does all that is missing."""
    runs = {(piece.job, piece.day): _runs_of(instance, piece.job) for piece in work}
    return decide(work, runs, now=now, after_failure=_AFTER_FAILURE)


def _runs_of(instance: DagsterInstance, job: str) -> list[RunSeen]:
    """Those in flight, and the newest that has ended, where it failed."""
    records = instance.get_run_records(RunsFilter(job_name=job), limit=_LOOKED_AT)
    in_flight = [RunSeen(one.dagster_run.run_id, "claiming") for one in records if not one.dagster_run.is_finished]
    ended = [one for one in records if one.dagster_run.is_finished][:1]
    return in_flight + [
        RunSeen(
            one.dagster_run.run_id,
            "failed",
            datetime.fromtimestamp(one.end_time or one.update_timestamp.timestamp(), UTC),
        )
        for one in ended
        if one.dagster_run.status == DagsterRunStatus.FAILURE
    ]


SENSORS = [periods_due]
