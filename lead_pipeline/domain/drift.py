"""Which fields of a source's event have drifted on a day: its profile against that of the 28 days before.

A pure decision over profiles. A field gets one finding, the most telling. A field that vanished where one like it
appeared is one finding, a rename. Where nothing is known yet, nothing is found, and it says so.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lead_pipeline.domain.field_drift import FEWEST_BEFORE, Field, Kind, Seen, Signal, signals
from lead_pipeline.domain.field_profile import FieldProfile, Profile, merged, parent_of
from lead_pipeline.domain.likeness import likeness
from lead_pipeline.domain.shares import Share, chance

TRAILING_DAYS = 28
_WANTED_PAYLOADS = 100
_WIDEST_DAYS = 7
HISTORY_DAYS = 2 * TRAILING_DAYS + _WIDEST_DAYS
"""Days before a day that its judgement may look at."""
_FEWEST_PAYLOADS = 10
_FEWEST_DAYS, _FEWEST_BEFORE = 3, 50
_FALSE_ALARMS = 1e-5  # what chance alone may find in one look at one event, over all its fields and tests
_TESTS = 16
_NEW_PAYLOADS, _NEW_SHARE = 3, 0.03
_ALIKE = 0.7


@dataclass(frozen=True)
class Finding:
    """One field that is not what it was. `since` is the first of the days on which it was found without a break."""

    source: str
    event_type: str
    field: str
    kind: Kind
    expected: str
    observed: str
    evidence: str
    since: dt.date


@dataclass(frozen=True)
class Judged:
    """What was found in one event. `unjudged` says why nothing could be, None where it was looked at."""

    findings: list[Finding]
    unjudged: str | None = None


@dataclass(frozen=True)
class Baseline:
    """The days that an event is compared with, and all of them as one."""

    days: Sequence[Profile]
    whole: Profile


def baseline_of(days: Sequence[Profile]) -> Baseline:
    """Days without payloads count for nothing."""
    return Baseline([day for day in days if day.payloads], merged(days))


def judge(source: str, event_type: str, days: Mapping[dt.date, Profile], day: dt.date) -> Judged:
    """The drift of one event on a day. `days`: profiles by day, HISTORY_DAYS back."""
    reason = _too_little(days, day)
    if reason is not None:
        return Judged([], reason)
    found = _look(days, day)
    since = dict.fromkeys(found, day)
    still, earlier = set(found), day
    while still and day - earlier < dt.timedelta(TRAILING_DAYS):
        earlier -= dt.timedelta(1)
        if earlier in days:
            still &= _look(days, earlier).keys()
            since.update(dict.fromkeys(still, earlier))
    return Judged(
        [
            Finding(source, event_type, path, one.kind, one.expected, one.observed, words, since[path])
            for path, (one, words) in sorted(found.items())
        ]
    )


def drifted(now: Profile, before: Baseline) -> dict[str, Signal]:
    """Field to what is wrong with it, of one window of payloads against the days before it."""
    paths = sorted(set(now.fields) | set(before.whole.fields))
    limit = _FALSE_ALARMS / (_TESTS * len(paths))
    found: dict[str, Signal] = {}
    new: dict[str, Signal] = {}
    for path in paths:
        field = _field(path, now, before, limit)
        is_new = field.before.profile.present == 0
        signal = _new(field) if is_new else next(signals(field), None)
        if signal is not None:
            (new if is_new else found)[path] = signal
    return found | _renamed(found, new, now, before.whole)


def _look(days: Mapping[dt.date, Profile], day: dt.date) -> dict[str, tuple[Signal, str]]:
    """The day by itself, and where it has few payloads, with days before it as well."""
    found: dict[str, tuple[Signal, str]] = {}
    for first in _windows(days, day):
        window = merged(profile for when, profile in days.items() if first <= when <= day)
        before = baseline_of([days[when] for when in _trailing(first) if when in days])
        if window.payloads < _FEWEST_PAYLOADS:
            continue
        for path, signal in drifted(window, before).items():
            words = (
                f"chance {signal.chance:.1g}; {window.payloads} payloads since {first} against "
                f"{before.whole.payloads} on {len(before.days)} days before"
            )
            found.setdefault(path, (signal, words))
    successors = {signal.successor for signal, _ in found.values()}
    return {path: one for path, one in found.items() if path not in successors}


def _windows(days: Mapping[dt.date, Profile], day: dt.date) -> list[dt.date]:
    """First days of the windows that end with `day`."""
    first, payloads = day, days[day].payloads if day in days else 0
    while payloads < _WANTED_PAYLOADS and (day - first).days < _WIDEST_DAYS - 1:
        first -= dt.timedelta(1)
        payloads += days[first].payloads if first in days else 0
    return [day] if first == day else [day, first]


def _trailing(first: dt.date) -> list[dt.date]:
    return [first - dt.timedelta(number) for number in range(TRAILING_DAYS, 0, -1)]


def _too_little(days: Mapping[dt.date, Profile], day: dt.date) -> str | None:
    if day not in days:
        return "no payload on the day"
    known = [days[when] for when in _trailing(day) if when in days]
    payloads = sum(profile.payloads for profile in known)
    if len(known) < _FEWEST_DAYS or payloads < _FEWEST_BEFORE:
        return (
            f"{payloads} payloads on {len(known)} days before; it is compared from {_FEWEST_BEFORE} payloads on "
            f"{_FEWEST_DAYS} days on"
        )
    window = _windows(days, day)[-1]
    if sum(profile.payloads for when, profile in days.items() if window <= when <= day) < _FEWEST_PAYLOADS:
        return f"fewer than {_FEWEST_PAYLOADS} payloads within {_WIDEST_DAYS} days"
    return None


def _field(path: str, now: Profile, before: Baseline, limit: float) -> Field:
    nothing = FieldProfile()

    def seen(profile: Profile) -> Seen:
        return Seen(profile.fields.get(path, nothing), profile.chances(path))

    return Field(path, seen(now), seen(before.whole), [seen(day) for day in before.days], limit)


def _new(field: Field) -> Signal | None:
    """A field that was never there, though it could have been: its parent was."""
    now = Share(field.now.profile.present, field.now.chances)
    is_rare = field.now.profile.payloads < _NEW_PAYLOADS or now.rate < _NEW_SHARE
    if is_rare or field.before.chances < FEWEST_BEFORE or field.path.endswith("[]"):
        return None
    found = chance(now, [Share(0, day.chances) for day in field.days])
    observed = f"there in {100 * now.rate:.3g} %: {', '.join(field.now.profile.types) or 'null'}"
    return Signal("new", "never there", observed, found) if found < field.limit else None


def _renamed(
    found: Mapping[str, Signal], new: Mapping[str, Signal], now: Profile, before: Profile
) -> dict[str, Signal]:
    """New fields, each joined with the field that it replaces where there is one: then the old one is renamed."""
    lost = [path for path in found if found[path].kind in ("vanished", "nulls") and _is_rarer(path, now, before)]
    pairs = sorted(
        ((_alike(old, name, now, before), old, name) for old in lost for name in new if not name.startswith(f"{old}.")),
        reverse=True,
    )
    named: dict[str, Signal] = {}
    left = dict(new)
    for score, old, name in pairs:
        if score >= _ALIKE and old not in named and name in left:
            signal = left.pop(name)
            words = f"now {name}, which is {100 * score:.0f} % like it"
            named[old] = replace(signal, kind="renamed", expected=f"there as {old}", observed=words, successor=name)
    return {**left, **named}


def _is_rarer(path: str, now: Profile, before: Profile) -> bool:
    rates = [
        Share(profile.fields[path].present if path in profile.fields else 0, profile.chances(path)).rate
        for profile in (now, before)
    ]
    return rates[0] < rates[1] - 0.05


def _alike(old: str, new: str, now: Profile, before: Profile) -> float:
    """Fields of one parent are taken for a rename sooner than ones that stand apart."""
    nearby = 1.0 if parent_of(old) == parent_of(new) else 0.95
    return nearby * likeness(old, before.fields, new, now.fields)
