"""Hours of the week: read, written and asked; on the day that loses an hour and on the day that has one twice."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.schedule import DAY, WEEK, Schedule, in_words, is_open, read_schedule, write_schedule
from tests.examples import examples

MONDAY = datetime(2026, 3, 2)
clocks = st.builds(lambda h, m: f"{h:02d}:{m:02d}", st.integers(0, 23), st.integers(0, 59))
spans = st.fixed_dictionaries(
    {"days": st.lists(st.integers(1, 7), min_size=1, max_size=3), "from": clocks, "to": clocks | st.just("24:00")}
)


def hours(days: list[int], opens: str, closes: str) -> Schedule:
    return read_schedule([{"days": days, "from": opens, "to": closes}])


def at(day: int, clock: str) -> datetime:
    """A minute of the week of MONDAY, day 1 .. 7."""
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=day - 1, hours=int(hour), minutes=int(minute))


def test_it_is_open_from_the_first_minute_and_shut_at_the_last():
    office = hours([1, 5], "09:00", "17:00")
    assert [False, True, True, False] == [
        is_open(office, at(1, clock)) for clock in ("08:59", "09:00", "16:59", "17:00")
    ]
    assert [True, False] == [is_open(office, at(day, "12:00")) for day in (5, 6)]


def test_hours_that_end_before_they_start_go_over_midnight_and_over_the_weeks_end():
    nights = hours([7], "22:00", "06:00")
    assert [False, True] == [is_open(nights, at(7, clock)) for clock in ("21:59", "22:00")]
    assert [True, False] == [is_open(nights, at(1, clock)) for clock in ("05:59", "06:00")]
    assert is_open(hours([3], "00:00", "00:00"), at(3, "23:59"))
    assert not is_open(hours([3], "00:00", "00:00"), at(4, "00:00"))


def test_twenty_four_hundred_is_the_end_of_the_day():
    assert hours([1], "00:00", "24:00") == hours([1], "00:00", "00:00")
    assert hours([1, 2, 3, 4, 5, 6, 7], "00:00", "24:00") == Schedule(((0, WEEK),))


def test_no_hours_at_all_are_never_open():
    assert not any(is_open(read_schedule([]), MONDAY + timedelta(hours=hour)) for hour in range(168))
    assert "never" == in_words(read_schedule([]))


def test_its_words_name_days_and_hours():
    assert "Monday Tuesday 09:00-17:00, Sunday 10:00-12:00" == in_words(
        read_schedule([{"days": [7], "from": "10:00", "to": "12:00"}, {"days": [2, 1], "from": "09:00", "to": "17:00"}])
    )


@given(st.lists(spans, max_size=3))
@settings(max_examples=examples(40))
def test_what_is_written_reads_back_as_the_same_and_is_plain_json(value):
    schedule = read_schedule(value)
    written = write_schedule(schedule)
    assert schedule == read_schedule(json.loads(json.dumps(written)))
    assert written == write_schedule(read_schedule(written))


@given(st.lists(spans, max_size=3), st.integers(0, WEEK - 1))
@settings(max_examples=examples(60))
def test_it_is_open_where_one_of_its_spans_is(value, minute):
    def covers(span: dict, day: int) -> bool:
        opens, closes = (int(span[end][:2]) * 60 + int(span[end][3:]) for end in ("from", "to"))
        length = closes - opens if closes > opens else closes + DAY - opens
        return (minute - (day - 1) * DAY - opens) % WEEK < length

    expected = any(covers(span, day) for span in value for day in span["days"])
    assert expected == is_open(read_schedule(value), MONDAY + timedelta(minutes=minute))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "a list of spans"),
        ({"days": [1]}, "a list of spans"),
        (["monday"], "span 1 of the schedule needs"),
        ([{"days": [1], "from": "09:00"}], "needs days, from and to"),
        ([{"days": [1], "from": "09:00", "to": "10:00", "zone": "UTC"}], "nothing else"),
        ([{"days": [], "from": "09:00", "to": "10:00"}], "1 \\(Monday\\)"),
        ([{"days": [0], "from": "09:00", "to": "10:00"}], "1 \\(Monday\\)"),
        ([{"days": [True], "from": "09:00", "to": "10:00"}], "1 \\(Monday\\)"),
        ([{"days": "1", "from": "09:00", "to": "10:00"}], "1 \\(Monday\\)"),
        ([{"days": [1], "from": "9:00", "to": "10:00"}], "span 1: from is a time"),
        ([{"days": [1], "from": "09:00", "to": "25:00"}], "span 1: to is a time"),
        ([{"days": [1], "from": "09:00", "to": "09:60"}], "span 1: to is a time"),
        ([{"days": [1], "from": "24:00", "to": "10:00"}], "cannot be 24:00"),
        ([{"days": [1], "from": 9, "to": "10:00"}], "span 1: from is a time"),
    ],
)
def test_what_is_no_schedule_is_refused_in_words(value, words):
    with pytest.raises(ValueError, match=words):
        read_schedule(value)


def minutes_open(schedule: Schedule, zone: str, first: datetime, minutes: int) -> int:
    """How many real minutes from `first` (UTC) the schedule is open on the clock of a zone."""
    moments = (first.replace(tzinfo=UTC) + timedelta(minutes=number) for number in range(minutes))
    return sum(is_open(schedule, moment.astimezone(ZoneInfo(zone))) for moment in moments)


@pytest.mark.parametrize(
    ("zone", "midnight", "opens", "real"),
    [
        ("America/New_York", datetime(2026, 3, 8, 5), "02:00", 0),  # 02:00-03:00 is not there
        ("America/New_York", datetime(2026, 11, 1, 4), "01:00", 120),  # 01:00-02:00 is there twice
        ("Europe/Berlin", datetime(2026, 3, 28, 23), "02:00", 0),
        ("Europe/Berlin", datetime(2026, 10, 24, 22), "02:00", 120),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 13, 30), "02:00", 30),  # half an hour is skipped
        ("Asia/Kolkata", datetime(2026, 3, 7, 18, 30), "02:00", 60),
    ],
)
def test_an_hour_that_is_not_there_is_never_open_and_one_that_is_twice_is_open_twice(zone, midnight, opens, real):
    sundays = hours([7], opens, f"0{int(opens[1]) + 1}:00")
    assert real == minutes_open(sundays, zone, midnight, 8 * 60)
