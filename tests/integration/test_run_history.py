"""Each job's runs as the command line shows them: real runs of Dagster, some retried, some failed."""

import datetime as dt

import pytest
from dagster import DagsterInstance, Failure, OpExecutionContext, RetryPolicy, job, op

from lead_pipeline.orchestration.run_history import job_histories

pytestmark = pytest.mark.integration
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@op(retry_policy=RetryPolicy(max_retries=2))
def recovers(context: OpExecutionContext) -> None:
    if context.retry_number < 1:
        raise ValueError("not yet")


@op
def gives_up() -> None:
    try:
        {}["no such\nplace"]
    except KeyError as error:
        raise Failure("not to be tried again", allow_retries=False) from error


@job
def recovering() -> None:
    recovers()


@job
def giving_up() -> None:
    gives_up()


def test_a_jobs_history_has_its_success_rate_retries_and_last_error() -> None:
    began = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    with DagsterInstance.ephemeral() as instance:
        for one in (recovering, recovering, giving_up):
            one.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False)
        failed, well = job_histories(instance, began, limit=100)
        assert [] == job_histories(instance, began + dt.timedelta(hours=1), limit=100)
        assert ["giving_up"] == [one.job for one in job_histories(instance, began, limit=1)]
    assert ("recovering", 2, 0, 100.0, 2, None) == (
        well.job,
        well.runs,
        well.failed,
        well.success_rate,
        well.retries,
        well.last_error,
    )
    assert well.average_seconds is not None
    assert ("giving_up", 1, 1, 0.0, 0) == (
        failed.job,
        failed.runs,
        failed.failed,
        failed.success_rate,
        failed.retries,
    )
    assert "gives_up: " in failed.last_error
    assert "KeyError" in failed.last_error
