"""A supplier's body is a lead or a list of fields at fault, whatever bytes it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.contracts.supplier_leads import EXAMPLE, QUALITIES, read_supplier_lead

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


def read(**changes):
    return read_supplier_lead(json.dumps({**EXAMPLE, **changes}).encode())


def test_the_published_example_is_a_lead():
    lead, faults = read()
    assert [] == faults
    assert ("life-insurance", "HOT") == (lead.category_id, lead.quality)


@given(
    st.binary() | st.dictionaries(st.sampled_from([*EXAMPLE, "x"]), JSON).map(lambda body: json.dumps(body).encode())
)
def test_any_bytes_are_a_lead_or_faults_that_can_be_printed(body):
    lead, faults = read_supplier_lead(body)
    assert (lead is None) == bool(faults)
    assert json.dumps(faults, ensure_ascii=False).encode()


@given(st.sampled_from(QUALITIES), st.data())
def test_a_quality_counts_in_any_case(quality, data):
    written = "".join(data.draw(st.sampled_from([letter.lower(), letter])) for letter in quality)
    assert [] == read(quality=written)[1]


@pytest.mark.parametrize(
    ("state", "is_one"), [("CA", True), ("new york", True), ("DC", True), ("ON", False), ("", False)]
)
def test_a_state_is_one_of_the_united_states(state, is_one):
    assert is_one == (read(state=state)[0] is not None)


def test_every_field_at_fault_is_named_at_once():
    _, faults = read(campaignId="", quality="x", data={"a": [], "b": 1}, more=1)
    assert ["campaignId", "data.a", "more", "quality"] == sorted(fault["field"] for fault in faults)
