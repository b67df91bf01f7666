"""The runs that sensors look at before they ask for another: how far each one is. Decides nothing."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from dagster import DagsterInstance, DagsterRunStatus, RunRecord, RunsFilter

from lead_pipeline.orchestration.demand import JOB_OF_SOURCE, RunSeen, Work

REQUEST_TAG = "lead_pipeline/request"
_PARTITION = "dagster/partition"
_CLAIMING_STEP = "validated_leads"
_ONE_STEP_CLAIMS = frozenset(JOB_OF_SOURCE.values())
_WAITING = {DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING}
_LOOKED_AT = 10  # the newest runs of a job and day; of more, none can still be in flight


def runs_of(instance: DagsterInstance, work: Iterable[Work]) -> dict[tuple[str, date], list[RunSeen]]:
    """Runs that matter to each piece of work: those in flight, and the newest where it has failed."""
    return {(piece.job, piece.day): _seen(instance, piece.job, piece.day) for piece in work}


def last_start(instance: DagsterInstance, job: str, day: date) -> datetime | None:
    """When the newest run of a job and day that went through began; None where none did."""
    wanted = RunsFilter(job_name=job, tags={_PARTITION: day.isoformat()}, statuses=[DagsterRunStatus.SUCCESS])
    started = [record.start_time for record in instance.get_run_records(wanted, limit=1)]
    return datetime.fromtimestamp(started[0], UTC) if started and started[0] is not None else None


def _seen(instance: DagsterInstance, job: str, day: date) -> list[RunSeen]:
    records = instance.get_run_records(RunsFilter(job_name=job, tags={_PARTITION: day.isoformat()}), limit=_LOOKED_AT)
    own = [record for record in records if REQUEST_TAG not in record.dagster_run.tags]
    in_flight = [_in_flight(instance, job, record) for record in own if not record.dagster_run.is_finished]
    ended = [record for record in own if record.dagster_run.is_finished][:1]
    failed = [_failed(record) for record in ended if record.dagster_run.status == DagsterRunStatus.FAILURE]
    return in_flight + failed


def _in_flight(instance: DagsterInstance, job: str, record: RunRecord) -> RunSeen:
    run = record.dagster_run
    if run.status in _WAITING:
        return RunSeen(run.run_id, "waiting")
    if job in _ONE_STEP_CLAIMS:
        steps = instance.get_run_step_stats(run.run_id, [_CLAIMING_STEP])
        if any(step.end_time is not None for step in steps):
            return RunSeen(run.run_id, "past")
    return RunSeen(run.run_id, "claiming")


def _failed(record: RunRecord) -> RunSeen:
    ended = datetime.fromtimestamp(record.end_time or record.update_timestamp.timestamp(), UTC)
    return RunSeen(record.dagster_run.run_id, "failed", ended)
