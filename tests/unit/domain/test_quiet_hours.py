"""Quiet hours: over midnight, and on the days on which clocks are set forward, back, or past a whole day."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lead_pipeline.domain.quiet_hours import ends_at

NIGHT = (time(22), time(7))
# Half an hour of summer time, a change at midnight, no change, a change that goes over midnight, odd offsets.
ZONES = (
    "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Havana", "America/Sao_Paulo", "Asia/Kolkata",
    "America/St_Johns", "Pacific/Apia", "Pacific/Chatham", "Africa/Casablanca", "Asia/Tehran", "UTC",
)  # fmt: skip


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_shown_quiet(at, begins, ends, zone):
    """What somebody reads off a clock on the wall."""
    clock = at.astimezone(ZoneInfo(zone)).time()
    return begins <= clock < ends if begins < ends else clock >= begins or clock < ends


def changes_of(zone, year):
    """The hours of a year in which a zone's clocks are changed."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(24 * 366)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return [hour for hour, one, other in zip(hours, offsets, offsets[1:], strict=False) if one != other]


CHANGES = {zone: [at for year in (2010, 2011, 2026) for at in changes_of(zone, year)] for zone in ZONES}


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-02T02:59:59", None),
        ("2026-03-02T03:00:00", "2026-03-02T12:00:00"),
        ("2026-03-02T04:30:00", "2026-03-02T12:00:00"),
        ("2026-03-02T05:30:00", "2026-03-02T12:00:00"),
        ("2026-03-02T11:59:59", "2026-03-02T12:00:00"),
        ("2026-03-02T12:00:00", None),
    ],
)
def test_a_night_goes_over_midnight_and_its_end_is_not_quiet_any_more(now, end):
    assert (end and utc(end)) == ends_at(utc(now), *NIGHT, "America/New_York")


@pytest.mark.parametrize("now", ["2026-03-02T11:59:59", "2026-03-02T14:00:00"])
def test_hours_within_a_day_are_quiet_on_that_day_only(now):
    assert ends_at(utc(now), time(12), time(14), "UTC") is None
    assert utc("2026-03-02T14:00:00") == ends_at(utc("2026-03-02T12:00:00"), time(12), time(14), "UTC")


def test_equal_bounds_are_no_quiet_hours():
    assert ends_at(utc("2026-03-02T12:00:00"), time(12), time(12), "UTC") is None


@pytest.mark.parametrize(
    ("zone", "bounds", "now", "end", "why"),
    [
        ("America/New_York", NIGHT, "2026-03-08T04:00:00", "2026-03-08T11:00:00", "short night"),
        ("America/New_York", NIGHT, "2026-11-01T03:00:00", "2026-11-01T12:00:00", "the long night"),
        ("America/New_York", (time(22), time(2, 30)), "2026-03-08T04:00:00", "2026-03-08T07:00:00", "ends in the gap"),
        ("America/New_York", (time(2, 30), time(5)), "2026-03-08T07:00:00", "2026-03-08T09:00:00", "begins in the gap"),
        ("America/New_York", (time(22), time(1, 30)), "2026-11-01T05:10:00", "2026-11-01T06:30:00", "the first 01:10"),
        ("America/New_York", (time(22), time(1, 30)), "2026-11-01T05:45:00", "2026-11-01T06:30:00", "the first 01:45"),
        ("America/New_York", (time(1, 30), time(5)), "2026-11-01T05:30:00", "2026-11-01T10:00:00", "from the first"),
        ("Australia/Lord_Howe", (time(22), time(2, 15)), "2026-10-03T14:00:00", "2026-10-03T15:30:00", "a half hour"),
        ("America/Havana", (time(20), time(0)), "2026-03-08T03:00:00", "2026-03-08T05:00:00", "midnight is left out"),
        ("Pacific/Apia", NIGHT, "2011-12-30T09:00:00", "2011-12-30T17:00:00", "a day is left out"),
        ("America/New_York", (time(2, 45), time(2, 15)), "2026-03-07T12:00:00", "2026-03-09T06:15:00", "two meet"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else None,
)  # fmt: skip
def test_quiet_hours_end_right_where_the_clocks_are_changed(zone, bounds, now, end, why):
    assert utc(end) == ends_at(utc(now), *bounds, zone), why


def test_a_window_that_lies_in_the_hour_left_out_is_never():
    for minute in range(180):
        now = utc("2026-03-08T05:30:00") + timedelta(minutes=minute)
        assert ends_at(now, time(2, 15), time(2, 45), "America/New_York") is None


@st.composite
def moments(draw):
    """A zone and an instant, most often near a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    near = st.sampled_from(CHANGES[zone] or [utc("2026-03-02T12:00:00")])
    at = draw(near | st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))
    return zone, at + timedelta(minutes=draw(st.integers(-2000, 2000)), seconds=draw(st.integers(0, 59)))


clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(moments(), clocks, clocks)
@example(("America/St_Johns", utc("2011-11-06T02:30:00")), time(0), time(6))
def test_what_a_clock_on_the_wall_shows_as_quiet_is_quiet(moment, begins, ends):
    zone, now = moment
    assume(begins != ends)
    if ends_at(now, begins, ends, zone) is None:
        assert not is_shown_quiet(now, begins, ends, zone)


@given(moments(), clocks, clocks, st.integers(0, 999))
def test_all_of_it_is_quiet_and_ends_at_one_instant_which_is_not_quiet(moment, begins, ends, share):
    zone, now = moment
    end = ends_at(now, begins, ends, zone)
    assume(end is not None)
    assert now < end
    assert "UTC" == end.tzname()
    assert ends_at(end, begins, ends, zone) is None
    assert end == ends_at(now + (end - now) * share / 1000, begins, ends, zone)
    assert end == ends_at(end - timedelta(microseconds=1), begins, ends, zone)


@given(moments(), clocks, clocks)
def test_it_ends_when_the_clock_shows_the_end_or_as_soon_as_it_shows_a_later_time(moment, begins, ends):
    zone, now = moment
    end = ends_at(now, begins, ends, zone)
    assume(end is not None)
    local = end.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    before = (end - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    skipped = timedelta(microseconds=1) < local - before
    assert ends == local.time() or (skipped and before < datetime.combine(local.date(), ends) < local) or (
        skipped and before < datetime.combine(before.date(), ends) < local
    )  # fmt: skip
