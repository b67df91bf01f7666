"""What became of each job's runs: how many went well, how long they took, how often they were retried, what failed.

Read from Dagster's own storage, which is another database than ours. What to do about it is not decided here.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from dagster import DagsterEvent, DagsterEventType, DagsterInstance, DagsterRunStatus, RunRecord, RunsFilter

from lead_pipeline.orchestration.alerts import ENDED

_RETRY_TAG = "dagster/retry_number"
_TOLD = {DagsterEventType.STEP_UP_FOR_RETRY, DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE}


@dataclass
class JobHistory:
    """Runs of one job that ended. `retries` are of steps, and of runs whose process died. Seconds are of all runs."""

    job: str
    runs: int = 0
    failed: int = 0
    retries: int = 0
    last_error: str | None = None
    seconds: list[float] = field(default_factory=list)

    @property
    def success_rate(self) -> float | None:
        """In percent, to two decimals."""
        return round(100 * (self.runs - self.failed) / self.runs, 2) if self.runs else None

    @property
    def average_seconds(self) -> float | None:
        return round(sum(self.seconds) / len(self.seconds), 1) if self.seconds else None


def job_histories(instance: DagsterInstance, since: datetime, *, limit: int) -> list[JobHistory]:
    """Of the newest `limit` runs that ended since a moment, by job in the order of their names."""
    found: dict[str, JobHistory] = defaultdict(lambda: JobHistory(""))
    for record in instance.get_run_records(RunsFilter(statuses=ENDED, updated_after=since), limit=limit):
        run = record.dagster_run
        history = found[run.job_name]
        history.job = run.job_name
        _count(history, record, _events(instance, run.run_id))
    return [found[job] for job in sorted(found)]


def _count(history: JobHistory, record: RunRecord, events: list[DagsterEvent]) -> None:
    run = record.dagster_run
    history.runs += 1
    history.retries += sum(event.event_type == DagsterEventType.STEP_UP_FOR_RETRY for event in events)
    history.retries += _RETRY_TAG in run.tags
    if record.start_time is not None and record.end_time is not None:
        history.seconds.append(record.end_time - record.start_time)
    if run.status == DagsterRunStatus.FAILURE:
        history.failed += 1
        if history.last_error is None:  # the newest comes first
            history.last_error = _error(events)


def _events(instance: DagsterInstance, run_id: str) -> list[DagsterEvent]:
    logs = instance.all_logs(run_id, of_type=_TOLD)
    return [log.dagster_event for log in logs if log.dagster_event is not None]


def _error(events: list[DagsterEvent]) -> str:
    """The first failed step and the innermost error that it names, on one line; else what the run itself says."""
    for event in events:
        if event.event_type == DagsterEventType.STEP_FAILURE:
            error = event.step_failure_data.error
            while error is not None and error.cause is not None:
                error = error.cause
            words = event.message if error is None else error.message
            return f"{event.step_key}: {' '.join((words or '').split())}"
    return next((" ".join((event.message or "").split()) for event in events), "no error was recorded")
