"""A local day as two instants, and of which day a receiver is owed a summary. Right whatever the clocks do.

The hour that spring leaves out and the one that autumn gives twice belong to their day; so does a midnight that is
left out or comes twice.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from lead_pipeline.domain.local_times import zone_of

_ONE = timedelta(days=1)
_SETTLED = timedelta(minutes=10)
"""After a day's end: what was decided before midnight is committed by then."""
_LATEST = timedelta(hours=12)


@dataclass(frozen=True)
class LocalDay:
    """A day on the clock of `time_zone`: from `since` up to, not with, `until`, both in UTC."""

    day: date
    time_zone: str
    since: datetime
    until: datetime


def local_day(day: date, time_zone: str) -> LocalDay:
    """The instants of a day in an IANA time zone; in UTC where there is no such zone."""
    zone = zone_of(time_zone)
    return LocalDay(day, zone.key, _instant(day, time.min, zone), _instant(day + _ONE, time.min, zone))


def day_to_tell(now: datetime, time_zone: str, hour: int) -> LocalDay | None:
    """The local day of which a summary is owed at `now`, to who wants that of yesterday at `hour`; None for none.

    It is owed from that hour on until the local day ends, or for twelve hours if that is longer: a summary for 23:00
    is not lost because nobody was there for an hour. Older ones are never owed, so at most one is at any time.
    """
    zone = zone_of(time_zone)
    today = now.astimezone(zone).date()
    for on in (today, today - _ONE):
        told = local_day(on - _ONE, time_zone)
        due = max(_instant(on, time(hour), zone), told.until + _SETTLED)
        if due <= now and (on == today or now - due < _LATEST):
            return told
    return None


def _instant(day: date, at: time, zone: tzinfo) -> datetime:
    """The first instant of a local time; of one that is left out, the instant at which it would have been."""
    return datetime.combine(day, at, zone).astimezone(UTC)
