"""Local periods: when a day, week and month turn, and that a cap turns with its day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lead_pipeline.domain.books import Books, Periods, periods_of
from lead_pipeline.domain.candidates import Logic
from lead_pipeline.domain.distribution import distribute
from tests.unit.domain.small_worlds import PLENTY, a_campaign, a_member, frame_of


@pytest.mark.parametrize(
    ("zone", "last_minute", "hours"),
    [
        ("America/New_York", datetime(2026, 3, 8, 4, 59), 23),  # the clocks go forward in the day that begins
        ("America/New_York", datetime(2026, 11, 1, 3, 59), 25),  # and back
        ("Europe/Berlin", datetime(2026, 3, 28, 22, 59), 23),
        ("Europe/Berlin", datetime(2026, 10, 24, 21, 59), 25),
        ("Asia/Kolkata", datetime(2026, 3, 7, 18, 29), 24),
        ("America/Havana", datetime(2026, 3, 8, 4, 59), 23),  # midnight itself is not there
    ],
)
def test_a_day_turns_at_local_midnight_and_lasts_as_long_as_the_clocks_make_it(zone, last_minute, hours):
    last = last_minute.replace(tzinfo=UTC)
    before, after = periods_of(last, zone).day, periods_of(last + timedelta(minutes=1), zone).day
    assert timedelta(days=1) == after - before
    ends = last + timedelta(minutes=1, hours=hours)
    assert [after, after + timedelta(days=1)] == [
        periods_of(ends - timedelta(minutes=1), zone).day,
        periods_of(ends, zone).day,
    ]


def test_weeks_start_on_monday_and_months_on_the_first_on_the_local_clock():
    sunday_night = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert Periods(date(2026, 3, 1), date(2026, 2, 23), date(2026, 3, 1)) == periods_of(sunday_night, "UTC")
    assert Periods(date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 1)) == periods_of(sunday_night, "Asia/Tokyo")
    assert Periods(date(2026, 2, 28), date(2026, 2, 23), date(2026, 2, 1)) == periods_of(
        sunday_night - timedelta(hours=20), "America/New_York"
    )


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Kolkata"])
def test_a_cap_is_of_the_local_day_when_the_clocks_change_too(zone):
    campaign = a_campaign(a_member("ann", 1, daily_cap=2), logic=Logic.TARGET_WEIGHTED)
    taken: dict[date, dict[str, int]] = {}
    books = Books(balance={"ann": PLENTY})
    for start in (datetime(2026, 3, 6), datetime(2026, 3, 27), datetime(2026, 10, 23), datetime(2026, 10, 30)):
        for hour in range(0, 60, 4):
            now = start.replace(tzinfo=UTC) + timedelta(hours=hour)
            books.taken = taken.setdefault(periods_of(now, zone).day, {})
            distribute(frame_of([("camp", "CA")] * 2), {"camp": campaign}, books, now.astimezone(ZoneInfo(zone)))
    assert {2} == {count for day in taken.values() for count in day.values()}
    assert len(taken) >= 12
