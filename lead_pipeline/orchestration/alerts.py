"""The intake's four alarms: as checks on the assets they are about, and a sensor that tells people of a breach.

What is too much and what is said is decided in `domain/alerts.py`; once per breach in `steps/watch.py`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from dagster import (
    AssetCheckEvaluation,
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunsFilter,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    asset_check,
    sensor,
)

from lead_pipeline.channels.alerts import AlertChannel, LogChannel, SlackChannel
from lead_pipeline.domain.alerts import ROUTING, RUNS, SIGNATURES, UPLOADS, WINDOW, Figure, Verdict, judge
from lead_pipeline.errors import TransientError
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.settings import Settings
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.watch import judge_routing, judge_signatures, judge_uploads, watch
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport

EVERY_SECONDS = 60
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE]


class _Alarm(NamedTuple):
    check: str
    asset: str
    about: str
    measure: Callable[[str, DagsterInstance, Run], Verdict]


_ALARMS: Mapping[str, _Alarm] = {
    SIGNATURES: _Alarm(
        "few_signatures_are_wrong",
        "raw_webhook_drops",
        "Warns while more than 5 % of a day's webhooks, of all or of one source, carry a wrong signature.",
        lambda url, _, run: judge_signatures(url, run),
    ),
    UPLOADS: _Alarm(
        "few_uploads_fail",
        "raw_csv_uploads",
        "Warns while more than 10 % of the bulk uploads that ended in a day failed.",
        lambda url, _, run: judge_uploads(url, run),
    ),
    ROUTING: _Alarm(
        "most_leads_match_a_rule",
        "routed_assignments",
        "Warns while a rule matched less than 80 % of a day's leads in workspaces that have rules.",
        lambda url, _, run: judge_routing(url, run),
    ),
    RUNS: _Alarm(
        "few_runs_fail",
        "validated_leads",
        "Warns while more than 5 % of a day's runs, of all jobs or of one, failed.",
        lambda _, instance, run: judge(runs_since(instance, run.clock() - WINDOW)),
    ),
}


def runs_since(instance: DagsterInstance, since: datetime) -> Figure:
    """Runs that failed among those that ended, by job where one did. A run that people cancelled is neither."""

    def count(*statuses: DagsterRunStatus, job: str | None = None) -> int:
        return instance.get_runs_count(RunsFilter(job_name=job, statuses=list(statuses), updated_after=since))

    failures = RunsFilter(statuses=[DagsterRunStatus.FAILURE], updated_after=since)
    jobs = sorted({record.dagster_run.job_name for record in instance.get_run_records(failures, limit=1000)})
    by_job = {job: (count(DagsterRunStatus.FAILURE, job=job), count(*ENDED, job=job)) for job in jobs}
    return Figure(RUNS, count(DagsterRunStatus.FAILURE), count(*ENDED), by_job)


def _shown(verdict: Verdict) -> dict[str, Any]:
    return {
        "threshold": str(verdict.threshold),
        "figure": "none" if verdict.value is None else f"{verdict.value:g} %",
        "window": f"{WINDOW.total_seconds() / 3600:g} hours",
        "counted": verdict.total,
        "least_counted": verdict.threshold.at_least,
        "of": verdict.where or "all",
    }


def _check_of(alarm: _Alarm) -> AssetChecksDefinition:
    @asset_check(asset=alarm.asset, name=alarm.check, description=alarm.about)
    def check(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
        verdict = alarm.measure(pipeline.url, context.instance, Run(context.run.run_id))
        return AssetCheckResult(
            passed=not verdict.breached,
            severity=AssetCheckSeverity.WARN,
            metadata=_shown(verdict),
            description=verdict.words,
        )

    return check


def _evaluation(verdict: Verdict) -> AssetCheckEvaluation:
    alarm = _ALARMS[verdict.name]
    return AssetCheckEvaluation(
        asset_key=AssetKey(alarm.asset),
        check_name=alarm.check,
        passed=not verdict.breached,
        severity=AssetCheckSeverity.WARN,
        metadata=_shown(verdict),
        description=verdict.words,
    )


@contextmanager
def alert_channel(settings: Settings) -> Iterator[AlertChannel]:
    """Where alerts go: the log, and the webhook where one is set. Patience is short: a look comes every minute."""
    if settings.alert_webhook_url is None:
        yield LogChannel()
        return
    with Transport(
        "The alert channel",
        credential="ALERT_WEBHOOK_URL",
        bucket=TokenBucket(1, 5),
        timeouts=Timeouts(connect=3, read=5),
        patience=Patience(longest=5),
        is_address_secret=True,
    ) as transport:
        yield SlackChannel(settings.alert_webhook_url.get_secret_value(), transport)


@sensor(name="alerts", minimum_interval_seconds=EVERY_SECONDS, default_status=DefaultSensorStatus.RUNNING)
def alerts_sensor(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Looks at the four figures every minute, tells people once per breach, and shows a verdict when it changes."""
    run = Run(f"sensor-alerts-{context.last_tick_completion_time or 0:.0f}")
    try:
        with alert_channel(pipeline.settings) as channel:
            verdicts = watch(pipeline.url, runs_since(context.instance, run.clock() - WINDOW), channel, run)
    except TransientError as error:
        return SkipReason(f"the figures could not be read: {error}")
    known: dict[str, bool] = json.loads(context.cursor or "{}")
    changed = [verdict for verdict in verdicts if known.get(verdict.name) != verdict.breached]
    return SensorResult(
        asset_events=[_evaluation(verdict) for verdict in changed],
        cursor=json.dumps({verdict.name: verdict.breached for verdict in verdicts}),
        skip_reason=None if changed else "; ".join(verdict.words for verdict in verdicts),
    )


CHECKS = [_check_of(alarm) for alarm in _ALARMS.values()]
SENSORS = [alerts_sensor]
