"""Times in words, in the zone of who reads them."""

import datetime as dt

import pytest

from lead_pipeline.domain.local_times import local_time, long_day, utc_text, zone_of

AT = dt.datetime(2026, 3, 2, 19, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "at", "shown"),
    [
        ("America/New_York", AT, "2 Mar 2026, 14:05 EST"),
        ("America/New_York", AT + dt.timedelta(days=7), "9 Mar 2026, 15:05 EDT"),
        ("America/Sao_Paulo", AT, "2 Mar 2026, 16:05 UTC-03:00"),
        ("Asia/Kathmandu", AT, "3 Mar 2026, 00:50 UTC+05:45"),
        ("Etc/GMT-5", AT, "3 Mar 2026, 00:05 UTC+05:00"),
        ("UTC", AT, "2 Mar 2026, 19:05 UTC"),
        ("No/Where", AT, "2 Mar 2026, 19:05 UTC"),
        ("../etc/passwd", AT, "2 Mar 2026, 19:05 UTC"),
        (None, AT, "2 Mar 2026, 19:05 UTC"),
    ],
)
def test_a_time_is_told_in_the_readers_zone_and_names_it(zone, at, shown):
    assert shown == local_time(at, zone_of(zone))


def test_a_day_is_told_with_its_weekday():
    assert "Monday, 2 Mar 2026" == long_day(dt.date(2026, 3, 2))


def test_machines_are_told_utc_with_a_z():
    there = dt.datetime(2026, 3, 2, 14, 5, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    assert "2026-03-02T19:05:00Z" == utc_text(there)
    assert "2026-03-02T19:05:00.000250Z" == utc_text(AT + dt.timedelta(microseconds=250))
