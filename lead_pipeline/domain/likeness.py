"""How alike two fields are, by their profiles and names: is the one the other under a new name? Decides nothing."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from lead_pipeline.domain.field_profile import FieldProfile

_NOT_LETTERS = re.compile(r"[\W_]+")


def likeness(old: str, before: Mapping[str, FieldProfile], new: str, now: Mapping[str, FieldProfile]) -> float:
    """Between 0 and 1 for the field `old` as it was and `new` as it is. 1 where only the spelling of the name differs.

    Types, shapes, lengths and magnitudes must all be alike; of objects the names of their fields.
    """
    one, other = before[old], now[new]
    types = _overlap(one.types, other.types)
    parts = [
        _overlap(one.shapes, other.shapes) if one.shapes or other.shapes else None,
        _nearness(one.lengths, other.lengths) if one.lengths or other.lengths else None,
        _nearness(one.numbers, other.numbers) if one.numbers or other.numbers else None,
        _overlap(one.buckets, other.buckets) if one.buckets and other.buckets else None,
        _children(old, before, new, now) if one.types["object"] and other.types["object"] else None,
    ]
    scores = [score for score in parts if score is not None]
    profile = types * (sum(scores) / len(scores) if scores else 1.0)
    return 1.0 if types > 0.5 and _spelt(old) == _spelt(new) else profile


def _overlap(one: Counter[Any], other: Counter[Any]) -> float:
    """The share that two distributions have in common."""
    if not one or not other:
        return 0.0
    shared = 0.0
    for key in one.keys() & other.keys():
        shared += min(one[key] / one.total(), other[key] / other.total())
    return shared


def _nearness(one: Counter[int], other: Counter[int]) -> float:
    """One less the greatest distance of two cumulated distributions."""
    if not one or not other:
        return 0.0
    places = sorted(one.keys() | other.keys())
    sums = (list(accumulate(counts[place] / counts.total() for place in places)) for counts in (one, other))
    farthest: float = max(abs(first - second) for first, second in zip(*sums, strict=True))
    return 1 - farthest


def _children(old: str, before: Mapping[str, FieldProfile], new: str, now: Mapping[str, FieldProfile]) -> float:
    names = [
        {path.removeprefix(f"{parent}.") for path in fields if path.startswith(f"{parent}.")}
        for parent, fields in ((old, before), (new, now))
    ]
    return len(names[0] & names[1]) / len(names[0] | names[1]) if names[0] | names[1] else 1.0


def _spelt(path: str) -> str:
    return _NOT_LETTERS.sub("", path.rpartition(".")[2]).lower()
