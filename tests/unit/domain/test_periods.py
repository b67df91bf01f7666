"""Weeks that have ended and are due, from any moment."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.periods import WEEK, last_due_week, last_ended_week, monday_of, utc_day, weeks_in_order

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 3), timezones=st.just(UTC))


def test_a_week_has_ended_with_its_sunday():
    assert date(2026, 2, 23) == last_ended_week(datetime(2026, 3, 8, 23, 59, 59, tzinfo=UTC))
    assert date(2026, 3, 2) == last_ended_week(datetime(2026, 3, 9, tzinfo=UTC))


def test_a_week_is_due_on_the_sunday_after_at_three():
    assert date(2026, 2, 23) == last_due_week(datetime(2026, 3, 15, 2, 59, 59, tzinfo=UTC))
    assert date(2026, 3, 2) == last_due_week(datetime(2026, 3, 15, 3, tzinfo=UTC))


def test_the_day_is_that_of_utc_wherever_the_moment_is_named():
    assert date(2026, 3, 2) == utc_day(datetime(2026, 3, 1, 23, tzinfo=timezone(timedelta(hours=-5))))


@given(MOMENTS)
def test_what_is_due_has_ended_and_was_due_at_its_sundays_hour(now):
    ended, due = last_ended_week(now), last_due_week(now)
    assert 0 == ended.weekday() == due.weekday()
    assert ended + WEEK <= utc_day(now) < ended + 2 * WEEK
    assert due in (ended, ended - WEEK)
    sunday = datetime.combine(due + WEEK + timedelta(days=6), datetime.min.time(), UTC) + timedelta(hours=3)
    assert sunday <= now < sunday + WEEK


@given(st.dates(), st.integers(0, 60))
def test_weeks_follow_one_another_without_a_gap(day, count):
    first = monday_of(min(day, date(9990, 1, 1)))
    weeks = weeks_in_order(first, first + count * WEEK)
    assert count + 1 == len(weeks)
    assert {WEEK} >= {after - before for before, after in pairwise(weeks)}
    assert [] == weeks_in_order(first, first - WEEK)
