"""Phone numbers: E.164 form, the number's country and type, and whether it is a valid number.

The authority is libphonenumber. Ordinary ways of writing a number take a vectorised pass over its own
metadata; every other distinct (text, country) pair is asked of the library. Invalid numbers never raise.
"""

from typing import Any

import numpy as np
import pandas as pd
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import (
    ARROW_TEXT,
    ask_each,
    join,
    matches,
    only_where,
    present,
    put,
    to_arrow,
    to_series,
)
from lead_pipeline.domain.phone_plans import (
    CALLING_CODES,
    NO_TYPE,
    TYPES,
    Plan,
    main_plan,
    plan_of,
    regions_of,
)

_ORDINARY = r"^\+?[0-9 ()./\-]*[0-9][0-9 ()./\-]*$"
_LONGEST_ORDINARY = 40
_SEPARATOR = "\x1f"
_TYPE_NAMES = pa.array(TYPES, ARROW_TEXT)
_NAME_OF_TYPE = {
    code: phonenumbers.PhoneNumberType.to_string(code).lower() for code in phonenumbers.PhoneNumberType.values()
}


def normalise_phones(raw: pd.Series, country: pd.Series) -> pd.DataFrame:
    """Each number's E.164 form. `country` (alpha-2 or NaN, same index) is the default for national forms.

    Columns, on the input's index: `phone` (E.164, NaN when missing or invalid), `phone_country` (ISO
    alpha-2 of the number, NaN when unknown or invalid), `phone_type` (one of TYPES: `unknown` when invalid, NaN when
    missing), `phone_valid` (bool, False when missing).
    Without a country only international forms can be read.
    """
    given, default = to_arrow(raw), to_arrow(country)
    if given.null_count == len(given):
        phone = region = kind = given
        rest = np.zeros(len(given), dtype=bool)
    else:
        phone, region, kind, decided = _read_ordinary(given, default)
        rest = present(given) & ~decided
    if rest.any():
        countries = pc.fill_null(default.filter(pa.array(rest)), "")
        questions = join(countries, given.filter(pa.array(rest)), between=_SEPARATOR)
        answers = ask_each(questions, _ask_pair, 3)
        phone, region, kind = (put(*column) for column in zip((phone, region, kind), [rest] * 3, answers, strict=True))
    return pd.DataFrame(
        {
            "phone": to_series(phone, raw.index),
            "phone_country": to_series(region, raw.index),
            "phone_type": to_series(kind, raw.index),
            "phone_valid": present(phone),
        },
        index=raw.index,
        copy=False,
    )


def ask_library(text: str, country: str | None) -> tuple[str | None, str | None, str]:
    """What libphonenumber says about one number: (E.164, alpha-2, type); (None, None, "unknown") where invalid."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None, None, TYPES[NO_TYPE]
    if not phonenumbers.is_valid_number(number):
        return None, None, TYPES[NO_TYPE]
    region = phonenumbers.region_code_for_number(number)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    kind = _NAME_OF_TYPE[phonenumbers.number_type(number)]
    return written, region if region and region.isalpha() else None, kind


def _ask_pair(question: str) -> tuple[str | None, str | None, str]:
    country, _, text = question.partition(_SEPARATOR)
    return ask_library(text, country or None)


def _read_ordinary(given: Any, default: Any) -> tuple[Any, Any, Any, Any]:
    """E.164 form, region, type, and for which of the values these are certain."""
    size = len(given)
    short = pc.less_equal(pc.binary_length(given), _LONGEST_ORDINARY)
    ordinary = matches(only_where(short, given), _ORDINARY)
    international = matches(given, r"^\+")
    digits = pc.replace_substring_regex(given, r"[^0-9]+", "")
    parts = pc.extract_regex(only_where(ordinary & international, digits), CALLING_CODES)
    codes, rests = pc.struct_field(parts, "code"), pc.struct_field(parts, "rest")
    phone, region = pa.nulls(size, ARROW_TEXT), pa.nulls(size, ARROW_TEXT)
    types = np.full(size, NO_TYPE, dtype=np.int8)
    decided = ordinary & ~international & ~present(default)

    groups = [(code, True) for code in _distinct(codes)]
    groups += [(code, False) for code in _distinct(default.filter(pa.array(ordinary & ~international)))]
    for code, has_code in groups:
        plan = main_plan(code) if has_code else plan_of(code)
        if plan is None:
            continue
        key, written = (codes, rests) if has_code else (default, digits)
        places = np.flatnonzero(_is(key, code) & ordinary & (international == has_code))
        national, known = _national_numbers(written.take(pa.array(places)), plan, has_code=has_code)
        regions, found = regions_of(plan.calling_code, national.filter(pa.array(known)))
        valid = found != NO_TYPE
        decided[places[known]] = True
        types[places[known]] = found
        accepted = np.zeros(size, dtype=bool)
        accepted[places[known][valid]] = True
        e164 = join(f"+{plan.calling_code}", national.filter(pa.array(known)).filter(pa.array(valid)))
        phone, region = put(phone, accepted, e164), put(region, accepted, regions.filter(pa.array(valid)))
    kind = only_where(present(given), _TYPE_NAMES.take(pa.array(types)))
    return phone, region, kind, decided


def _national_numbers(digits: Any, plan: Plan, *, has_code: bool) -> tuple[Any, Any]:
    """National significant numbers and where they are certain; elsewhere the library has to read them."""
    certain = np.ones(len(digits), dtype=bool)
    if plan.dialled_abroad and not has_code:
        certain &= ~matches(digits, plan.dialled_abroad)
    if not plan.trunk:
        return digits, certain & plan.general.covers(digits)
    with_trunk = matches(digits, plan.trunk)
    without = certain & ~with_trunk & plan.general.covers(digits)
    if not plan.trunk_digits:
        return digits, without
    rest = pc.utf8_slice_codeunits(digits, len(plan.trunk_digits))
    stripped = certain & matches(digits, f"^{plan.trunk_digits}")
    stripped &= plan.general.covers(rest) & ~matches(rest, plan.trunk)
    if not has_code and plan.trunk_digits != plan.calling_code:
        stripped &= ~matches(digits, f"^{plan.calling_code}")
    return pc.if_else(stripped, rest, digits), without | stripped


def _distinct(values: Any) -> list[str]:
    found: list[str] = values.drop_null().unique().to_pylist()
    return found


def _is(values: Any, wanted: str) -> Any:
    return pc.fill_null(pc.equal(values, wanted), False).to_numpy(zero_copy_only=False)
