"""The drift watch on trial: how many payloads a planted drift needs until it is found, and what a clean month alarms.

Uses the very functions of the pipeline on generated payloads, without a database. Prints and judges nothing.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lead_pipeline.domain.drift import HISTORY_DAYS, TRAILING_DAYS, Finding, judge
from lead_pipeline.domain.field_profile import Profile, merged, profile_of
from lead_pipeline.sandbox.clean_stream import EVENT_OF, clean_day, clean_payload
from lead_pipeline.sandbox.drifting import Drift, plant

START = dt.date(2026, 1, 5)
_DAY = dt.timedelta(days=1)
_LOOK_EVERY = 10


@dataclass(frozen=True)
class Trial:
    """One planted drift. `payloads`: how many drifted ones came until its field was named, None where it never was.

    `others` are the fields that were named beside it.
    """

    drift: str
    payloads: int | None
    others: tuple[str, ...] = ()


class Vendor:
    """One vendor's clean past: TRAILING_DAYS of payloads, profiled day by day. `share` makes its days smaller."""

    def __init__(self, seed: int, source: str, *, share: float = 1.0) -> None:
        self.seed, self.source, self.share = seed, source, share
        self.days: dict[dt.date, Profile] = {}
        self.day = START
        while len(self.days) < TRAILING_DAYS:
            for _ in self.looks(1):
                pass

    def looks(self, looks: int) -> Iterator[list[Finding]]:
        """The next clean day, with the findings of each of so many looks at it as it grows. It then is the past."""
        day, known = self.day, self._known()
        payloads = [sent.payload for sent in clean_day(self.seed, self.source, day, share=self.share)]
        size = max(1, -(-len(payloads) // looks))
        today = self.days[day] = Profile()
        for first in range(0, len(payloads), size):
            today.add(profile_of(payloads[first : first + size], known.fields))
            if len(self.days) > TRAILING_DAYS:
                yield self._judge(self.days)
        self.day += _DAY

    def false_alarms(self, days: int, looks: int = 6) -> list[Finding]:
        """What is found on the next clean days. A field that stays suspect from one day to the next is one alarm."""
        alarms = {}
        for _ in range(days):
            for findings in self.looks(looks):
                alarms.update({(one.event_type, one.field, one.since): one for one in findings})
        return list(alarms.values())

    def trial(self, drift: Drift, *, most: int = 100, every: int = 1, after: int = 0) -> Trial:
        """Plant a drift into the next day's payloads, each `every`-th one, `after` so many clean ones of that day."""
        known, today, drifted = self._known(), Profile(), 0
        number = 0
        while drifted < most:
            payload: dict[str, Any] = clean_payload(
                self.seed, self.source, EVENT_OF[self.source], self.day, number
            ).payload
            is_drifted = number >= after and number % every == 0
            today.add(profile_of([plant(drift.name, payload) if is_drifted else payload], known.fields))
            number, drifted = number + 1, drifted + is_drifted
            if is_drifted and drifted % _LOOK_EVERY == 0:
                fields = [one.field for one in self._judge({**self.days, self.day: today})]
                if drift.field in fields:
                    return Trial(drift.name, drifted, tuple(field for field in fields if field != drift.field))
        return Trial(drift.name, None)

    def _known(self) -> Profile:
        return merged(profile for day, profile in self.days.items() if self.day - day <= _DAY * TRAILING_DAYS)

    def _judge(self, days: dict[dt.date, Profile]) -> list[Finding]:
        recent = {day: profile for day, profile in days.items() if self.day - day <= _DAY * HISTORY_DAYS}
        return judge(self.source, EVENT_OF[self.source], recent, self.day).findings


def trials(seed: int, drifts: Sequence[Drift], *, every: int = 1, after: int = 0) -> list[Trial]:
    """Every drift by itself, each after the same clean month of its vendor."""
    vendors: dict[str, Vendor] = {}
    done = []
    for drift in drifts:
        if drift.source not in vendors:
            vendors[drift.source] = Vendor(seed, drift.source)
        done.append(vendors[drift.source].trial(drift, every=every, after=after))
    return done
