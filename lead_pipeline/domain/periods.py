"""Days and weeks in UTC: which weeks have ended, and which of them are due. Weeks begin on Monday.

Holds no local day (`local_days`), and does not know what is done already.
"""

from datetime import UTC, date, datetime, timedelta

WEEK = timedelta(days=7)
_WEEK_IS_DUE = timedelta(days=6, hours=3)  # from a week's end to Sunday 03:00: pulls that are late have come by then


def utc_day(now: datetime) -> date:
    """The UTC day of an aware moment."""
    return now.astimezone(UTC).date()


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def last_ended_week(now: datetime) -> date:
    """The Monday of the latest week that has ended."""
    return monday_of(utc_day(now)) - WEEK


def last_due_week(now: datetime) -> date:
    """The Monday of the latest week that is due: those that had ended by the latest Sunday, 03:00."""
    return last_ended_week(now - _WEEK_IS_DUE)


def weeks_in_order(first: date, last: date) -> list[date]:
    """Mondays from `first` to `last`, with both; none where `last` is before `first`."""
    return [first + number * WEEK for number in range((last - first) // WEEK + 1)]
