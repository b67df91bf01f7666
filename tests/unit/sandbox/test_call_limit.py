"""A limit of calls a minute: whichever minute one looks at, and a time to come back at that is kept."""

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.sandbox.call_limit import MINUTE, SECOND, CallLimit


def refusal(limit):
    try:
        limit.take()
    except HTTPException as refused:
        return int(refused.headers["Retry-After"]) * SECOND
    return None


@given(per_minute=st.integers(1, 12), pauses=st.lists(st.integers(0, 30 * SECOND), max_size=60))
def test_no_minute_has_more_calls_than_were_agreed_and_who_waits_as_told_gets_through(per_minute, pauses):
    now = 0
    limit = CallLimit(per_minute, lambda: now)
    taken: list[int] = []
    for pause in pauses:
        now += pause
        wait = refusal(limit)
        if wait is not None:
            assert SECOND <= wait <= MINUTE
            now += wait
            assert refusal(limit) is None
        taken.append(now)
    assert all(sum(at - MINUTE < other <= at for other in taken) <= per_minute for at in taken)


def test_the_tenth_call_passes_and_the_eleventh_is_told_how_long_to_wait():
    now = 100 * SECOND
    limit = CallLimit(10, lambda: now)
    assert [None] * 10 == [refusal(limit) for _ in range(10)]
    now += SECOND // 2

    assert MINUTE == refusal(limit)
    limit.clear()
    assert refusal(limit) is None


@pytest.mark.parametrize("calls", [1, 500])
def test_without_a_limit_all_pass(calls):
    limit = CallLimit(None)
    assert [None] * calls == [refusal(limit) for _ in range(calls)]
