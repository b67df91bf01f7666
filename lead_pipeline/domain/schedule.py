"""The hours of the week in which a subscription takes leads, on the clock of its workspace.

Holds how they are read from and written to JSON, and whether they are open at a local time. Does not know time
zones: the caller hands in local time, so the hour that spring leaves out is never open, and the one that autumn
gives twice is open twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY = 24 * 60
WEEK = 7 * DAY
_CLOCK = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Spans of minutes since Monday 00:00, [start, end), ascending and apart. No spans: never open."""

    spans: tuple[tuple[int, int], ...]


def read_schedule(value: object) -> Schedule:
    """The schedule that JSON says: `[{"days": [1, 2], "from": "09:00", "to": "17:00"}]`.

    Args:
        value: a list of spans. `days` are ISO weekdays (1 Monday .. 7 Sunday) on which it opens; `to` at or before
            `from` is on the next day; "24:00" is the day's end. An empty list is never open.

    Raises:
        ValueError: it is none; the words name the span at fault.
    """
    if not isinstance(value, list):
        raise ValueError(  # noqa: TRY004 - what a user wrote, not a caller's slip
            'a schedule is a list of spans such as {"days": [1, 2], "from": "09:00", "to": "17:00"}'
        )
    return Schedule(_merged([span for number, item in enumerate(value, 1) for span in _read_span(item, number)]))


def write_schedule(schedule: Schedule) -> list[dict[str, Any]]:
    """The one JSON of a schedule; equal schedules give equal JSON, and `read_schedule` gives it back."""
    days_of: dict[tuple[str, str], list[int]] = {}
    for start, end in schedule.spans:
        for day in range(start // DAY, (end - 1) // DAY + 1):
            hours = max(start - day * DAY, 0), min(end - day * DAY, DAY)
            days_of.setdefault((_clock(hours[0]), _clock(hours[1])), []).append(day + 1)
    return [{"days": days, "from": opens, "to": closes} for (opens, closes), days in sorted(days_of.items())]


def in_words(schedule: Schedule) -> str:
    """Such as "Monday Tuesday 09:00-17:00, Saturday 10:00-12:00"; "never"."""
    spans = (
        f"{' '.join(DAYS[day - 1] for day in span['days'])} {span['from']}-{span['to']}"
        for span in write_schedule(schedule)
    )
    return ", ".join(spans) or "never"


def is_open(schedule: Schedule, local: datetime) -> bool:
    """Whether the schedule is open in the minute of `local`, the workspace's wall clock."""
    minute = minute_of_week(local)
    return any(start <= minute < end for start, end in schedule.spans)


def minute_of_week(local: datetime) -> int:
    """Minutes since Monday 00:00 on the wall clock."""
    return local.weekday() * DAY + local.hour * 60 + local.minute


def _read_span(item: object, number: int) -> Iterator[tuple[int, int]]:
    if not isinstance(item, dict) or item.keys() != {"days", "from", "to"}:
        raise ValueError(f"span {number} of the schedule needs days, from and to, and nothing else")
    days = item["days"]
    if not isinstance(days, list) or not days or not all(type(day) is int and 1 <= day <= 7 for day in days):
        raise ValueError(f"span {number} of the schedule: days is a list of 1 (Monday) to 7 (Sunday)")
    opens, closes = _minute(item["from"], f"span {number}: from"), _minute(item["to"], f"span {number}: to")
    if opens == DAY:
        raise ValueError(f"span {number}: from cannot be 24:00; write 00:00 of the next day")
    length = closes - opens if closes > opens else closes + DAY - opens
    for day in days:
        start = (day - 1) * DAY + opens
        yield start, min(start + length, WEEK)
        if start + length > WEEK:
            yield 0, start + length - WEEK


def _minute(value: object, where: str) -> int:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{where} is a time such as "09:00" ("24:00" is the end of the day)')
    return int(found[1] or found[3]) * 60 + int(found[2] or found[4])


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
