"""Mappings of upload bodies: what they may say, and what they make of a body."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.field_mapping import BODY, SINGLE, WHOLE, map_body, paths_sent, source_fault

GOLDEN = Path(__file__).parents[2] / "data" / "platform_payload.golden.json"
FULL, EMPTY = json.loads(GOLDEN.read_text())[:2]


def test_the_paths_are_those_of_the_golden_upload_body() -> None:
    assert set(BODY) == set(FULL)
    for path in SINGLE:
        assert map_body({"x": path}, FULL)["x"] not in ([], {}) or path == "primary_contact.email"
    for path in WHOLE:
        assert isinstance(map_body({"x": path}, FULL)["x"], dict | list)


def test_a_body_fills_the_fields_that_are_named_and_no_others() -> None:
    mapping = {"Company": "company_name", "City": "location.city", "Source": {"const": "Lead Pipeline"}, "Size": {
        "path": "employee_count", "default": 1}, "LastName": {"path": "primary_contact.email", "default": "unknown"},
    }  # fmt: skip
    assert {
        "Company": "Example Ltd", "City": "Albany", "Source": "Lead Pipeline", "Size": 250, "LastName": "unknown",
    } == map_body(mapping, FULL)  # fmt: skip


def test_what_a_body_does_not_have_is_none_or_its_default() -> None:
    mapping = {"Company": "company_name", "Who": "primary_contact.full_name", "Size": {"path": "revenue", "default": 0}}
    assert {"Company": None, "Who": None, "Size": 0} == map_body(mapping, EMPTY)


def test_the_paths_that_leave_are_those_that_have_a_value() -> None:
    mapping = {"a": "company_name", "b": {"path": "location.city", "default": "x"}, "c": {"const": 1}}
    assert ["company_name", "id", "location.city"] == paths_sent(mapping, FULL)
    assert ["id"] == paths_sent(mapping, {"id": "l-2", "company_name": None})
    assert sorted(BODY) == paths_sent({}, FULL)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "empty"), (None, "empty"), (7, "empty"), ("company", "no upload has"),
        ("location.street", "no upload has"),
        ("contacts", "list or an object"), ("location", "list or an object"), ({}, "no source"),
        ({"path": "domain", "const": 1}, "no source"), ({"const": ""}, "const that is empty"),
        ({"const": []}, "const that is empty"), ({"path": "domain", "default": None}, "default that is empty"),
        ({"path": "nothing"}, "no upload has"), ({"path": ["domain"]}, "empty"),
    ],
)  # fmt: skip
def test_a_source_that_fills_nothing_says_why(source: object, words: str) -> None:
    assert words in (source_fault(source, takes_whole=False) or "")


@pytest.mark.parametrize(
    "source", [*SINGLE, *WHOLE, {"const": 0}, {"const": False}, {"path": "domain", "default": "x"}]
)
def test_every_path_of_a_body_may_fill_a_field_that_takes_lists(source: object) -> None:
    assert source_fault(source, takes_whole=True) is None


@given(source=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(SINGLE),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["path", "const", "default", "x"]), inner),
))  # fmt: skip
def test_what_has_no_fault_can_be_applied_to_any_body(source: object) -> None:
    if source_fault(source, takes_whole=True) is None:
        for body in (FULL, EMPTY, {"id": "1"}, {"id": "1", "location": None, "primary_contact": []}):
            assert {"field"} == set(map_body({"field": source}, body))
            assert "id" in paths_sent({"field": source}, body)
