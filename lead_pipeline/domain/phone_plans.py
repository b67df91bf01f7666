"""Numbering plans as patterns that a whole column can be matched with, read from libphonenumber's metadata.

Holds no parsing: what a national number is, and of which type it is in a region. Lengths are digits.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from lead_pipeline.domain.arrow import ARROW_TEXT, mask, matches, put

CALLING_CODES = rf"^(?P<code>{'|'.join(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))})(?P<rest>\d+)$"
TYPES = (
    "fixed_line", "mobile", "fixed_line_or_mobile", "toll_free", "premium_rate", "shared_cost", "voip",
    "personal_number", "pager", "uan", "voicemail", "unknown",
)  # fmt: skip
"""libphonenumber's names of types, in lower case; `unknown` is no valid number's."""
NO_TYPE = TYPES.index("unknown")
_FIXED, _MOBILE, _EITHER = (TYPES.index(name) for name in ("fixed_line", "mobile", "fixed_line_or_mobile"))
# A number that fits several is of the first; only where it fits none the library asks whether it is fixed or mobile.
_SPECIAL = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
)  # fmt: skip

Numbers = Any
Mask = Any
Codes = Any


@dataclass(frozen=True, slots=True)
class Description:
    """Digits that a description of libphonenumber covers."""

    pattern: str
    lengths: tuple[int, ...]

    def covers(self, numbers: Numbers) -> Mask:
        """Where a number matches the whole pattern and has one of the lengths."""
        fits = matches(numbers, self.pattern)
        if self.lengths:
            lengths = pa.array(self.lengths, pa.int64())
            fits &= mask(pc.is_in(pc.binary_length(numbers), value_set=lengths))
        return fits


@dataclass(frozen=True, slots=True)
class Plan:
    """One region's numbering plan.

    `trunk_digits` are the ones that the trunk prefix takes off every number that begins with them, None where it
    may take more or replace them. `special` has codes of TYPES in the library's order, `some_special` a pattern that
    all of their numbers match. Where `mobile_is_fixed_line` the two cannot be told apart, and `mobile` is None.
    """

    region: str
    calling_code: str
    general: Description
    special: tuple[tuple[int, Description], ...]
    some_special: str | None
    fixed_line: Description | None
    mobile: Description | None
    mobile_is_fixed_line: bool
    dialled_abroad: str | None
    trunk: str | None
    trunk_digits: str | None
    leading_digits: str | None

    def types_of(self, numbers: Numbers) -> Codes:
        """The library's type of each national number in this plan, as its place in TYPES."""
        types = np.full(len(numbers), NO_TYPE, dtype=np.int8)
        places = np.flatnonzero(self.general.covers(numbers))
        numbers = numbers.take(pa.array(places))
        special = np.flatnonzero(matches(numbers, self.some_special)) if self.some_special else np.empty(0, np.int64)
        for code, description in self.special:
            if not len(special):
                break
            fits = description.covers(numbers.take(pa.array(special)))
            types[places[special[fits]]] = code
            special = special[~fits]
        places = places[left := types[places] == NO_TYPE]
        types[places] = self._ordinary_types(numbers if left.all() else numbers.filter(pa.array(left)))
        return types

    def _ordinary_types(self, numbers: Numbers) -> Codes:
        fixed, mobile = (
            description.covers(numbers) if description else np.zeros(len(numbers), dtype=bool)
            for description in (self.fixed_line, self.mobile)
        )
        fixed_alone = _EITHER if self.mobile_is_fixed_line else _FIXED
        return np.array([NO_TYPE, fixed_alone, _MOBILE, _EITHER], np.int8)[fixed + 2 * mobile]


@cache
def plan_of(region: str) -> Plan | None:
    """The plan of an ISO alpha-2 region, None where the library knows none."""
    data = PhoneMetadata.metadata_for_region(region, None) if region in phonenumbers.SUPPORTED_REGIONS else None
    general = _description(data.general_desc) if data is not None else None
    if data is None or general is None:
        return None
    trunk = data.national_prefix_for_parsing
    special = tuple(
        (TYPES.index(name), description) for name in _SPECIAL if (description := _description(getattr(data, name)))
    )
    is_one = bool(data.same_mobile_and_fixed_line_pattern)
    return Plan(
        region=region,
        calling_code=str(data.country_code),
        general=general,
        special=special,
        some_special="|".join(description.pattern for _, description in special) or None,
        fixed_line=_description(data.fixed_line),
        mobile=None if is_one else _description(data.mobile),
        mobile_is_fixed_line=is_one,
        dialled_abroad=_prefix(data.international_prefix),
        trunk=_prefix(trunk),
        trunk_digits=_trunk_digits(data),
        leading_digits=_prefix(data.leading_digits),
    )


def main_plan(calling_code: str) -> Plan | None:
    """The plan with which the library reads numbers written with this calling code."""
    return plan_of(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(calling_code)][0])


def regions_of(calling_code: str, numbers: Numbers) -> tuple[Numbers, Codes]:
    """Each national number's region (null where none) and type (place in TYPES), as the library looks.

    A number is valid where its type is known.
    """
    region = pa.nulls(len(numbers), ARROW_TEXT)
    types = np.full(len(numbers), NO_TYPE, dtype=np.int8)
    places = np.arange(len(numbers))
    for plan in filter(None, map(plan_of, phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(calling_code)])):
        if not len(places):
            break
        left = numbers.take(pa.array(places))
        if plan.leading_digits:
            here = matches(left, plan.leading_digits)
            types[places[here]] = plan.types_of(left.filter(pa.array(here)))
        else:
            found = plan.types_of(left)
            here = found != NO_TYPE
            types[places] = found
        chosen = np.zeros(len(numbers), dtype=bool)
        chosen[places[here]] = True
        region = put(region, chosen, pa.array([plan.region] * int(here.sum()), ARROW_TEXT))
        places = places[~here]
    return region, types


def _trunk_digits(data: PhoneMetadata) -> str | None:
    """For `0` and for `(183[12])|0`: any other alternative begins with another digit, so it cannot apply."""
    alternatives = (data.national_prefix_for_parsing or "").split("|")
    digits = next(filter(str.isdigit, alternatives), None)
    if digits is None or data.national_prefix_transform_rule:
        return None
    others = [alternative.lstrip("(?:") for alternative in alternatives if alternative != digits]
    whole = all(alternative.count("(") == alternative.count(")") for alternative in alternatives)
    apart = all(other[:1].isdigit() and other[0] != digits[0] for other in others)
    return digits if whole and apart else None


def _prefix(pattern: str | None) -> str | None:
    return rf"^(?:{pattern})" if pattern else None


def _description(source: PhoneNumberDesc | None) -> Description | None:
    if source is None or not source.national_number_pattern:
        return None
    return Description(rf"^(?:{source.national_number_pattern})$", tuple(source.possible_length))
