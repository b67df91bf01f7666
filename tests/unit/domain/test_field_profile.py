"""Payloads to profiles: what is counted, that counts add up, and that nobody can be found in them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.field_profile import (
    MOST_FIELDS,
    FieldProfile,
    Profile,
    magnitude,
    merged,
    number_at,
    profile_of,
)

TEXT = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(["high", "low", "12", "2026-01-01"])
KEYS = st.sampled_from(["a", "b", "status", "e-mail@x", "12345", "nested"]) | TEXT
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PEOPLE = [
    ("Ada Byron", "ada.byron@example.com", "+5511987654321", "529.982.247-25"),
    ("JOSE DA SILVA", "jose@example.com.br", "(11) 98765-1234", "52998224725"),
    ("maria souza", "m.souza@example.org", "11912345678", "11144477735"),
]


def profile(*payloads: Any) -> Profile:
    return profile_of(payloads, {})


def counts(found: Profile) -> dict[str, Any]:
    """Everything but the values written out, which depend on what is known."""
    return {path: {**vars(one), "values": None} for path, one in found.fields.items()}


def test_fields_are_named_by_their_paths_and_elements_of_a_list_are_entries() -> None:
    lead = {"email": None, "place": {"state": "NY"}, "signals": [{"kind": "a"}, {"kind": "b"}]}
    found = profile({"leads": [lead, {"email": "x@example.com"}]}, {"leads": []})

    assert ["$", "leads", "leads[]", "leads[].email", "leads[].place", "leads[].place.state"] == sorted(found.fields)[
        :6
    ]
    email = found.fields["leads[].email"]
    assert (1, 2, 1, 1) == (email.payloads, email.present, email.nulls, email.filled)
    assert [2, 2, 2, 1, 2] == [
        found.chances(path)
        for path in ("leads", "leads[]", "leads[].email", "leads[].place.state", "leads[].signals[].kind")
    ]
    assert {0: 1, 2: 1} == dict(found.fields["leads"].lengths)


def test_a_field_that_vanishes_with_its_parent_had_no_chance_to_be_there() -> None:
    assert 0 == profile({"other": 1}).chances("place.state")
    assert 1 == profile({"place": {}}).chances("place.state")


@given(st.lists(JSON, max_size=6), st.lists(JSON, max_size=6))
def test_profiles_add_up_however_the_payloads_are_cut(first: list[Any], second: list[Any]) -> None:
    parts = merged([profile(*first), profile(*second)])
    whole = profile(*first, *second)

    assert (whole.payloads, counts(whole)) == (parts.payloads, counts(parts))


@given(st.lists(JSON, max_size=6))
def test_any_json_can_be_profiled_and_stored_as_json(payloads: list[Any]) -> None:
    found = profile(*payloads)

    assert len(payloads) == found.payloads
    json.dumps([vars(one) for one in found.fields.values()])
    assert all(one.present <= max(found.chances(path), 1) or path == "$" for path, one in found.fields.items())


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_magnitudes_are_ordered_like_numbers(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert magnitude(low) <= magnitude(high)


@given(st.floats(1e-9, 1e15))
def test_a_magnitude_gives_about_the_number(number: float) -> None:
    assert 0.8 < number_at(magnitude(number)) / number < 1.25
    assert -number_at(magnitude(number)) == number_at(magnitude(-number))


def test_numbers_written_as_text_are_numbers_too() -> None:
    found = profile({"income": "75000"}, {"income": 75000})
    assert {magnitude(75000): 2} == dict(found.fields["income"].numbers)


def test_a_categorys_values_are_written_out_once_they_recur() -> None:
    payloads = [{"status": "new" if number % 3 else "closed"} for number in range(30)]

    assert {"new": 20, "closed": 10} == dict(profile(*payloads).fields["status"].values)
    assert {} == dict(profile(*payloads[:19]).fields["status"].values)
    assert {"new": 20, "closed": 10} == dict(profile(*payloads, {"status": "rare"}).fields["status"].values)


def test_a_value_known_from_the_days_before_is_written_out_at_its_first_sight() -> None:
    known = profile(*({"status": "new"} for _ in range(30))).fields

    assert {"new": 1} == dict(profile_of([{"status": "new"}], known).fields["status"].values)
    assert {} == dict(profile_of([{"status": "secret"}], known).fields["status"].values)


def test_values_go_when_the_field_turns_out_to_be_no_enum() -> None:
    found = profile(*({"status": "new"} for _ in range(30)))
    found.add(profile(*({"status": f"s{number}"} for number in range(60))))

    assert {} == dict(found.fields["status"].values)


@pytest.mark.parametrize("field", ["status", "state", "name", "contact", "email", "kind", "customer_level", "who"])
def test_no_name_address_phone_or_cpf_lands_in_a_profile(field: str) -> None:
    people = [
        {field: part, "nested": {field: [part]}, part: 1, "map": {part: {"status": part}}}
        for person in PEOPLE
        for part in person
        for _ in range(30)
    ]
    shown = json.dumps({path: vars(one) for path, one in profile(*people).fields.items()})

    assert [] == [part for person in PEOPLE for part in person if part in shown]


def test_names_in_the_wrong_column_are_no_enum_values() -> None:
    known = profile(*({"state": ("NY", "CA", "TX")[number % 3]} for number in range(300))).fields
    shifted = [{"state": f"Person{chr(65 + number % 26)}{chr(97 + number // 26)}"} for number in range(60)]

    assert {} == dict(profile_of(shifted, known).fields["state"].values)


def test_the_keys_of_a_map_are_no_fields() -> None:
    keys = {f"k{number}": number for number in range(65)}
    found = profile(keys, {"ada@example.com": 1, "11987654321": 2, "Ada Byron": 3, "fine_name": 4})

    assert {"$", "*", "fine_name"} == set(found.fields)
    assert 68 == found.fields["*"].present


def test_no_more_fields_are_taken_in_than_the_most() -> None:
    found = merged(profile({f"f{number}_{part}": 1 for part in range(60)}) for number in range(10))
    assert MOST_FIELDS == len(found.fields)


def test_about_how_many_different_texts_there_were_is_told_up_to_a_hundred() -> None:
    few = profile(*({"x": f"t{number % 12}"} for number in range(100))).fields["x"]
    many = profile(*({"x": f"t{number}"} for number in range(500))).fields["x"]

    assert few.different is not None
    assert 10 <= few.different <= 14
    assert many.different is None
    assert 0 == FieldProfile().different
