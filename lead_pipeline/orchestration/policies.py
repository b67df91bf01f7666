"""How often a step is tried: three times in all, backing off with jitter (design decision 8)."""

from dagster import Backoff, Jitter, RetryPolicy

THREE_ATTEMPTS = RetryPolicy(max_retries=2, delay=2, backoff=Backoff.EXPONENTIAL, jitter=Jitter.PLUS_MINUS)
DATA_TEAM = ["team:data"]
