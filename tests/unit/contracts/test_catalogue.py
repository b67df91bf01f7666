"""Bodies of the catalogue: what is read, what a PATCH leaves out, and amounts however they are written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.contracts import catalogue
from lead_pipeline.contracts.catalogue import BuyerChanges, BuyerSent, CampaignSent, read_sent
from lead_pipeline.errors import FieldsRefused

MODELS = [
    getattr(catalogue, name)
    for name in dir(catalogue)
    if name.endswith(("Sent", "Changes", "Terms")) and name != "Sent"
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ('"25.00"', "25.00"),
        ("25", "25"),
        ("25.0", "25"),
        ("0.1", "0.1"),
        ("1e3", "1000"),
        ("-0.5", "-0.5"),
        ("null", None),
    ],
)
def test_an_amount_is_read_exactly_as_text_or_number(sent, read):
    changes = read_sent(BuyerChanges, f'{{"weeklyLimit": {sent}}}'.encode())
    assert {"weekly_limit": read} == changes.model_dump(exclude_unset=True)


@pytest.mark.parametrize("sent", ["true", "NaN", "Infinity", "1e999", "[]", "1e300", "1" * 4000, '"' + "1" * 41 + '"'])
def test_what_is_no_amount_is_refused_and_never_taken_for_none(sent):
    with pytest.raises(FieldsRefused) as refused:
        read_sent(BuyerChanges, f'{{"weeklyLimit": {sent}}}'.encode())
    assert ["weeklyLimit"] == [error["field"] for error in refused.value.errors]


def test_a_patch_tells_what_is_absent_from_what_is_null():
    assert {} == read_sent(BuyerChanges, b"{}").model_dump(exclude_unset=True)
    cleared = read_sent(BuyerChanges, b'{"weeklyLimit": null}').model_dump(exclude_unset=True)
    assert {"weekly_limit": None} == cleared
    with pytest.raises(FieldsRefused):
        read_sent(BuyerChanges, b'{"name": null}')


def test_names_are_those_of_the_documented_bodies_only():
    assert "Bob" == read_sent(BuyerSent, b'{"name": " Bob "}').name
    with pytest.raises(FieldsRefused) as refused:
        read_sent(CampaignSent, b'{"category_id": "x"}')
    assert {"categoryId", "name", "pricePerLead", "distributionLogic", "category_id"} == {
        error["field"] for error in refused.value.errors
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_body_describes_itself_without_references(model):
    assert "$ref" not in json.dumps(model.model_json_schema())


@given(st.sampled_from(MODELS), ANY_JSON)
def test_any_json_is_read_or_refused_with_its_fields(model, value):
    try:
        read_sent(model, json.dumps(value).encode())
    except FieldsRefused as refused:
        assert refused.errors
        assert all(error["field"].isprintable() or error["field"] for error in refused.errors)


@given(st.sampled_from(MODELS), st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(model, body):
    try:
        read_sent(model, body)
    except FieldsRefused as refused:
        assert refused.errors
