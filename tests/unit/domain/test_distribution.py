"""The decision against a naive one, live against batch, and what no decision may ever do."""

from copy import deepcopy
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.distribution import Decisions, distribute
from lead_pipeline.domain.rotation import Rotation
from tests.examples import examples
from tests.unit.domain.small_worlds import (
    LOGICS,
    NOON,
    SHUT,
    a_campaign,
    a_member,
    a_world,
    buyers,
    decide,
    decide_naively,
    frame_of,
    rich,
    rows_of,
)

worlds = st.integers(0, 10**9).map(a_world)


def state_of(books: Books) -> dict[str, object]:
    """The books without what counts as nothing."""
    counts = {name: getattr(books, name) for name in ("taken", "week", "month", "balance")}
    rotations = {
        name: (
            rotation.decided,
            rotation.to_json()
            | {"weights": {key: weight for key, weight in rotation.weights.items() if weight}}
            | {"received": {key: leads for key, leads in rotation.received.items() if leads}},
        )
        for name, rotation in books.rotations.items()
    }
    return {name: {key: n for key, n in values.items() if n} for name, values in counts.items()} | {
        "rotations": rotations
    }


@given(worlds)
@settings(max_examples=examples(40))
def test_it_decides_as_reading_the_rules_one_member_at_a_time_does(world):
    campaigns, books, leads = world
    naive_books, frame = deepcopy(books), frame_of(leads)
    for local in (NOON, NOON.replace(hour=13), NOON.replace(day=11)):
        naive = [decide_naively(campaigns[name], state, naive_books, local) for name, state in leads]
        decisions = distribute(frame, campaigns, books, local)
        assert [row for row, _ in naive] == [row for _, row in rows_of(frame, decisions, local)]
        sold = [
            (f"lead-{number}", name, one.subscription_id, one.buyer_id, campaigns[name].price_minor, seq)
            for number, ((name, _), (_, winners)) in enumerate(zip(leads, naive, strict=True))
            for seq, one in enumerate(winners, 1)
        ]
        columns = ["lead_id", "campaign_id", "subscription_id", "buyer_id", "price_minor", "seq"]
        assert sold == list(decisions.assignments[columns].itertuples(index=False, name=None))
        assert state_of(naive_books) == state_of(books)
        for either in (books, naive_books):  # many who were out come back
            either.taken, either.week = {}, {}
            either.balance = {buyer: left + 300 for buyer, left in either.balance.items()}


@given(worlds, st.lists(st.integers(1, 5), min_size=1, max_size=6))
@settings(max_examples=examples(15))
def test_deciding_in_pieces_gives_the_same_as_at_once(world, sizes):
    campaigns, books, leads = world
    whole_books = deepcopy(books)
    whole = distribute(frame_of(leads), campaigns, whole_books, NOON)
    pieces: list[Decisions] = []
    done = 0
    while done < len(leads):
        piece = leads[done : done + sizes[len(pieces) % len(sizes)]]
        pieces.append(distribute(frame_of(piece, done), campaigns, books, NOON))
        done += len(piece)
        books.rotations = {k: Rotation.from_json(r.to_json(), r.decided) for k, r in books.rotations.items()}
    for part in ("assignments", "considered"):
        joined = pd.concat([getattr(piece, part) for piece in pieces], ignore_index=True)
        pd.testing.assert_frame_equal(getattr(whole, part), joined)
    assert state_of(whole_books) == state_of(books)


@given(worlds)
@settings(max_examples=examples(30))
def test_no_cap_limit_or_balance_is_ever_exceeded(world):
    campaigns, books, leads = world
    before = deepcopy(books)
    sales = distribute(frame_of(leads), campaigns, books, NOON).assignments
    sold, spent = sales["subscription_id"].value_counts(), sales.groupby("buyer_id")["price_minor"].sum()
    for campaign in campaigns.values():
        for member in campaign.members:
            count, money = sold.get(member.subscription_id, 0), spent.get(member.buyer_id, 0)
            if count and member.daily_cap is not None:
                assert member.daily_cap >= before.taken.get(member.subscription_id, 0) + count
            if count and member.weekly_limit is not None:
                own = sales.loc[sales["subscription_id"] == member.subscription_id, "price_minor"].sum()
                assert member.weekly_limit >= before.week.get(member.buyer_id, 0) + own
            assert before.balance[member.buyer_id] >= money
            assert books.balance[member.buyer_id] == before.balance[member.buyer_id] - money
            assert books.week.get(member.buyer_id, 0) == before.week.get(member.buyer_id, 0) + money


@pytest.mark.parametrize(("logic", "seed"), LOGICS)
def test_two_campaigns_that_share_one_wallet_never_overspend_it(logic, seed):
    campaigns = {
        name: a_campaign(a_member("ann", 1, subscription_id=name), name=name, logic=logic, seed=seed, price_minor=price)
        for name, price in (("dear", 70), ("cheap", 30))
    }
    books = Books(balance={"ann": 200})
    leads = frame_of([("dear", "CA"), ("cheap", "CA")] * 5)
    decisions = distribute(leads, campaigns, books, NOON)
    assert [70, 30, 70, 30] == decisions.assignments["price_minor"].tolist()
    assert 0 == books.balance["ann"]
    refused = decisions.considered["outcome"].tolist()[4:]
    assert ["everybody_refused"] * 6 == refused


def test_a_limit_is_the_buyers_across_its_campaigns():
    campaigns = {
        name: a_campaign(a_member("ann", 1, subscription_id=name, weekly_limit=250, monthly_limit=10_000), name=name)
        for name in ("one", "two")
    }
    books = rich(*campaigns.values())
    sold = distribute(frame_of([("one", "CA"), ("two", "CA")] * 3), campaigns, books, NOON)
    assert ["one", "two"] == sold.assignments["campaign_id"].tolist()
    assert 200 == books.week["ann"] == books.month["ann"]


def test_a_buyer_too_poor_for_one_campaign_still_buys_in_another_and_its_balance_is_kept_true():
    dear = a_campaign(a_member("ann", 1, subscription_id="dear"), a_member("bob", 2), name="dear", price_minor=90)
    cheap = a_campaign(a_member("ann", 1, subscription_id="cheap"), name="cheap", price_minor=10)
    books = Books(balance={"ann": 50, "bob": 1000})
    leads = frame_of([("dear", "CA"), ("cheap", "CA"), ("dear", "CA")])
    decisions = distribute(leads, {"dear": dear, "cheap": cheap}, books, NOON)
    assert ["bob", "ann", "bob"] == decisions.assignments["buyer_id"].tolist()
    observed = decisions.considered["observed"]
    assert (50, 40) == tuple(int.from_bytes(observed[lead][:8], "big") for lead in (0, 2))


def test_nobody_eligible_and_everybody_refused_are_told_apart():
    elsewhere = a_member("ann", 1, states=frozenset({"TX"}))
    paused, shut = a_member("bob", 2, is_active=False), a_member("cid", 3, schedule=SHUT)
    full = a_member("dan", 4, daily_cap=0)
    nobody = decide(a_campaign(elsewhere, paused, shut), 1)
    refused = decide(a_campaign(elsewhere, paused, shut, full), 1)
    assert ["nobody_eligible"] == nobody.considered["outcome"].tolist()
    assert [bytes([2, 1, 4])] == nobody.considered["flags"].tolist()
    assert ["everybody_refused"] == refused.considered["outcome"].tolist()
    assert 0 == len(nobody.assignments) == len(refused.assignments)


def test_a_member_that_fails_several_checks_shows_all_of_them():
    broke = a_member(
        "ann",
        1,
        is_active=False,
        states=frozenset({"TX"}),
        schedule=SHUT,
        daily_cap=2,
        weekly_limit=90,
        monthly_limit=80,
    )
    books = Books(taken={"sub-ann": 2}, week={"ann": 1}, month={"ann": 7}, balance={"ann": 99})
    considered = decide(a_campaign(broke), 1, books).considered.iloc[0]
    assert bytes([127]) == considered["flags"]
    assert b"".join(value.to_bytes(8, "big") for value in (2, 1, 7, 99)) == considered["observed"]


def test_a_paused_campaign_decides_nothing_and_keeps_its_turn():
    campaign = a_campaign(a_member("ann", 1), a_member("bob", 2))
    books = rich(campaign)
    decide(campaign, 1, books)
    paused = decide(replace(campaign, is_paused=True), 2, books).considered
    assert [("campaign_paused", 1, b"", b"")] * 2 == list(
        paused[["outcome", "decided", "flags", "observed"]].itertuples(index=False, name=None)
    )
    assert "bob" == buyers(decide(campaign, 1, books))


def test_a_campaign_without_members_finds_nobody_eligible():
    for logic, seed in LOGICS:
        considered = decide(a_campaign(logic=logic, seed=seed), 2, Books()).considered
        assert ["nobody_eligible"] * 2 == considered["outcome"].tolist()
        assert [0, 1] == considered["decided"].tolist()


def test_a_lead_whose_state_is_not_known_goes_to_those_who_take_every_state():
    choosy, easy = a_member("ann", 1, states=frozenset({"CA"})), a_member("bob", 2)
    assert "bob" == buyers(decide(a_campaign(choosy, easy), 1, state=None))
    assert "ann" == buyers(decide(a_campaign(choosy, easy, allows_states=False), 1, state=None))


def test_a_lead_of_a_campaign_that_was_not_handed_in_is_an_error_with_its_name():
    with pytest.raises(ValueError, match="other"):
        distribute(frame_of([("other", "CA")]), {}, Books(), NOON)


def test_no_leads_give_empty_frames_with_all_columns():
    decisions = distribute(frame_of([]), {}, Books(), NOON)
    assert (0, 0) == (len(decisions.assignments), len(decisions.considered))
    assert ["lead_id", "campaign_id", "outcome", "decided", "flags", "observed"] == [*decisions.considered.columns]
    assert {"str"} == {str(dtype) for name, dtype in decisions.assignments.dtypes.items() if name.endswith("_id")}


@pytest.mark.parametrize(("logic", "seed"), LOGICS)
def test_a_decision_among_fifty_stays_far_under_a_kilobyte(logic, seed):
    campaign = a_campaign(*(a_member(f"b{n}", n, daily_cap=3) for n in range(1, 51)), logic=logic, seed=seed)
    considered = decide(campaign, 60).considered
    assert 50 * 9 == max(len(row.flags) + len(row.observed) for row in considered.itertuples())
