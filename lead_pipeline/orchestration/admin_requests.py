"""What people ask for over the API, one run a request: pull one query now, or ask Clay about one lead now."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
from dagster import DefaultSensorStatus, RunRequest, SensorEvaluationContext, SensorResult, SkipReason, sensor

from lead_pipeline.errors import TransientError
from lead_pipeline.orchestration import jobs
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.orchestration.runs import REQUEST_TAG
from lead_pipeline.store import pending
from lead_pipeline.store.connections import connect
from lead_pipeline.store.pending import OPEN_LONGEST, Request

GENERATION, ENRICHMENT = "trigger-lead-generation", "trigger-enrichment"


@dataclass(frozen=True)
class Walked:
    """The cursor: the last id, and ids done with that may be met again, each with when."""

    last: int
    seen: Mapping[int, str]

    @classmethod
    def read(cls, cursor: str | None) -> "Walked":
        given = json.loads(cursor) if cursor else {"last": 0, "seen": {}}
        return cls(given["last"], {int(drop_id): at for drop_id, at in given["seen"].items()})

    def beyond(self, done: Sequence[int], now: datetime) -> str:
        """The cursor after these ids. Ids are forgotten once no transaction of their time can be open."""
        oldest = (now - 2 * OPEN_LONGEST).isoformat()
        kept = {drop_id: at for drop_id, at in self.seen.items() if at > oldest}
        seen = {**kept, **dict.fromkeys(done, now.isoformat())}
        return json.dumps({"last": max([self.last, *done]), "seen": seen})


@dataclass(frozen=True)
class Answered:
    """A request's run, or why it gets none."""

    drop_id: int
    run: RunRequest | None
    problem: str | None = None


def answer(request: Request, day_of_lead: Callable[[str], date | None]) -> Answered:
    """The one run of a request. `day_of_lead` knows the day of a lead by its id, None where there is none."""
    field, op, job = _KNOWN.get(request.event_type or "", ("", "", ""))
    if not field:
        return Answered(request.drop_id, None, f"unknown request {request.event_type!r}")
    named = _uuid(request.body, field)
    if named is None:
        return Answered(request.drop_id, None, f"its body names no {field}")
    day = request.day if request.event_type == GENERATION else day_of_lead(named)
    if day is None:
        return Answered(request.drop_id, None, f"no lead {named}")
    run = RunRequest(
        run_key=f"request-{request.drop_id}",
        job_name=job,
        partition_key=day.isoformat(),
        run_config={"ops": {op: {"config": {field: named}}}},
        tags={REQUEST_TAG: str(request.drop_id)},
    )
    return Answered(request.drop_id, run)


_KNOWN = {
    GENERATION: ("query_id", "raw_datashopper_companies", "daily_lead_generation"),
    ENRICHMENT: ("lead_id", "clay_contacts", "lead_enrichment"),
}


def _uuid(body: bytes, field: str) -> str | None:
    try:
        document: Any = json.loads(body)
        return str(UUID(document[field]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


@sensor(
    jobs=[jobs.daily_lead_generation, jobs.lead_enrichment],
    minimum_interval_seconds=5,
    default_status=DefaultSensorStatus.RUNNING,
)
def admin_requests(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """Requests of people, one run each: the run key makes a second one for the same request impossible."""
    walked, now = Walked.read(context.cursor), datetime.now(UTC)
    try:
        with connect(pipeline.url, autocommit=True) as conn:
            requests = pending.new_requests(conn, walked.last, seen=list(walked.seen), now=now)
            answered = [answer(request, lambda lead: pending.day_of_lead(conn, lead)) for request in requests]
    except (TransientError, psycopg.OperationalError) as error:
        return SkipReason(f"requests could not be read, the next tick reads them again: {error}")
    for one in answered:
        if one.problem is not None:
            context.log.warning("request %d gets no run: %s", one.drop_id, one.problem)
    if not answered:
        return SkipReason("nobody has asked for anything")
    runs = [one.run for one in answered if one.run is not None]
    return SensorResult(runs, cursor=walked.beyond([one.drop_id for one in answered], now))
