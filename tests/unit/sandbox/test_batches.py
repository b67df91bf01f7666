"""Batches at the sandbox's platforms: what is taken, what is rejected, what a repeated key answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.errors import VendorRefused
from lead_pipeline.sandbox.batches import BatchStore
from lead_pipeline.sandbox.record import Record


def lead(identity, **more):
    return {"id": identity, "company_name": "Acme", **more}


def test_a_lead_without_a_company_name_is_rejected_by_itself():
    answer, _ = BatchStore("tech-platform", Record()).commit("k", [lead("a"), lead("b", company_name=" "), {"id": "c"}])
    assert ["a"] == answer["accepted"]
    assert ["b", "c"] == [row["id"] for row in answer["rejected"]]


def test_a_key_gives_its_first_answer_again_and_takes_no_other_body():
    store = BatchStore("tech-platform", Record())
    first = store.commit("k", [lead("a", size=1)])
    assert (first[0], True) == store.commit("k", [{"size": 1, "company_name": "Acme", "id": "a"}])
    with pytest.raises(VendorRefused) as refusal:
        store.commit("k", [lead("b")])
    assert 409 == refusal.value.status


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sets(st.sampled_from("abcd"), min_size=1)), max_size=20))
def test_effects_are_the_distinct_keys_that_took_a_lead_in(calls):
    record = Record()
    store = BatchStore("tech-platform", record)
    taken, asked = {}, []
    for key, leads in calls:
        asked.extend(leads)
        if taken.setdefault(key, leads) != leads:
            with pytest.raises(VendorRefused):
                store.commit(key, [lead(one) for one in sorted(leads)])
        else:
            store.commit(key, [lead(one) for one in sorted(leads)])
    expected = {
        one: {"effects": sum(one in leads for leads in taken.values()), "requests": asked.count(one)}
        for one in set(asked)
    }
    assert expected == record.as_json()["platforms"].get("tech-platform", {})
