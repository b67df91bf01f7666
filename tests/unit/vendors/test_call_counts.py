"""Counted calls: added up by the minute, handed on every ten seconds, kept while nobody takes them."""

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from lead_pipeline.errors import DatabaseUnavailable
from lead_pipeline.vendors.call_counts import CallCounts

NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


class Table:
    """Takes counts, unless it is away."""

    def __init__(self) -> None:
        self.taken: list[dict] = []
        self.is_away = False

    def write(self, counted) -> None:
        if self.is_away:
            raise DatabaseUnavailable("away")
        self.taken.append(dict(counted))


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0

    def clock(self) -> dt.datetime:
        return NOON + dt.timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return self.seconds


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def counts(table, time) -> CallCounts:
    return CallCounts(table.write, time.clock, time.elapsed)


def test_attempts_add_up_by_minute_vendor_and_outcome(counts, table, time):
    clay = counts.of("clay")
    clay("ok", 0.5)
    clay("ok", 0.25)
    clay("refused", 1)
    time.seconds = 9.9
    counts.of("c2s")("ok", 2)
    counts.flush()

    assert [
        {(NOON, "clay", "ok"): (2, 0.75), (NOON, "clay", "refused"): (1, 1.0), (NOON, "c2s", "ok"): (1, 2.0)}
    ] == table.taken


def test_they_are_handed_on_every_ten_seconds_and_at_the_end(counts, table, time):
    for _ in range(250):
        time.seconds += 0.1
        counts.add("clay", "ok", 0.1)
    assert 2 == len(table.taken)
    counts.flush()
    assert 250 == sum(calls for taken in table.taken for calls, _ in taken.values())


def test_nothing_counted_is_nothing_handed_on(counts, table):
    counts.flush()
    assert [] == table.taken


def test_a_database_that_is_away_loses_no_count(counts, table, time):
    table.is_away = True
    counts.add("clay", "ok", 1)
    time.seconds = 60
    counts.add("clay", "ok", 2)
    assert [] == table.taken
    table.is_away = False
    counts.add("clay", "ok", 4)
    counts.flush()

    later = NOON + dt.timedelta(minutes=1)
    assert [{(NOON, "clay", "ok"): (1, 1.0), (later, "clay", "ok"): (2, 6.0)}] == table.taken


def test_any_other_error_is_told(time):
    def write(_: object) -> None:
        raise ValueError("a defect")

    counts = CallCounts(write, time.clock, time.elapsed)
    counts.add("clay", "ok", 1)
    with pytest.raises(ValueError, match="a defect"):
        counts.flush()


def test_threads_lose_no_count(counts, table, time):
    def add(number: int) -> None:
        time.seconds += 0.01
        counts.add(f"v{number % 3}", "ok", 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(3000)))
    counts.flush()

    totals: Counter[str] = Counter()
    for taken in table.taken:
        for (_, vendor, _), (calls, _) in taken.items():
            totals[vendor] += calls
    assert {"v0": 1000, "v1": 1000, "v2": 1000} == totals
