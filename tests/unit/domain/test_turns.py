"""The laws of the logics: whom each picks, how evenly, and that nobody who was away makes up for it."""

from collections import Counter
from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.candidates import Campaign, Logic
from lead_pipeline.domain.distribution import distribute
from lead_pipeline.domain.evidence import read_row
from tests.examples import examples
from tests.unit.domain.small_worlds import (
    NOON,
    SINGLE,
    a_campaign,
    a_member,
    a_world,
    buyers,
    decide,
    frame_of,
    rich,
    rows_of,
)

ROUND, SMOOTH, TARGET = Logic.ROUND_ROBIN, Logic.WEIGHTED_ROUND_ROBIN, Logic.TARGET_WEIGHTED


def weighted(*weights: int, **values) -> Campaign:
    names = "abcdefghij"
    return a_campaign(
        *(a_member(names[n], n + 1, weight=w) for n, w in enumerate(weights)), **{"logic": SMOOTH} | values
    )


def counts_of(campaign: Campaign, leads: int, books: Books | None = None) -> Counter[str]:
    return Counter(dict.fromkeys((m.buyer_id for m in campaign.members), 0)) + Counter(
        buyers(decide(campaign, leads, books)).split()
    )


@given(st.integers(1, 8), st.integers(0, 50), st.integers(0, 50))
@settings(max_examples=examples(20))
def test_round_robin_counts_differ_by_at_most_one(members, leads, already):
    campaign = a_campaign(*(a_member(f"b{n}", n * 3) for n in range(1, members + 1)), logic=ROUND)
    books = rich(campaign)
    decide(campaign, already, books)
    counts = counts_of(campaign, leads, books)
    shares = [counts[member.buyer_id] for member in campaign.members]
    assert leads == sum(shares)
    assert 1 >= max(shares) - min(shares)


def test_round_robin_goes_on_after_the_last_winner_whoever_came_or_went():
    everybody = a_campaign(*(a_member(name, n) for n, name in enumerate("abc", 1)), logic=ROUND)
    books = rich(everybody)
    assert "a b" == buyers(decide(everybody, 2, books))
    without_b = replace(everybody, members=(everybody.members[0], everybody.members[2]))
    assert "c a" == buyers(decide(without_b, 2, books))
    assert "b c a" == buyers(decide(everybody, 3, books))


def test_weights_of_five_one_and_one_give_a_a_b_a_c_a_a():
    assert "a a b a c a a a a b a c a a" == buyers(decide(weighted(5, 1, 1), 14))


@given(st.lists(st.integers(1, 10), min_size=1, max_size=6), st.integers(1, 3))
@settings(max_examples=examples(20))
def test_smooth_shares_are_exact_in_every_cycle(weights, cycles):
    campaign, books = weighted(*weights), rich(weighted(*weights))
    for _ in range(cycles):
        counts = counts_of(campaign, sum(weights), books)
        assert weights == [counts[member.buyer_id] for member in campaign.members]


@given(st.lists(st.integers(1, 10), min_size=2, max_size=5), st.integers(-(2**62), 2**62))
@settings(max_examples=examples(6))
def test_seeded_shares_are_near_the_weights_over_many_leads(weights, seed):
    leads = 2000
    counts = counts_of(weighted(*weights, seed=seed), leads)
    for name, weight in zip("abcde", weights, strict=False):
        share = weight / sum(weights)
        assert counts[name] == pytest.approx(leads * share, abs=6 * sqrt(leads * share * (1 - share)))


def test_a_seed_gives_the_same_draws_again_and_another_seed_others():
    first, again, other = (buyers(decide(weighted(3, 2, 1, seed=seed), 60)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_draw_without_one_buyer_leaves_the_others_where_they_were():
    all_three = buyers(decide(weighted(3, 2, 1, seed=5), 80)).split()
    two = buyers(decide(weighted(3, 2, seed=5), 80)).split()
    assert [name for name in all_three if name != "c"] == [b for a, b in zip(all_three, two, strict=True) if a != "c"]


@given(st.integers(0, 10**9))
@settings(max_examples=examples(25))
def test_a_waterfall_never_skips_an_eligible_higher_rank(number):
    campaigns, books, leads = a_world(number)
    campaigns = {name: replace(one, logic=Logic.WATERFALL, seed=None) for name, one in campaigns.items()}
    frame = frame_of(leads)
    for name, row in rows_of(frame, distribute(frame, campaigns, books, NOON)):
        seen = list(zip(campaigns[name].members, read_row(row), strict=not campaigns[name].is_paused))
        for winner in (member for member, one in seen if one.is_chosen):
            assert winner.rank == min(member.rank for member, one in seen if not one.failed)


def test_a_waterfall_falls_back_when_the_first_is_full():
    campaign = a_campaign(a_member("a", 1, rank=2), a_member("b", 2, rank=1, daily_cap=2), logic=Logic.WATERFALL)
    assert "b b a a" == buyers(decide(campaign, 4))


def test_a_broadcast_reaches_all_who_can_pay_and_says_who_could_not():
    campaign = a_campaign(*(a_member(name, n) for n, name in enumerate("abc", 1)), logic=Logic.BROADCAST)
    books = Books(balance={"a": 200, "b": 50, "c": 100})
    decisions = decide(campaign, 3, books)
    sales = decisions.assignments
    assert [("lead-0", "a", 1), ("lead-0", "c", 2), ("lead-1", "a", 1)] == list(
        sales[["lead_id", "buyer_id", "seq"]].itertuples(index=False, name=None)
    )
    assert [bytes([128, 64, 128]), bytes([128, 64, 64]), bytes([64, 64, 64])] == decisions.considered["flags"].tolist()
    assert {"a": 0, "b": 50, "c": 0} == books.balance


def test_targets_share_out_in_proportion_and_start_anew_each_day():
    campaign = a_campaign(a_member("a", 1, target=30), a_member("b", 2, target=10), logic=TARGET)
    books, tomorrow = rich(campaign), NOON.replace(day=5)
    assert {"a": 30, "b": 10} == counts_of(campaign, 40, books)
    assert "a" == buyers(decide(campaign, 1, books))
    frame = frame_of([("camp", "CA")] * 4)
    assert "a b a a" == buyers(distribute(frame, {"camp": campaign}, books, tomorrow))


@given(st.integers(2, 6), st.integers(0, 20), st.integers(1, 90), st.integers(1, 40), st.sampled_from(SINGLE))
@settings(max_examples=examples(40))
def test_a_buyer_back_from_pause_gets_its_share_and_no_catch_up(members, before, away, after, how):
    campaign = a_campaign(*(a_member(f"b{n}", n, target=10) for n in range(1, members)), logic=how[0], seed=how[1])
    late = a_member("late", 50, target=10)
    present = replace(campaign, members=(*campaign.members, late))
    paused = replace(campaign, members=(*campaign.members, replace(late, is_active=False)))
    books = rich(present)
    decide(present, before, books)
    decide(paused, away, books)
    if how[1] is not None:  # by chance: the draws are those of a buyer that was never away
        stayed = rich(present)
        decide(present, before + away, stayed)
        assert counts_of(present, after, stayed) == counts_of(present, after, books)
        return
    assert after / len(present.members) + 1 >= counts_of(present, after, books)["late"]


@pytest.mark.parametrize("logic", [SMOOTH, TARGET])
def test_a_buyer_back_from_an_empty_wallet_gets_no_catch_up_even_where_another_takes_few_states(logic):
    campaign = a_campaign(
        a_member("wide", 1, target=10),
        a_member("narrow", 2, target=10, states=frozenset({"NV"})),
        a_member("late", 3, target=10),
        logic=logic,
    )
    books = Books(balance={"wide": 10**6, "narrow": 10**6})
    assert {"wide": 60} == counts_of(campaign, 60, books)
    books.balance["late"] = 10**6
    assert 11 >= counts_of(campaign, 20, books)["late"]


def test_who_is_out_of_a_smooth_rotation_holds_nothing_when_it_is_back():
    campaign = weighted(1, 1, 1)
    books = rich(campaign)
    assert "a b" == buyers(decide(campaign, 2, books))
    assert {"a": -1, "b": -1, "c": 2} == {k[-1]: w for k, w in books.rotations["camp"].weights.items()}
    poor = Books(balance=books.balance | {"c": 0}, rotations=books.rotations)
    assert "a" == buyers(decide(campaign, 1, poor))
    assert "b c a" == buyers(decide(campaign, 3, books))


def test_a_newcomer_enters_at_now():
    for logic, seed in SINGLE:
        old = a_campaign(a_member("a", 1, target=50), a_member("b", 2, target=50), logic=logic, seed=seed)
        books = rich(old)
        decide(old, 80, books)
        books.balance["new"] = 10**6
        grown = replace(old, members=(*old.members, a_member("new", 3, target=50)))
        assert (18 if seed else 11) >= counts_of(grown, 30, books)["new"], logic


@pytest.mark.parametrize("logic", [SMOOTH, TARGET])
def test_when_everybody_was_away_the_day_goes_on_from_where_it_stood(logic):
    campaign = a_campaign(a_member("a", 1, target=10), a_member("b", 2, target=10), logic=logic)
    books = rich(campaign)
    first_only = Books(balance={"a": 10**6}, rotations=books.rotations)
    decide(campaign, 40, first_only)
    decide(campaign, 1, Books(rotations=books.rotations))
    assert {"a": 10, "b": 10} == counts_of(campaign, 20, books)


def test_another_logic_starts_anew_and_keeps_the_count_of_decisions():
    campaign = weighted(5, 1)
    books = rich(campaign)
    decide(campaign, 3, books)
    decide(replace(campaign, logic=ROUND), 1, books)
    assert [4, 5] == decide(campaign, 2, books).considered["decided"].tolist()
    assert {"logic", "weights"} >= books.rotations["camp"].to_json().keys()
