"""What products take, when uploads stop for a daily allowance, and which addresses are read by nobody on the way."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.platforms import LIMITS
from lead_pipeline.domain.provider_limits import PROVIDERS, Allowance, is_protected, limits_of, must_wait

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_batches_are_as_large_as_the_product_takes_them() -> None:
    assert 200 == limits_of("tech-platform", "salesforce").batch_size
    assert 100 == limits_of("tech-platform", "hubspot").batch_size
    for provider in ("http", None):
        assert LIMITS["tech-platform"].batch_size == limits_of("tech-platform", provider).batch_size


def test_hubspot_gets_no_more_than_190_calls_in_any_ten_seconds() -> None:
    assert PROVIDERS["hubspot"].burst + 10 * PROVIDERS["hubspot"].per_second <= 190


@pytest.mark.parametrize(
    ("used", "minutes", "waits"),
    [(949, 0, False), (950, 0, True), (1000, 59, True), (2000, 59, True), (1000, 60, False)],
)
def test_the_last_twentieth_of_a_days_calls_is_left_alone_for_an_hour(used: int, minutes: int, waits: bool) -> None:
    assert waits is must_wait(Allowance(used, 1000), NOW, NOW + timedelta(minutes=minutes))


@given(allowed=st.integers(1, 10**9), used=st.integers(0, 10**9))
def test_an_account_that_is_used_up_always_waits(allowed: int, used: int) -> None:
    if used >= allowed:
        assert must_wait(Allowance(used, allowed), NOW, NOW)


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://example.com", True), ("http://127.0.0.1:80/x", True), ("http://[::1]:8", True),
        ("http://localhost:8", True), ("http://example.com", False), ("http://127.evil.example", False),
        ("http://localhost.evil.example", False), ("ftp://127.0.0.1", False), ("https://", False), ("", False),
    ],
)  # fmt: skip
def test_only_tls_and_this_machine_are_read_by_nobody(url: str, is_safe: bool) -> None:
    assert is_safe is is_protected(url)
