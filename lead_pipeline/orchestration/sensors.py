"""What sets runs off: each sensor reads what waits, lets `demand` decide, and translates that to requests.

A read that fails is a skip with words, its cursor where it was: nothing is lost, the next tick reads again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from dagster import DefaultSensorStatus, RunRequest, SensorEvaluationContext, SensorResult, SkipReason, sensor

from lead_pipeline.errors import TransientError
from lead_pipeline.orchestration import jobs
from lead_pipeline.orchestration.admin_requests import admin_requests
from lead_pipeline.orchestration.demand import (
    IMPORTS_JOB,
    JOB_OF_SOURCE,
    Verdict,
    Work,
    decide,
    work_of_drops,
    work_of_imports,
)
from lead_pipeline.orchestration.observations import intake_observations
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.orchestration.runs import last_start, runs_of
from lead_pipeline.steps.enrich import VENDOR, sent_by
from lead_pipeline.steps.reap_uploads import reap_uploads
from lead_pipeline.steps.run import Run
from lead_pipeline.store import pending
from lead_pipeline.store.connections import connect
from lead_pipeline.store.delivery_plans import days_to_deliver
from lead_pipeline.store.import_pages import completed_imports
from lead_pipeline.store.unsold_leads import Waiting, days_to_distribute

LISTEN_SECONDS = 4.0
"""How long a tick waits for drops or messages: the daemon looks at sensors every 5 s, and none should wait so long."""
_LOOK_SECONDS = 0.3
_SUPPLIER_SECONDS = 10  # a supplier's lead is decided in its request; one that is older was not
_EVENTS_AFTER_FAILURE = timedelta(minutes=1)
_OUTSIDE_AFTER_FAILURE = timedelta(minutes=10)  # a vendor that refuses us is not hammered
_ASK_ONCE = {"ops": {"clay_contacts": {"config": {"retry_failed": False}}}}
_PARTIES_ONCE = {"ops": {"party_enrichments": {"config": {"retry_failed": False}}}}
_LINGERING = {"ops": {"lead_deliveries": {"config": {"linger_seconds": 30.0}}}}
_CRM_GRACE = timedelta(seconds=20)  # the run that decides an event of the CRM enriches it too


@sensor(
    jobs=[
        jobs.lead_enrich_from_datashopper,
        jobs.lead_import_from_audience_labs,
        jobs.lead_import_from_c2s,
        jobs.supplier_lead_process,
    ],
    minimum_interval_seconds=1,
    default_status=DefaultSensorStatus.RUNNING,
)
def webhook_drops(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Landed webhooks, supplier leads that were not decided in their request, and repairs: one run a job and day,
    over all that waits. Listens for a while, so that a drop does not wait for the daemon's next round.
    """

    def read(conn: psycopg.Connection) -> list[Work]:
        sources, now = list(JOB_OF_SOURCE), datetime.now(UTC)
        return work_of_drops(pending.waiting_events(conn, sources, now=now, supplier_seconds=_SUPPLIER_SECONDS))

    return _answer(context, pipeline, _listening(context, read))


@sensor(job=jobs.audience_labs_pull, minimum_interval_seconds=15, default_status=DefaultSensorStatus.RUNNING)
def audience_labs_imports(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Imports that a webhook told to be completed and that no run has pulled since: one run a day of imports."""

    def read(conn: psycopg.Connection) -> list[Work]:
        told = completed_imports(conn, datetime.now(UTC).date() - pending.LOOK_BACK)
        return work_of_imports(told, lambda day: last_start(context.instance, IMPORTS_JOB, day))

    return _answer(context, pipeline, lambda conn: _decide(context, read(conn), _OUTSIDE_AFTER_FAILURE))


@sensor(job=jobs.lead_enrichment, minimum_interval_seconds=15, default_status=DefaultSensorStatus.RUNNING)
def leads_to_enrich(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Results that Clay sent, leads of DataShopper that it was not asked about yet, and ones whose webhook is overdue.
    Ones that failed are not asked about again by themselves.
    """

    def read(conn: psycopg.Connection) -> list[Work]:
        now = datetime.now(UTC)
        due = sent_by(pipeline.settings.clay_mode, pipeline.settings.clay_answer_seconds, now)
        counts: dict[date, int] = pending.days_to_enrich(conn, VENDOR, now.date() - pending.LOOK_BACK, sent_by=due)
        results = pending.waiting_events(conn, [VENDOR], now=now, supplier_seconds=0)
        drops = {result.day: (result.first, result.last) for result in results}
        for result in results:
            counts[result.day] = counts.get(result.day, 0) + result.count
        return [Work("lead_enrichment", day, count, drops.get(day)) for day, count in sorted(counts.items())]

    return _answer(context, pipeline, lambda conn: _decide(context, read(conn), _OUTSIDE_AFTER_FAILURE), _ASK_ONCE)


@sensor(job=jobs.party_enrichment, minimum_interval_seconds=10, default_status=DefaultSensorStatus.RUNNING)
def c2s_events(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Events of the CRM that the run which decided them left, and enrichments whose next attempt is due."""

    def read(conn: psycopg.Connection) -> list[Work]:
        now = datetime.now(UTC)
        days = pending.days_of_parties(conn, now.date() - pending.LOOK_BACK, now=now, grace=_CRM_GRACE)
        return [Work("party_enrichment", day, count) for day, count in days.items()]

    return _answer(context, pipeline, lambda conn: _decide(context, read(conn), _OUTSIDE_AFTER_FAILURE), _PARTIES_ONCE)


@sensor(job=jobs.platform_upload, minimum_interval_seconds=15, default_status=DefaultSensorStatus.RUNNING)
def leads_to_upload(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Hot and warm leads that are enriched and in no batch yet."""

    def read(conn: psycopg.Connection) -> list[Work]:
        days = pending.days_to_upload(conn, datetime.now(UTC).date() - pending.LOOK_BACK)
        return [Work("platform_upload", day, count) for day, count in days.items()]

    return _answer(context, pipeline, lambda conn: _decide(context, read(conn), _OUTSIDE_AFTER_FAILURE))


@sensor(job=jobs.lead_delivery, minimum_interval_seconds=1, default_status=DefaultSensorStatus.RUNNING)
def messages_to_send(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Messages that are due, enriched leads that nobody was told of, and routed ones whose rule wants them told of.
    Listens for a while, as somebody waits for a lead that it bought.
    """

    def read(conn: psycopg.Connection) -> list[Work]:
        now = datetime.now(UTC)
        days = days_to_deliver(conn, now.date() - pending.LOOK_BACK, now)
        return [Work("lead_delivery", day, count) for day, count in days.items()]

    return _answer(context, pipeline, _listening(context, read), _LINGERING)


@sensor(job=jobs.bulk_upload_process, minimum_interval_seconds=5, default_status=DefaultSensorStatus.RUNNING)
def bulk_uploads(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Uploaded files that wait for their import, at once; imports that died, after a silence, three times in all."""

    def look(_: psycopg.Connection) -> Verdict:
        stalled = pipeline.settings.upload_stalled_seconds
        judged = reap_uploads(pipeline.url, Run("sensor-bulk_uploads"), stalled_seconds=stalled)
        for job in judged.dead:
            context.log.warning("upload job %s is closed as failed after %d imports", job.job_id, job.attempts)
        days = sorted({job.day for job in judged.due})
        ids = {day: sorted(job.drop_id for job in judged.due if job.day == day) for day in days}
        work = [Work("bulk_upload_process", day, len(of), (of[0], of[-1])) for day, of in ids.items()]
        return _decide(context, work, _EVENTS_AFTER_FAILURE)

    return _answer(context, pipeline, look)


@sensor(job=jobs.campaign_distribution, minimum_interval_seconds=10, default_status=DefaultSensorStatus.RUNNING)
def leads_to_distribute(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Offered leads that their request did not decide, and ones that nobody took before a wallet was funded, or before
    a campaign, a buyer or a subscription changed.
    """

    def read(conn: psycopg.Connection) -> list[Work]:
        waiting = Waiting(datetime.now(UTC), grace=timedelta(seconds=_SUPPLIER_SECONDS))
        days = days_to_distribute(conn, waiting)
        return [Work("campaign_distribution", day, count) for day, count in days.items()]

    return _answer(context, pipeline, lambda conn: _decide(context, read(conn), _EVENTS_AFTER_FAILURE))


def _listening(
    context: SensorEvaluationContext, read: Callable[[psycopg.Connection], list[Work]]
) -> Callable[[psycopg.Connection], Verdict]:
    """A look that is repeated for a while, until there is something to ask for."""
    until = time.monotonic() + LISTEN_SECONDS

    def look(conn: psycopg.Connection) -> Verdict:
        verdict = _decide(context, read(conn), _EVENTS_AFTER_FAILURE)
        while not verdict.wanted and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
            verdict = _decide(context, read(conn), _EVENTS_AFTER_FAILURE)
        return verdict

    return look


def _decide(context: SensorEvaluationContext, work: Sequence[Work], after_failure: timedelta) -> Verdict:
    if not work:
        return Verdict([], [])
    return decide(work, runs_of(context.instance, work), now=datetime.now(UTC), after_failure=after_failure)


def _answer(
    context: SensorEvaluationContext,
    pipeline: Pipeline,
    look: Callable[[psycopg.Connection], Verdict],
    run_config: Mapping[str, Any] | None = None,
) -> SensorResult | SkipReason:
    """Look, and translate the verdict."""
    try:
        with connect(pipeline.url, autocommit=True) as conn:
            verdict = look(conn)
    except (TransientError, psycopg.OperationalError) as error:
        return SkipReason(f"it could not be read what waits, the next tick reads again: {error}")
    for reason in verdict.held_back:
        context.log.info(reason)
    if not verdict.wanted:
        return SkipReason("; ".join(verdict.held_back) or "nothing waits")
    return SensorResult(
        [
            RunRequest(job_name=piece.job, partition_key=piece.day.isoformat(), tags=piece.tags, run_config=run_config)
            for piece in verdict.wanted
        ]
    )


SENSORS = [
    webhook_drops,
    audience_labs_imports,
    leads_to_enrich,
    c2s_events,
    leads_to_upload,
    messages_to_send,
    bulk_uploads,
    leads_to_distribute,
    admin_requests,
    intake_observations,
]
