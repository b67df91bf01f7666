"""Kept rows made again: the candidates alone give the winners, and a row that was altered comes out otherwise."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.candidates import Check, Logic, campaign_of, set_document
from lead_pipeline.domain.distribution import distribute
from lead_pipeline.domain.replay import redecide, winners
from tests.examples import examples
from tests.unit.domain.small_worlds import (
    LOGICS,
    NOON,
    a_campaign,
    a_member,
    a_world,
    decide,
    frame_of,
    rows_of,
)


@given(st.integers(0, 10**9))
@settings(max_examples=examples(20))
def test_the_candidates_alone_give_the_winners_and_the_same_row_again(number):
    campaigns, books, leads = a_world(number)
    frame = frame_of(leads)
    decisions = distribute(frame, campaigns, books, NOON)
    sold = decisions.assignments.groupby("lead_id")["subscription_id"].agg(list).to_dict()
    kept = {name: campaign_of(*set_document(campaign)) for name, campaign in campaigns.items()}
    for (name, row), lead in zip(rows_of(frame, decisions), frame["lead_id"], strict=True):
        assert sold.get(lead, []) == winners(kept[name], row)
        assert row == redecide(kept[name], row)


@pytest.mark.parametrize(("logic", "seed"), LOGICS)
def test_a_row_whose_marks_do_not_follow_from_its_values_is_found_out(logic, seed):
    members = (
        a_member("a", 1, daily_cap=1),
        a_member("b", 2, states=frozenset({"TX"})),
        a_member("c", 3),
        a_member("d", 4, is_active=False),
    )
    campaign = a_campaign(*members, logic=logic, seed=seed)
    leads = frame_of([("camp", "CA")] * 6)
    for _, row in rows_of(leads, decide(campaign, 6)):
        for number, check in product(range(len(members)), set(Check) - {Check.CAP, Check.WALLET}):
            flags = bytearray(row.flags)
            flags[number] ^= check
            altered = replace(row, flags=bytes(flags))
            try:
                assert altered != redecide(campaign, altered)
            except ValueError as found:
                assert "flags say" in str(found)


def test_a_row_of_another_set_and_impossible_values_are_refused_in_words():
    campaign = a_campaign(a_member("a", 1, daily_cap=0), a_member("b", 2))
    [(_, row)] = rows_of(frame_of([("camp", "CA")]), decide(campaign, 1))
    with pytest.raises(ValueError, match="3 candidates, its set 2"):
        winners(campaign, replace(row, flags=row.flags + b"\0"))
    with pytest.raises(ValueError, match="24 bytes"):
        winners(campaign, replace(row, observed=row.observed + bytes(8)))
    with pytest.raises(ValueError, match="16"):
        winners(campaign, replace(row, observed=row.observed[:-1]))


def test_values_beyond_what_can_be_counted_are_refused_in_words():
    campaign = a_campaign(a_member("a", 1, target=10**6), logic=Logic.TARGET_WEIGHTED)
    [(_, row)] = rows_of(frame_of([("camp", "CA")]), decide(campaign, 1))
    with pytest.raises(ValueError, match="no decision"):
        redecide(campaign, replace(row, observed=(2**63 - 1).to_bytes(8, "big")))


def test_another_logic_or_cap_than_the_rows_decides_otherwise():
    campaign = a_campaign(a_member("a", 1), a_member("b", 2))
    [(_, row)] = rows_of(frame_of([("camp", "CA")]), decide(campaign, 1))
    assert row == redecide(campaign, row)
    assert row != redecide(replace(campaign, logic=Logic.BROADCAST), row)
    assert row != redecide(
        replace(campaign, members=(replace(campaign.members[0], daily_cap=0), campaign.members[1])), row
    )
