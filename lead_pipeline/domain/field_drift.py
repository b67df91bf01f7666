"""How one field differs from what it was: the tests, each a share that moved, and the words for what they find.

Does not look at more than one field; renames and new fields are in `drift`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from lead_pipeline.domain.field_profile import PER_DECADE, FieldProfile, number_at
from lead_pipeline.domain.plain_values import is_enum_like
from lead_pipeline.domain.shares import Share, chance, total
from lead_pipeline.domain.text_shapes import CASES

Kind = Literal["renamed", "vanished", "type", "unit", "case", "truncated", "values", "format", "length", "nulls", "new"]
FEWEST_NOW, FEWEST_BEFORE = 8, 30
"""Entries that a field must have for a judgement, in the window and in the days before."""

# The least that a share must have moved to be worth a look, however sure it is that it did.
_MISSING, _FILLED, _TYPE, _SHAPE, _KNOWN = 0.08, 0.30, 0.05, 0.10, 0.35
_NOVEL, _NOVEL_OF_MANY, _MANY = 0.05, 0.30, 12  # a list of a dozen industries or more may well grow
_NUMBERS, _BEYOND, _LENGTHS, _CUT, _PILE = 0.35, 0.05, 0.40, 0.50, 0.15
_DECADES = 0.15
_STEADY = 0.01
_IDENTIFIER = re.compile(r"(?:^|[._])(?:id|\w*_id|\w*Id)$")


class Seen(NamedTuple):
    """A field over some payloads, and how often it could have been there."""

    profile: FieldProfile
    chances: int


@dataclass(frozen=True)
class Signal:
    """One way in which a field is not what it was. `successor` is the field that a renamed one became."""

    kind: Kind
    expected: str
    observed: str
    chance: float
    successor: str | None = None


@dataclass(frozen=True)
class Field:
    """A field now, in all the days before, and on each of them. `limit`: chance below which it cannot be chance."""

    path: str
    now: Seen
    before: Seen
    days: Sequence[Seen]
    limit: float

    def moved(self, measure: Callable[[Seen], Share], at_least: float, cuts: int = 1) -> float | None:
        """The chance of a share's having risen so far, None where it has not, or may have by chance."""
        now, before = measure(self.now), measure(self.before)
        if now.whole < FEWEST_NOW or before.whole < FEWEST_BEFORE or now.rate - before.rate < at_least:
            return None
        found = chance(now, [measure(day) for day in self.days]) * cuts
        return found if found < self.limit else None


def signals(field: Field) -> Iterator[Signal]:
    """Every test of a field, the most telling first."""
    for test in (_type, _unit, _format, _values, _truncated, _length, _missing):
        found = test(field)
        if found is not None:
            yield found


def _missing(field: Field) -> Signal | None:
    def absent(seen: Seen) -> Share:
        return Share(seen.chances - seen.profile.present, seen.chances)

    def missing(seen: Seen) -> Share:
        return Share(seen.chances - seen.profile.filled, seen.chances)

    def filled(seen: Seen) -> Share:
        return Share(seen.profile.filled, seen.chances)

    for measure, words, at_least in (
        (absent, "missing", _MISSING),
        (missing, "missing or null", _MISSING),
        (filled, "filled", _FILLED),
    ):
        found = field.moved(measure, at_least)
        if found is not None:
            expected, observed = (f"{words} in {_percent(measure(seen))}" for seen in (field.before, field.now))
            return Signal("nulls" if field.now.profile.present else "vanished", expected, observed, found)
    return None


def _type(field: Field) -> Signal | None:
    for kind in field.now.profile.types:
        found = field.moved(lambda seen, kind=kind: _of(seen.profile.types, kind), _TYPE)  # type: ignore[misc]
        if found is not None:
            return Signal("type", _mix(field.before.profile.types), _mix(field.now.profile.types), found)
    return None


def _format(field: Field) -> Signal | None:
    now, before = _shapes(field.now.profile), _shapes(field.before.profile)
    for shape in now:
        found = field.moved(lambda seen, shape=shape: _of(_shapes(seen.profile), shape), _SHAPE)  # type: ignore[misc]
        if found is not None:
            lost = min(before, key=lambda name: _of(now, name).rate - _of(before, name).rate)
            return Signal(
                "case" if any({shape, lost} <= alike for alike in CASES) else "format", _mix(before), _mix(now), found
            )
    return None


def _values(field: Field) -> Signal | None:
    """Of an enum whose values have not changed for a while: values that are new, or one that crowds out the others."""
    now, before = field.now.profile, field.before.profile
    if before.buckets is None or not is_enum_like(before.texts, before.different):
        return None
    half = len(field.days) // 2
    early = _all_buckets(field.days[:half])
    later = total([_outside(day.profile, early) for day in field.days[half:]])
    if later.rate <= _STEADY:
        known = frozenset(before.buckets)
        novelty = _outside(now, known)
        found = chance(novelty, [_outside(day.profile, early) for day in field.days[half:]])
        least = _NOVEL if (before.different or 0) <= _MANY else _NOVEL_OF_MANY
        if novelty.whole >= FEWEST_NOW and novelty.rate >= least and found < field.limit:
            return _new_values(now, before, novelty, found)
    for bucket in now.buckets or ():
        crowded = field.moved(lambda seen, bucket=bucket: _bucket(seen.profile, bucket), _KNOWN)  # type: ignore[misc]
        if crowded is not None:
            return Signal("values", _named(before), _named(now), crowded)
    return None


def _new_values(now: FieldProfile, before: FieldProfile, novelty: Share, found: float) -> Signal:
    new = Counter({text: count for text, count in now.values.items() if text not in before.values})
    folded = {text.casefold() for text in before.values}
    is_case = bool(new) and all(text.casefold() in folded for text in new)
    words = ", ".join(text for text, _ in new.most_common(5)) or "values not written out"
    return Signal("case" if is_case else "values", _named(before), f"others in {_percent(novelty)}: {words}", found)


def _unit(field: Field) -> Signal | None:
    """Numbers whose middle has moved, or of which some are beyond all that there were."""
    now, before = field.now.profile.numbers, field.before.profile.numbers
    if _IDENTIFIER.search(field.path) or not now or not before:
        return None
    middles = _middle(before), _middle(now)
    decades = _decades(*middles)
    lowest, highest = min(before), max(before)

    def beyond(seen: Seen) -> Share:
        counts = seen.profile.numbers
        return Share(sum(n for place, n in counts.items() if not lowest <= place <= highest), counts.total())

    found = _shifted(field, lambda profile: profile.numbers, _NUMBERS) if abs(decades) >= _DECADES else None
    if found is not None:
        factor = f", about {10**decades:.2g} times" if abs(decades) < 20 else ""
        return Signal("unit", f"about {number_at(middles[0]):.2g}", f"about {number_at(middles[1]):.2g}{factor}", found)
    found = field.moved(beyond, _BEYOND)
    if found is None:
        return None
    expected = f"between {number_at(lowest):.2g} and {number_at(highest):.2g}"
    return Signal("unit", expected, f"beyond that in {_percent(beyond(field.now))}", found)


def _length(field: Field) -> Signal | None:
    found = _shifted(field, lambda profile: profile.lengths, _LENGTHS)
    if found is None:
        return None
    before, now = _middle(field.before.profile.lengths), _middle(field.now.profile.lengths)
    return Signal("length", f"half are longer than {before}", f"half are longer than {now}", found)


def _truncated(field: Field) -> Signal | None:
    """Nothing is longer than some length, and all that would be is of just that length; or many suddenly are."""
    now, before = field.now.profile, field.before.profile
    if not now.lengths or (is_enum_like(before.texts, before.different) and not before.types["array"]):
        return None
    longest = max(now.lengths)
    found = field.moved(lambda seen: _at_end(seen.profile.lengths, longest), _CUT)
    if found is not None:
        longer = Share(sum(n for size, n in before.lengths.items() if size > longest), before.lengths.total())
        return Signal(
            "truncated", f"{_percent(longer)} are longer than {longest}", f"none is longer than {longest}", found
        )
    rises = {size: _of(now.lengths, size).rate - _of(before.lengths, size).rate for size in now.lengths}
    pile = max(rises, key=rises.__getitem__)
    found = field.moved(lambda seen: _of(seen.profile.lengths, pile), _PILE, len(rises))
    if found is None:
        return None
    expected, observed = (
        f"{_percent(_of(lengths, pile))} are {pile} long" for lengths in (before.lengths, now.lengths)
    )
    return Signal("truncated", expected, observed, found)


def _shifted(field: Field, counts: Callable[[FieldProfile], Counter[int]], at_least: float) -> float | None:
    """The chance of the whole distribution's having moved: the share on one side of the cut where it moved most."""
    now, before = counts(field.now.profile), counts(field.before.profile)
    if not now or not before:
        return None
    cuts = sorted(set(now) | set(before))
    below = [list(accumulate(_of(part, cut).rate for cut in cuts)) for part in (now, before)]
    gaps = [first - second for first, second in zip(*below, strict=True)]
    place = max(range(len(cuts)), key=lambda index: abs(gaps[index]))
    cut, is_below = cuts[place], gaps[place] > 0

    def side(seen: Seen) -> Share:
        of_all = counts(seen.profile)
        return Share(sum(n for at, n in of_all.items() if (at <= cut) == is_below), of_all.total())

    return field.moved(side, at_least, len(cuts))


def _of(counts: Counter[Any], name: object) -> Share:
    return Share(counts[name], counts.total())


def _shapes(profile: FieldProfile) -> Counter[str]:
    return Counter({shape: count for shape, count in profile.shapes.items() if shape != "blank"})


def _bucket(profile: FieldProfile, bucket: int) -> Share:
    return Share(0, 0) if profile.buckets is None else Share(profile.buckets[bucket], profile.texts)


def _outside(profile: FieldProfile, known: frozenset[int]) -> Share:
    """Texts in other buckets than these, one a payload: a batch of leads that are alike is one new thing, not fifty.

    Of too many different texts those outside cannot be told: none of none.
    """
    if profile.buckets is None:
        return Share(0, 0)
    outside = sum(n for bucket, n in profile.buckets.items() if bucket not in known)
    if profile.texts <= profile.payloads:
        return Share(outside, profile.texts)
    return Share(round(outside * profile.payloads / profile.texts), profile.payloads)


def _all_buckets(days: Sequence[Seen]) -> frozenset[int]:
    return frozenset(bucket for day in days for bucket in day.profile.buckets or ())


def _at_end(lengths: Mapping[int, int], longest: int) -> Share:
    return Share(lengths.get(longest, 0), sum(n for size, n in lengths.items() if size >= longest))


def _middle(counts: Counter[int]) -> int:
    """The median of counts that are not empty."""
    places = sorted(counts)
    sums = accumulate(counts[place] for place in places)
    return next(place for place, so_far in zip(places, sums, strict=True) if so_far >= counts.total() / 2)


def _decades(before: int, now: int) -> float:
    """By how many powers of ten a magnitude moved; 99 where it changed its sign or left zero."""
    if now == before:
        return 0.0
    return (abs(now) - abs(before)) / PER_DECADE if now * before > 0 else 99.0


def _percent(share: Share) -> str:
    return f"{100 * share.rate:.3g} %"


def _mix(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {_percent(_of(counts, name))}" for name, _ in counts.most_common(3))


def _named(profile: FieldProfile) -> str:
    words = ", ".join(f"{text} {_percent(Share(n, profile.texts))}" for text, n in profile.values.most_common(6))
    return words or f"about {profile.different or 'many'} different values"
