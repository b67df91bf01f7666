"""What the fields of JSON payloads look like: counts that add up over payloads, chunks and days. Judges nothing.

A field is named by its path, `leads[].company_location.state`; `$` is the payload itself, `leads[]` an element of the
list `leads`. No text is kept but the words of categories that `plain_values` lets through: texts are counted by length,
shape and a bucket of 8 bits, numbers by magnitude.
"""

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lead_pipeline.domain.plain_values import FEWEST_PAYLOADS, MOST_VALUES, is_category, is_enum_like, is_plain
from lead_pipeline.domain.text_shapes import shape_of

ROOT = "$"
_ANY_KEY = "*"
MOST_FIELDS = 400
_MOST_KEYS = 64  # an object with more is a map: its keys are data
_MOST_ELEMENTS = 1000
_DEEPEST = 8
_BUCKETS = 256
_MOST_BUCKETS = 96
_EXACT_LENGTH = 256
PER_DECADE = 8
_DECADES = 30
_OFFSET = 1000
_FIELD_NAME = re.compile(r"(?!.*\d{5})[^\W\d][\w-]{0,49}")
_NUMBER = re.compile(r"[-+]?\d{1,15}(?:\.\d{1,15})?")


@dataclass
class FieldProfile:
    """Counts of one field. `payloads` had it; `types` are of what is not null, `lengths` of texts and lists.

    `numbers` are counts by magnitude, see `magnitude`. `buckets` are counts of texts and booleans by hash, None where
    there were too many different ones. `values` are those written out.
    """

    payloads: int = 0
    present: int = 0
    nulls: int = 0
    types: Counter[str] = field(default_factory=Counter)
    numbers: Counter[int] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    buckets: Counter[int] | None = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)

    @property
    def texts(self) -> int:
        """How many texts and booleans there were."""
        return self.types["string"] + self.types["boolean"]

    @property
    def filled(self) -> int:
        """How many were there, neither null nor blank."""
        return self.present - self.nulls - self.shapes["blank"]

    @property
    def different(self) -> int | None:
        """About how many different texts there were (linear counting); None for more than a hundred or so."""
        if self.buckets is None:
            return None
        return round(-_BUCKETS * math.log(1 - len(self.buckets) / _BUCKETS))

    def add(self, other: "FieldProfile") -> None:
        """Merge by addition. Values go where the field turns out to be no enum."""
        self.payloads += other.payloads
        self.present += other.present
        self.nulls += other.nulls
        for mine, theirs in (
            (self.types, other.types),
            (self.numbers, other.numbers),
            (self.lengths, other.lengths),
            (self.shapes, other.shapes),
            (self.values, other.values),
        ):
            _add(mine, theirs)
        if self.buckets is not None and other.buckets is not None:
            _add(self.buckets, other.buckets)
        else:
            self.buckets = None
        self._forget_what_is_no_enum()

    def count_bucket(self, text: str) -> None:
        """Count a text by 8 bits of its CRC: enough to see a new value, far too few to know it by."""
        if self.buckets is not None:
            self.buckets[zlib.crc32(text.encode("utf-8", "surrogatepass")) & (_BUCKETS - 1)] += 1
            if len(self.buckets) > _MOST_BUCKETS:
                self.buckets = None

    def _forget_what_is_no_enum(self) -> None:
        if self.buckets is not None and len(self.buckets) > _MOST_BUCKETS:
            self.buckets = None
        if self.values and not is_enum_like(self.texts, self.different):
            self.values = Counter()
        if len(self.values) > MOST_VALUES:
            self.values = Counter(dict(self.values.most_common(MOST_VALUES)))


@dataclass
class Profile:
    """Payloads of one source and event, and their fields by path."""

    payloads: int = 0
    fields: dict[str, FieldProfile] = field(default_factory=dict)

    def add(self, other: "Profile") -> None:
        """Merge by addition; beyond MOST_FIELDS no new field is taken in."""
        self.payloads += other.payloads
        for path, theirs in other.fields.items():
            mine = self.fields.get(path)
            if mine is None and len(self.fields) < MOST_FIELDS:
                mine = self.fields[path] = FieldProfile()
            if mine is not None:
                mine.add(theirs)

    def chances(self, path: str) -> int:
        """How often a field could have been there: the objects that would have held it; of elements, how many were."""
        if path == ROOT or path.endswith(("[]", _ANY_KEY)):
            found = self.fields.get(path)
            return 0 if found is None else found.present
        parent = self.fields.get(parent_of(path))
        return 0 if parent is None else parent.types["object"]


def merged(profiles: Iterable[Profile]) -> Profile:
    """All of them as one, a new one."""
    total = Profile()
    for profile in profiles:
        total.add(profile)
    return total


def profile_of(payloads: Iterable[Any], history: Mapping[str, FieldProfile]) -> Profile:
    """Profile parsed payloads. `history`: what is known of the fields, for which values may be written out."""
    chunk = _Chunk()
    for payload in payloads:
        chunk.take(payload)
    chunk.write_out_values(history)
    return chunk.profile


def parent_of(path: str) -> str:
    """The path of what holds a field."""
    if path.endswith("[]"):
        return path.removesuffix("[]")
    return path.rpartition(".")[0] or ROOT


def magnitude(number: float) -> int:
    """A number's place on a scale of logarithms, eight a decade, ordered like the numbers; 0 for zero."""
    if number == 0 or not math.isfinite(number):
        return 0
    decades = min(max(math.log10(abs(number)), -_DECADES), _DECADES)
    place = _OFFSET + math.floor(decades * PER_DECADE)
    return place if number > 0 else -place


def number_at(place: float) -> float:
    """About the number whose magnitude is `place`."""
    if place == 0:
        return 0.0
    decades: float = (abs(place) - _OFFSET + 0.5) / PER_DECADE
    return math.copysign(10.0**decades, place)


@dataclass
class _Chunk:
    profile: Profile = field(default_factory=Profile)
    said: dict[str, Counter[str]] = field(default_factory=dict)
    said_in: dict[str, Counter[str]] = field(default_factory=dict)

    def take(self, payload: Any) -> None:
        self.profile.payloads += 1
        seen: dict[str, set[str]] = {}
        self._walk(ROOT, payload, seen, 0)
        for path, texts in seen.items():
            self.profile.fields[path].payloads += 1
            if texts:
                self.said_in.setdefault(path, Counter()).update(texts)

    def write_out_values(self, history: Mapping[str, FieldProfile]) -> None:
        nobody = FieldProfile()
        for path, said in self.said.items():
            here, before = self.profile.fields[path], history.get(path, nobody)
            both = FieldProfile(types=here.types + before.types, buckets=_sum(here.buckets, before.buckets))
            if not is_enum_like(both.texts, both.different):
                continue
            often = self.said_in[path]
            known = {text: n for text, n in said.items() if text in before.values or often[text] >= FEWEST_PAYLOADS}
            here.values = Counter(dict(Counter(known).most_common(MOST_VALUES)))

    def _walk(self, path: str, value: Any, seen: dict[str, set[str]], depth: int) -> None:
        found = self.profile.fields.get(path)
        if found is None:
            if len(self.profile.fields) >= MOST_FIELDS:
                return
            found = self.profile.fields[path] = FieldProfile()
        texts = seen.setdefault(path, set())
        found.present += 1
        if value is None:
            found.nulls += 1
        elif isinstance(value, str):
            self._text(path, found, value, texts)
        elif isinstance(value, bool):
            found.types["boolean"] += 1
            self._word(path, found, "true" if value else "false", texts, is_safe=True)
        elif isinstance(value, (int, float)):
            found.types["number"] += 1
            found.numbers[magnitude(_real(value))] += 1
        elif isinstance(value, list):
            found.types["array"] += 1
            found.lengths[_length(len(value))] += 1
            if depth < _DEEPEST:
                for element in value[:_MOST_ELEMENTS]:
                    self._walk(f"{path}[]", element, seen, depth + 1)
        else:
            found.types["object"] += 1
            if depth < _DEEPEST:
                self._object(path, value, seen, depth)

    def _object(self, path: str, value: dict[str, Any], seen: dict[str, set[str]], depth: int) -> None:
        is_map = len(value) > _MOST_KEYS
        inside = "" if path == ROOT else f"{path}."
        for name, inner in value.items():
            shown = name if not is_map and _FIELD_NAME.fullmatch(name) else _ANY_KEY
            self._walk(inside + shown, inner, seen, depth + 1)

    def _text(self, path: str, found: FieldProfile, text: str, texts: set[str]) -> None:
        found.types["string"] += 1
        shape = shape_of(text)
        found.shapes[shape] += 1
        if shape != "blank":
            found.lengths[_length(len(text))] += 1
        if len(text) <= 31 and _NUMBER.fullmatch(text):
            found.numbers[magnitude(float(text))] += 1
        self._word(path, found, text, texts, is_safe=is_category(path) and is_plain(text))

    def _word(self, path: str, found: FieldProfile, text: str, texts: set[str], *, is_safe: bool) -> None:
        found.count_bucket(text)
        if is_safe and found.buckets is not None:
            self.said.setdefault(path, Counter())[text] += 1
            texts.add(text)


def _add(mine: Counter[Any], theirs: Mapping[Any, int]) -> None:
    for key, count in theirs.items():
        mine[key] += count


def _sum(one: Counter[int] | None, other: Counter[int] | None) -> Counter[int] | None:
    return None if one is None or other is None else one + other


def _length(size: int) -> int:
    return size if size <= _EXACT_LENGTH else int(float(f"{size:.2g}"))


def _real(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond every double
        return math.copysign(math.inf, value)
