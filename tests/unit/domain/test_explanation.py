"""Why each candidate got a lead or not; and that what is said to have been missing would have been enough."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.candidates import Campaign, Logic
from lead_pipeline.domain.distribution import distribute
from lead_pipeline.domain.evidence import Row
from lead_pipeline.domain.explanation import Candidate, explain
from lead_pipeline.domain.replay import books_of, decide_again, redecide, winners
from tests.examples import examples
from tests.unit.domain.small_worlds import (
    LOGICS,
    NOON,
    SHUT,
    a_campaign,
    a_member,
    a_world,
    decide,
    decide_naively,
    frame_of,
    rich,
    rows_of,
)


def explained(campaign: Campaign, books: Books | None = None, lead: int = 0, **values: Any) -> list[Candidate]:
    leads = frame_of([("camp", values.get("state", "CA"))] * (lead + 1))
    _, row = rows_of(leads, decide(campaign, lead + 1, books, **values))[lead]
    return explain(campaign, row)


def applied(candidate: Candidate, campaign: Campaign, books: Books, row: Row) -> tuple[Campaign, Books]:
    """The campaign and the books with the candidate's counterfactual in them; they are not changed themselves."""
    changes, books = candidate.counterfactual, deepcopy(books)
    number = [member.subscription_id for member in campaign.members].index(candidate.subscription_id)
    member = campaign.members[number]
    changed: dict[str, Any] = {
        "is_active": changes.get("status") == "ACTIVE" or member.is_active,
        "states": member.states | {*changes["states"]} if changes.get("states") else member.states,
        "schedule": None if "schedule" in changes else member.schedule,
        "daily_cap": changes.get("daily_cap", member.daily_cap),
        "weekly_limit": changes.get("weekly_limit_minor", member.weekly_limit),
        "monthly_limit": changes.get("monthly_limit_minor", member.monthly_limit),
    }
    if changes.get("states") == []:
        changed["states"] = frozenset()
    books.balance[member.buyer_id] = changes.get("balance_minor", books.balance.get(member.buyer_id, 0))
    if "turn" in changes:
        turn, rotation = changes["turn"], books.rotations[campaign.campaign_id]
        match campaign.logic:
            case Logic.ROUND_ROBIN:
                rotation.last = campaign.members[number - 1].position if number else 0
            case Logic.WATERFALL:
                changed["rank"] = turn
            case Logic.WEIGHTED_ROUND_ROBIN:
                rotation.weights[member.subscription_id] = turn - member.weight
            case Logic.TARGET_WEIGHTED:
                rotation.inside = [*rotation.inside, member.subscription_id]
                rotation.received[member.subscription_id] = turn * member.target // 1_000_000
    members = list(campaign.members)
    members[number] = replace(member, **changed)
    return replace(campaign, members=tuple(members)), books


def wins(candidate: Candidate, campaign: Campaign, books: Books, row: Row) -> bool:
    """Whether the candidate is among the winners of the lead once its counterfactual holds."""
    changed, after = applied(candidate, campaign, books, row)
    return candidate.subscription_id in winners(changed, decide_again(changed, after, row))


@given(st.integers(0, 10**9))
@settings(max_examples=examples(25))
def test_applying_a_counterfactual_makes_that_candidate_win(number):
    campaigns, books, leads = a_world(number)
    before = deepcopy(books)
    for name, state in leads[:8]:
        campaign, then = campaigns[name], deepcopy(before)
        row, sold = decide_naively(campaign, state, before, NOON)
        for candidate in explain(campaign, row):
            assert (candidate.verdict == "chosen") == (candidate.subscription_id in {m.subscription_id for m in sold})
            assert (candidate.verdict == "chosen") == (not candidate.counterfactual)
            needs_luck = campaign.seed is not None and "turn" in candidate.counterfactual
            if not needs_luck:
                assert wins(candidate, campaign, books_of(campaign, row), row)
            if "turn" not in candidate.counterfactual and campaign.campaign_id in then.rotations:
                assert wins(candidate, campaign, then, row)


@given(st.integers(0, 10**9))
@settings(max_examples=examples(15))
def test_less_than_the_whole_counterfactual_is_not_enough(number):
    campaigns, books, leads = a_world(number)
    for name, state in leads[:8]:
        campaign = campaigns[name]
        row, _ = decide_naively(campaign, state, books, NOON)
        for candidate in explain(campaign, row):
            for left_out in set(candidate.counterfactual) - {"turn"}:
                rest = {key: value for key, value in candidate.counterfactual.items() if key != left_out}
                assert not wins(replace(candidate, counterfactual=rest), campaign, books_of(campaign, row), row)


def test_a_seeded_draw_names_the_ticket_that_would_have_won():
    campaign = a_campaign(a_member("a", 1), a_member("b", 2, daily_cap=0), logic=Logic.WEIGHTED_ROUND_ROBIN, seed=3)
    for lead in range(12):
        first, second = explained(campaign, lead=lead)
        assert "chosen" == first.verdict
        assert 1 == second.counterfactual.pop("daily_cap")
        ticket = second.counterfactual.get("turn")
        draw = decide(replace(campaign, members=(campaign.members[0], a_member("b", 2))), lead + 1).assignments
        assert (ticket is None) == (draw["buyer_id"].iloc[-1] == "b")
        assert ticket is None or ticket == first.observed + 1


def test_each_verdict_says_what_was_seen_and_what_was_allowed():
    campaign = a_campaign(
        a_member("off", 1, is_active=False),
        a_member("texan", 2, states=frozenset({"TX", "NY"})),
        a_member("shut", 3, schedule=SHUT),
        a_member("full", 4, daily_cap=50),
        a_member("week", 5, weekly_limit=199),
        a_member("month", 6, monthly_limit=299),
        a_member("poor", 7),
        a_member("won", 8),
        a_member("next", 9),
    )
    books = rich(campaign)
    books.taken, books.week, books.month = {"sub-full": 50}, {"week": 100}, {"month": 200}
    books.balance["poor"] = 99
    said = [(c.verdict, c.observed, c.bound, c.counterfactual) for c in explained(campaign, books)]
    assert [
        ("subscription", "INACTIVE", "ACTIVE", {"status": "ACTIVE"}),
        ("state", "CA", "NY, TX", {"states": ["CA"]}),
        ("schedule", "Wednesday 12:00", "Monday Tuesday 09:00-17:00", {"schedule": "open at 12:00 on Wednesday"}),
        ("cap", 50, 50, {"daily_cap": 51}),
        ("weekly_limit", 100, 199, {"weekly_limit_minor": 200}),
        ("monthly_limit", 200, 299, {"monthly_limit_minor": 300}),
        ("wallet", 99, 100, {"balance_minor": 100}),
        ("chosen", 7, None, {}),
        ("passed_over", 8, 7, {"turn": 0}),
    ] == said


def test_a_candidate_with_several_failures_is_told_all_that_would_have_to_change():
    campaign = a_campaign(a_member("a", 1, is_active=False, daily_cap=0), a_member("b", 2), logic=Logic.WATERFALL)
    first = explained(campaign, Books(balance={"a": 1, "b": 100}))[0]
    assert ("subscription", "cap", "wallet") == first.failed
    assert {"status": "ACTIVE", "daily_cap": 1, "balance_minor": 100} == first.counterfactual


def test_a_lead_without_a_state_asks_for_every_state():
    only = explained(a_campaign(a_member("a", 1, states=frozenset({"TX"}))), state=None)[0]
    assert (None, "TX", {"states": []}) == (only.observed, only.bound, only.counterfactual)


@pytest.mark.parametrize(("logic", "seed"), LOGICS)
def test_a_paused_campaign_considered_nobody_and_says_so_again(logic, seed):
    campaign = a_campaign(a_member("a", 1), logic=logic, seed=seed, is_paused=True)
    [(_, row)] = rows_of(frame_of([("camp", "CA")]), decide(campaign, 1))
    assert ([], [], row) == (explain(campaign, row), winners(campaign, row), redecide(campaign, row))


def test_one_of_a_broadcast_is_told_what_it_lacked_and_no_turn():
    campaign = a_campaign(a_member("a", 1), a_member("b", 2), logic=Logic.BROADCAST)
    frame = frame_of([("camp", "CA")])
    [(_, row)] = rows_of(frame, distribute(frame, {"camp": campaign}, Books(balance={"a": 100}), NOON))
    assert [{}, {"balance_minor": 100}] == [candidate.counterfactual for candidate in explain(campaign, row)]
