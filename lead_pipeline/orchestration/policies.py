"""How often a step is tried: three times in all, backing off with jitter (design decision 8)."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Backoff, Failure, Jitter, RetryPolicy

from lead_pipeline.errors import PermanentError

THREE_ATTEMPTS = RetryPolicy(max_retries=2, delay=2, backoff=Backoff.EXPONENTIAL, jitter=Jitter.PLUS_MINUS)
DATA_TEAM = ["team:data"]


@contextmanager
def permanent_errors_are_final() -> Iterator[None]:
    """Let a permanent error fail the step at once: trying again without a change gives the same answer."""
    try:
        yield
    except PermanentError as error:
        raise Failure(f"{type(error).__name__}: {error}", allow_retries=False) from error
