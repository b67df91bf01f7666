"""Token bucket and shared pace under a clock that only sleep moves."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.errors import LimitReached, SettingsError
from lead_pipeline.vendors.rate_limit import SharedPace, TokenBucket

NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


class FakeTime:
    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_burst_passes_at_once_and_the_rest_at_the_rate():
    time = FakeTime()
    bucket = TokenBucket(10, 20, time.clock, time.sleep)

    for _ in range(20):
        bucket.take()
    assert 0 == time.now
    for _ in range(30):
        bucket.take()
    assert pytest.approx(3) == time.now


def test_idleness_saves_up_no_more_than_a_burst():
    time = FakeTime()
    bucket = TokenBucket(10, 2, time.clock, time.sleep)
    time.now = 1000

    for _ in range(3):
        bucket.take()

    assert pytest.approx(1000.1) == time.now


@given(
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 30),
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_no_window_holds_more_than_the_burst_and_its_share_of_the_rate(rate, burst, gaps):
    time = FakeTime()
    bucket = TokenBucket(rate, burst, time.clock, time.sleep)
    taken = []
    for gap in gaps:
        time.now += gap
        bucket.take()
        taken.append(time.now)

    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - taken[first]) * rate + 1e-6


def test_threads_that_share_a_bucket_get_one_token_each():
    waits: list[float] = []
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            waits.append(seconds)

    bucket = TokenBucket(10, 5, lambda: 0.0, sleep)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: bucket.take(), range(100)))

    assert [pytest.approx(n / 10) for n in range(1, 96)] == sorted(waits)


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0), (float("nan"), 1)])
def test_a_bucket_that_lets_nothing_through_is_refused(rate, burst):
    with pytest.raises(SettingsError, match="lets nothing through"):
        TokenBucket(rate, burst)


def test_a_place_in_a_shared_queue_is_waited_for_in_short_naps():
    naps: list[float] = []
    SharedPace(lambda: 150.5, naps.append).take()

    assert [1.0] * 150 + [0.5] == naps


def test_a_place_that_is_there_already_is_not_slept_for():
    naps: list[float] = []
    SharedPace(lambda: 0.0, naps.append).take()

    assert [] == naps


def test_a_full_queue_is_asked_again_when_it_said():
    naps: list[float] = []
    answers: list[float | LimitReached] = [
        LimitReached("full", retry_after=2),
        LimitReached("full", retry_after=1),
        0.25,
    ]

    def reserve() -> float:
        answer = answers.pop(0)
        if isinstance(answer, LimitReached):
            raise answer
        return answer

    SharedPace(reserve, naps.append).take()

    assert [1, 1, 1, 0.25] == naps


def test_what_a_nap_raises_ends_a_long_wait():
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SharedPace(lambda: 3600.0, nap).take()

    assert 3 == len(naps)
