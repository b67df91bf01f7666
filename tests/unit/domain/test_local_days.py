"""Local days as instants, and of which one a summary is owed: over every turn of the clocks there is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.local_days import day_to_tell, local_day
from tests.examples import examples

ONE = timedelta(days=1)
ZONES = st.sampled_from(
    sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("posix", "right")))
)
# No zone has left out a whole day since Samoa did at the end of 2011.
MOMENTS = st.datetimes(datetime(2012, 1, 5), datetime(2035, 1, 1), timezones=st.just(UTC))


def utc(text):
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("zone", "day", "since", "hours"),
    [
        ("America/New_York", "2026-03-07", "2026-03-07T05:00", 24),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        ("Asia/Kathmandu", "2026-03-02", "2026-03-01T18:15", 24),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", 23),  # its midnight was left out
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00", 25),  # the hour before midnight came twice
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 25),  # its midnight comes twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),  # this day was left out
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone, day, since, hours):
    found = local_day(date.fromisoformat(day), zone)
    assert (utc(since), timedelta(hours=hours)) == (found.since, found.until - found.since)


@given(MOMENTS, ZONES)
def test_every_moment_is_within_its_local_day_and_days_leave_no_gap(now, zone):
    local = now.astimezone(ZoneInfo(zone)).date()
    day = local_day(local, zone)
    assert day.since <= now < day.until
    assert day.until == local_day(local + ONE, zone).since


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "America", "../etc", "\x00"])
def test_a_zone_that_there_is_not_is_utc(zone):
    day = local_day(date(2026, 3, 2), zone)
    assert ("UTC", utc("2026-03-02T00:00"), utc("2026-03-03T00:00")) == (day.time_zone, day.since, day.until)


def told(moment, zone="America/New_York", hour=8):
    day = day_to_tell(utc(moment), zone, hour)
    return None if day is None else day.day.isoformat()


def test_yesterday_is_owed_from_the_hour_on_until_the_day_ends():
    assert (None, "2026-03-03") == (told("2026-03-04T12:59"), told("2026-03-04T13:00"))
    assert ("2026-03-03", None) == (told("2026-03-05T04:59"), told("2026-03-05T05:00"))


def test_a_late_hours_summary_is_owed_for_twelve_hours_over_midnight():
    assert ("2026-03-03", "2026-03-03") == (told("2026-03-05T04:00", hour=23), told("2026-03-05T15:59", hour=23))
    assert None is told("2026-03-05T16:00", hour=23)


def test_a_summary_for_midnight_waits_until_what_was_decided_before_it_is_committed():
    assert (None, "2026-03-03") == (told("2026-03-04T05:09", hour=0), told("2026-03-04T05:10", hour=0))


def test_the_hour_that_spring_leaves_out_is_told_when_it_would_have_been():
    # 8 March, 02:00 to 03:00 do not exist in New York; 02:00 would be 07:00 UTC, which is 03:00 there.
    assert (None, "2026-03-07") == (told("2026-03-08T06:59", hour=2), told("2026-03-08T07:00", hour=2))


def test_the_hour_that_autumn_gives_twice_is_told_the_first_time():
    assert (None, "2026-10-31") == (told("2026-11-01T04:59", hour=1), told("2026-11-01T05:00", hour=1))
    assert "2026-10-31" == told("2026-11-01T06:30", hour=1)


@given(MOMENTS, ZONES, st.integers(0, 23))
def test_what_is_owed_has_ended_long_enough_ago_and_is_no_older_than_two_days(now, zone, hour):
    day = day_to_tell(now, zone, hour)
    if day is not None:
        assert day.until + timedelta(minutes=10) <= now
        assert now.astimezone(ZoneInfo(zone)).date() - day.day <= 2 * ONE


@settings(max_examples=examples(25))
@given(MOMENTS, ZONES, st.integers(0, 23))
def test_looking_every_quarter_of_an_hour_tells_every_day_once_and_in_order(start, zone, hour):
    found = [day_to_tell(start + timedelta(minutes=15) * n, zone, hour) for n in range(4 * 24 * 3)]
    days = [day.day for day in found if day is not None]
    assert sorted(days) == days
    seen = sorted(set(days))
    assert [seen[0] + ONE * n for n in range(len(seen))] == seen
