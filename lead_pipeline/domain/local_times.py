"""Times as people read them, in their own zone: 2 Mar 2026, 14:05 EST. Pure, in English whatever the process's locale.

Holds no schedule; hours of the week are `schedule`'s.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def zone_of(name: str | None) -> ZoneInfo:
    """The zone of that name, UTC where there is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """Day, minute and zone: `2 Mar 2026, 14:05 EST`; of zones without a name their offset: `11:05 UTC-03:00`."""
    there = at.astimezone(zone)
    name, offset = there.tzname() or "", f"{there:%z}"
    return f"{_day(there)}, {there:%H:%M} {name if name.isalpha() else f'UTC{offset[:3]}:{offset[3:5]}'}"


def long_day(day: date) -> str:
    """`Monday, 2 Mar 2026`."""
    return f"{_DAYS[day.weekday()]}, {_day(day)}"


def utc_text(at: datetime) -> str:
    """ISO 8601 in UTC with Z, for machines; fractions of a second only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
