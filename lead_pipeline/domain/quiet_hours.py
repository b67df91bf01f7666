"""The hours in which a receiver wants to hear nothing: whether they are on, and the instant at which they end.

Clocks that are set forward or back are taken as they are: a bound in the hour that spring leaves out is the first
instant after it; of the hour that autumn gives twice, quiet begins with the first and ends with the second.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


def ends_at(now: datetime, quiet_from: time, quiet_until: time, time_zone: str) -> datetime | None:
    """When the quiet hours that `now` lies in are over, in UTC; None where it lies in none.

    `now` is aware, `time_zone` an IANA name. Bounds are whole seconds on that zone's wall clock, the end excluded;
    where `quiet_until` is before `quiet_from` they go over midnight, and where both are equal there are none.
    """
    if quiet_from == quiet_until:
        return None
    zone = ZoneInfo(time_zone)
    end = None
    while (found := _end_of_window(end or now, quiet_from, quiet_until, zone)) is not None:
        end = found  # where the clocks are set forward, one window may begin where the other ends
    return end


def _end_of_window(at: datetime, quiet_from: time, quiet_until: time, zone: ZoneInfo) -> datetime | None:
    today = at.astimezone(zone).date()
    for begins_on in (today - _DAY, today, today + _DAY):  # tomorrow's, where the clocks go back over midnight
        ends_on = begins_on if quiet_from < quiet_until else begins_on + _DAY
        end = _instant(ends_on, quiet_until, zone, fold=1)
        if _instant(begins_on, quiet_from, zone, fold=0) <= at < end:
            return end
    return None


def _instant(day: date, clock: time, zone: ZoneInfo, *, fold: int) -> datetime:
    """When the clocks show that time; of two times `fold` says which, and of none it is the first that they do show."""
    wall = datetime.combine(day, clock)
    shown = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if _wall(shown, zone) == wall:
        return shown
    before, after = sorted(wall.replace(tzinfo=zone, fold=side).astimezone(UTC) for side in (0, 1))
    while after - before > _SECOND:
        middle = before + _SECOND * ((after - before) // _SECOND // 2)
        before, after = (before, middle) if _wall(middle, zone) > wall else (middle, after)
    return after


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)
