"""What every asset of the daily graph shares: its partitions, its owner, and three attempts (design decision 8)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster import Backoff, Failure, Jitter, RetryPolicy

from lead_pipeline.errors import PermanentError
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
