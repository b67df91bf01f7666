"""What every asset of the daily graph shares: its partitions, its owner, and three attempts (design decision 8)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster import AssetExecutionContext, Backoff, Failure, Jitter, RetryPolicy

from lead_pipeline.errors import LeadPipelineError, PermanentError, TransientError
from lead_pipeline.orchestration.partitions import DAYS

THREE_ATTEMPTS = RetryPolicy(max_retries=2, delay=2, backoff=Backoff.EXPONENTIAL, jitter=Jitter.PLUS_MINUS)
DATA_TEAM = ["team:data"]
DAILY: dict[str, Any] = {"partitions_def": DAYS, "owners": DATA_TEAM, "retry_policy": THREE_ATTEMPTS}


@contextmanager
def permanent_errors_are_final() -> Iterator[None]:
    """Let a permanent error fail the step at once: trying again without a change gives the same answer."""
    try:
        yield
    except PermanentError as error:
        raise Failure(f"{type(error).__name__}: {error}", allow_retries=False) from error


def partly_failed(
    context: AssetExecutionContext,
    of: str,
    total: int,
    errors: Mapping[str, LeadPipelineError],
    *,
    ends_run: bool = True,
) -> dict[str, str]:
    """What failed of a pull's `total` parts, with why. Raises where another attempt may help, or where all failed.

    After the last attempt the parts that went through go on: the ones that did not are shown by a check. Without
    `ends_run` the run goes on even where all failed.
    """
    failed = {name: str(error) for name, error in errors.items()}
    words = "; ".join(f"{name}: {error}" for name, error in failed.items())
    what = f"{len(failed)} of {total} {of} failed; what the others brought is landed. {words}"
    is_last = context.retry_number == THREE_ATTEMPTS.max_retries
    is_final = ends_run and bool(failed) and len(failed) == total
    if any(isinstance(error, TransientError) for error in errors.values()) and (is_final or not is_last):
        raise TransientError(what)
    if is_final:
        raise Failure(what, allow_retries=False)
    return failed
