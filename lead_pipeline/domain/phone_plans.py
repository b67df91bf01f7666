"""Numbering plans as patterns that a whole column can be matched with, read from libphonenumber's metadata.

Holds no parsing: what a national number is, and whether it is a number of a region. Lengths are digits.
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
_NON_GEOGRAPHIC = "001"
# The order in which the library looks does not matter here: a number of any type is a number.
_TYPES = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost",
    "voip", "personal_number", "pager", "uan", "voicemail",
)  # fmt: skip

Numbers = Any
Mask = Any


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
    may take more or replace them.
    """

    region: str
    calling_code: str
    general: Description
    types: tuple[Description, ...]
    dialled_abroad: str | None
    trunk: str | None
    trunk_digits: str | None
    leading_digits: str | None

    def has_number(self, numbers: Numbers) -> Mask:
        """Where a national number is of some type in this plan: what the library calls valid."""
        found = np.zeros(len(numbers), dtype=bool)
        candidates = np.flatnonzero(self.general.covers(numbers))
        for description in self.types:
            if not len(candidates):
                break
            fits = description.covers(numbers.take(pa.array(candidates)))
            found[candidates[fits]] = True
            candidates = candidates[~fits]
        return found


@cache
def plan_of(region: str) -> Plan | None:
    """The plan of an ISO alpha-2 region, None where the library knows none."""
    data = PhoneMetadata.metadata_for_region(region, None) if region in phonenumbers.SUPPORTED_REGIONS else None
    general = _description(data.general_desc) if data is not None else None
    if data is None or general is None:
        return None
    trunk = data.national_prefix_for_parsing
    found = (_description(getattr(data, name)) for name in _TYPES)
    return Plan(
        region=region,
        calling_code=str(data.country_code),
        general=general,
        types=tuple(dict.fromkeys(description for description in found if description)),
        dialled_abroad=_prefix(data.international_prefix),
        trunk=_prefix(trunk),
        trunk_digits=_trunk_digits(data),
        leading_digits=_prefix(data.leading_digits),
    )


def main_plan(calling_code: str) -> Plan | None:
    """The plan with which the library reads numbers written with this calling code."""
    return plan_of(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(calling_code)][0])


def regions_of(calling_code: str, numbers: Numbers) -> tuple[Numbers, Mask]:
    """Each national number's region (null where none) and whether it is valid there, as the library looks."""
    region = pa.nulls(len(numbers), ARROW_TEXT)
    valid = np.zeros(len(numbers), dtype=bool)
    places = np.arange(len(numbers))
    for plan in filter(None, map(plan_of, phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(calling_code)])):
        if not len(places):
            break
        left = numbers.take(pa.array(places))
        if plan.leading_digits:
            here = matches(left, plan.leading_digits)
            valid[places[here]] = plan.has_number(left.filter(pa.array(here)))
        else:
            here = plan.has_number(left)
            valid[places[here]] = True
        chosen = np.zeros(len(numbers), dtype=bool)
        chosen[places[here]] = True
        region = put(region, chosen, pa.array([plan.region] * int(here.sum()), ARROW_TEXT))
        places = places[~here]
    return region, valid


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
