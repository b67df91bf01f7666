"""A category's fields and a lead's data against them: every type, every bound, and what is no field at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.category_fields import LARGEST, check_values, read_fields
from lead_pipeline.domain.field_spec import read_number
from lead_pipeline.errors import FieldsRefused

SAMPLE = {
    "firstName": "Ada",
    "lastName": "Example",
    "email": "ada@shop.example",
    "phone": "+1234567890",
    "age": 41,
    "coverage": "100000",
}
SAMPLE_FIELDS = [
    {"name": "firstName", "type": "text", "required": True},
    {"name": "email", "type": "email", "required": True},
    {"name": "phone", "type": "phone", "required": False},
    {"name": "age", "type": "number", "required": True, "min": 18, "max": 99},
    {"name": "coverage", "type": "number"},
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)


def faults_of(fields):
    with pytest.raises(FieldsRefused) as refused:
        read_fields(fields)
    return {one["field"]: one["message"] for one in refused.value.errors}


def judge(field, value):
    """The message about one value of one field, None where it is taken."""
    found = check_values(read_fields([{"name": "x", **field}]), {} if value is ... else {"x": value})
    assert ["x"] * len(found) == [one["field"] for one in found]
    return found[0]["message"] if found else None


def test_the_sample_lead_is_taken_with_its_phone_that_is_none():
    assert [] == check_values(read_fields(SAMPLE_FIELDS), SAMPLE)


def test_a_phone_that_is_none_is_refused_only_where_its_field_is_required():
    assert judge({"type": "phone"}, "+1234567890") is None
    assert "no valid phone number" in judge({"type": "phone", "required": True}, "+1234567890")
    assert judge({"type": "phone", "required": True}, "(415) 555-2671") is None
    assert "send it as text" in judge({"type": "phone"}, 4155552671)


TAKEN = [
    ({"type": "text"}, "x"),
    ({"type": "text", "minLength": 2, "maxLength": 2}, "äö"),
    ({"type": "email"}, "ada@shop.example"),
    ({"type": "number"}, 0),
    ({"type": "number"}, -1.5),
    ({"type": "number"}, " 12.50 "),
    ({"type": "number", "min": 1, "max": 1}, 1),
    ({"type": "number", "max": 0.3}, 0.3),
    ({"type": "date"}, "2024-02-29"),
    ({"type": "date", "min": "2020-01-01", "max": "2020-01-01"}, "2020-01-01"),
    ({"type": "select", "options": ["term", "whole"]}, "whole"),
    ({"type": "email"}, None),
    ({"type": "email"}, "  "),
    ({"type": "date"}, ...),
]


@pytest.mark.parametrize(("field", "value"), TAKEN)
def test_a_value_of_its_fields_type_within_its_bounds_is_taken(field, value):
    assert judge(field, value) is None


REFUSED = [
    ({"type": "text"}, 5, "is no text"),
    ({"type": "text", "minLength": 2}, "x", "is shorter than 2 characters"),
    ({"type": "text", "maxLength": 2}, "xyz", "is longer than 2 characters"),
    ({"type": "text"}, "x" * 10_001, "is longer than 10000 characters"),
    ({"type": "email"}, "no-at-sign", "is no e-mail address"),
    ({"type": "email"}, 5, "is no e-mail address"),
    ({"type": "number"}, "forty", "is no number"),
    ({"type": "number"}, True, "is no number"),
    ({"type": "number"}, float("nan"), "is no number"),
    ({"type": "number"}, float("inf"), "is no number"),
    ({"type": "number"}, "NaN", "is no number"),
    ({"type": "number"}, "1e9", "is no number"),
    ({"type": "number"}, "٣", "is no number"),
    ({"type": "number", "min": 18}, "17.99", "is less than 18"),
    ({"type": "number", "max": 99}, 10**400, "is more than 99"),
    ({"type": "date"}, "2023-02-29", "is no date"),
    ({"type": "date"}, "20230201", "is no date"),
    ({"type": "date"}, 20230201, "is no date"),
    ({"type": "date", "min": "2020-01-01"}, "2019-12-31", "is less than 2020-01-01"),
    ({"type": "select", "options": ["term", "whole"]}, "Whole", "is none of term, whole"),
    ({"type": "select", "options": ["1"]}, 1, "is none of 1"),
    ({"type": "text", "required": True}, ..., "is required"),
    ({"type": "text", "required": True}, None, "is required"),
    ({"type": "select", "options": ["a"], "required": True}, " ", "is required"),
]


@pytest.mark.parametrize(("field", "value", "message"), REFUSED)
def test_a_value_that_is_not_says_what_it_breaks(field, value, message):
    assert message in judge(field, value)


def test_every_fault_is_named_at_once_and_other_data_is_not_judged():
    found = check_values(read_fields(SAMPLE_FIELDS), {"email": "x", "age": 3, "anything": [1]})
    assert ["firstName", "email", "age"] == [one["field"] for one in found]


WRONG_FIELDS = {
    "no list": ({}, "fields"),
    "too many": ([{"name": f"f{n}", "type": "text"} for n in range(101)], "fields"),
    "no object": (["name"], "fields.0"),
    "no name": ([{"type": "text"}], "fields.0.name"),
    "a blank name": ([{"name": " ", "type": "text"}], "fields.0.name"),
    "a name with a NUL": ([{"name": "a\x00b", "type": "text"}], "fields.0.name"),
    "half a character": ([{"name": "\ud800", "type": "text"}], "fields.0.name"),
    "a name that is a number": ([{"name": 3, "type": "text"}], "fields.0.name"),
    "a type that there is none of": ([{"name": "a", "type": "money"}], "fields.0.type"),
    "a type that is a list": ([{"name": "a", "type": ["text"]}], "fields.0.type"),
    "required by a word": ([{"name": "a", "type": "text", "required": "yes"}], "fields.0.required"),
    "an unknown key": ([{"name": "a", "type": "text", "requird": True}], "fields.0.requird"),
    "a name twice": ([{"name": "a", "type": "text"}, {"name": "A", "type": "date"}], "fields.1.name"),
    "min over max": ([{"name": "a", "type": "number", "min": 2, "max": 1}], "fields.0.min"),
    "min that is NaN": ([{"name": "a", "type": "number", "min": float("nan")}], "fields.0.min"),
    "min that is a text": ([{"name": "a", "type": "number", "min": "1"}], "fields.0.min"),
    "max that is huge": ([{"name": "a", "type": "number", "max": LARGEST * 10}], "fields.0.max"),
    "max that is true": ([{"name": "a", "type": "number", "max": True}], "fields.0.max"),
    "dates upside down": ([{"name": "a", "type": "date", "min": "2021-01-01", "max": "2020-01-01"}], "fields.0.min"),
    "a date that is none": ([{"name": "a", "type": "date", "max": "2021-13-01"}], "fields.0.max"),
    "a length of a number": ([{"name": "a", "type": "number", "minLength": 1}], "fields.0.minLength"),
    "a length below none": ([{"name": "a", "type": "text", "minLength": -1}], "fields.0.minLength"),
    "a bound of a text": ([{"name": "a", "type": "text", "max": 3}], "fields.0.max"),
    "select without options": ([{"name": "a", "type": "select"}], "fields.0.options"),
    "select of no options": ([{"name": "a", "type": "select", "options": []}], "fields.0.options"),
    "an option twice": ([{"name": "a", "type": "select", "options": ["x", "x"]}], "fields.0.options"),
    "an option of a number": ([{"name": "a", "type": "select", "options": [1]}], "fields.0.options"),
    "options of a text": ([{"name": "a", "type": "text", "options": ["x"]}], "fields.0.options"),
}


@pytest.mark.parametrize("name", WRONG_FIELDS)
def test_a_field_that_is_wrong_is_refused_where_it_is_wrong(name):
    fields, place = WRONG_FIELDS[name]
    assert [place] == list(faults_of(fields))


def test_all_faults_of_all_fields_come_together():
    assert {"fields.0.type", "fields.1.name", "fields.1.options"} == set(
        faults_of([{"name": "a", "type": "x"}, {"type": "select"}])
    )


def test_a_field_is_stored_as_it_is_read():
    fields = [
        {"name": "a", "type": "number", "required": True, "label": "A", "min": 0.1, "max": 5},
        {"name": "b", "type": "date", "required": False, "min": "2020-02-29"},
        {"name": "c", "type": "select", "required": False, "options": ["x", "ÿ"]},
        {"name": "d", "type": "text", "required": False, "minLength": 0, "maxLength": 9},
    ]
    assert fields == [spec.document() for spec in read_fields(fields)]


@given(ANY_JSON)
def test_any_json_is_read_or_refused_and_what_is_read_is_read_again_alike(value):
    try:
        specs = read_fields(value)
    except FieldsRefused as refused:
        assert refused.errors
    else:
        assert specs == read_fields([spec.document() for spec in specs])


@given(ANY_JSON, st.sampled_from(["text", "email", "phone", "number", "date"]), st.booleans())
def test_any_value_is_taken_or_refused_with_one_message(value, kind, required):
    found = check_values(read_fields([{"name": "x", "type": kind, "required": required}]), {"x": value})
    assert len(found) in (0, 1)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20))
def test_a_number_is_read_exactly_however_it_is_written(number):
    assert number == read_number(f"{number:f}")
    assert Decimal(int(number)) == read_number(int(number))
