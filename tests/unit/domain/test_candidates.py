"""A set of candidates as JSON and back, and the campaigns that cannot be."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.candidates import Check, Member, campaign_of, set_document
from tests.examples import examples
from tests.unit.domain.small_worlds import OPEN, a_campaign, a_member, a_world


@given(st.integers(0, 10**9))
@settings(max_examples=examples(20))
def test_a_set_reads_back_from_its_json_as_the_same_campaign(number):
    for campaign in a_world(number)[0].values():
        rules, members = json.loads(json.dumps(set_document(campaign)))
        assert campaign == campaign_of(rules, members)


def test_equal_campaigns_give_one_json_in_whatever_order_their_states_came():
    one, two = (a_campaign(a_member("a", 1, states=frozenset(states), schedule=OPEN)) for states in ("AB", "BA"))
    assert json.dumps(set_document(one)) == json.dumps(set_document(two))


def test_every_field_of_a_campaign_and_a_member_is_in_its_json():
    campaign = a_campaign(a_member("a", 1))
    rules, members = set_document(campaign)
    assert {*campaign.__dataclass_fields__} - {"members"} == rules.keys()
    assert {*Member.__dataclass_fields__} == members[0].keys()


def test_the_checks_are_a_byte_in_the_order_tried():
    assert [1 << bit for bit in range(8)] == [check.value for check in Check]
    names = ["SUBSCRIPTION", "STATE", "SCHEDULE", "CAP", "WEEKLY_LIMIT", "MONTHLY_LIMIT", "WALLET", "CHOSEN"]
    assert names == [check.name for check in Check]


def test_a_campaign_that_cannot_be_decided_is_refused_in_words():
    ann, bob = a_member("ann", 1), a_member("bob", 2)
    for members, words in (
        ((bob, ann), "ascend by position"),
        ((ann, replace(bob, position=1)), "ascend by position"),
        ((ann, replace(bob, buyer_id="ann")), "two members have one buyer_id"),
        ((ann, replace(bob, subscription_id="sub-ann")), "two members have one subscription_id"),
    ):
        with pytest.raises(ValueError, match=words):
            a_campaign(*members)
    with pytest.raises(ValueError, match="at least one minor unit"):
        a_campaign(ann, price_minor=0)


@pytest.mark.parametrize("field", ["position", "weight", "target"])
def test_a_member_counts_from_one(field):
    with pytest.raises(ValueError, match="at least 1"):
        a_member("ann", **{"position": 1} | {field: 0})
