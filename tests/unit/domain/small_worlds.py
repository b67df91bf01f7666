"""Small sellers for the tests of distribution: builders with overrides, random worlds by number, and a naive engine.

The naive engine (`decide_naively`) reads the rules one member at a time, as a person would. It shares the words with
the real one, and the draw of tickets, but none of how it decides.
"""

import random
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.candidates import Campaign, Logic, Member
from lead_pipeline.domain.distribution import Decisions, distribute
from lead_pipeline.domain.draws import best_tickets
from lead_pipeline.domain.evidence import Row
from lead_pipeline.domain.rotation import Rotation
from lead_pipeline.domain.schedule import is_open, read_schedule

NOON = datetime(2026, 3, 4, 12, 0)  # a Wednesday
OPEN = read_schedule([{"days": [3], "from": "09:00", "to": "17:00"}])
SHUT = read_schedule([{"days": [1, 2], "from": "09:00", "to": "17:00"}])
LOGICS = [*((logic, None) for logic in Logic), (Logic.WEIGHTED_ROUND_ROBIN, 7)]
SINGLE = [(logic, seed) for logic, seed in LOGICS if logic is not Logic.BROADCAST]
PLENTY = 10**9


def a_member(name: str, position: int, **values: Any) -> Member:
    return replace(Member(subscription_id=f"sub-{name}", buyer_id=name, position=position), **values)


def a_campaign(*members: Member, name: str = "camp", **values: Any) -> Campaign:
    values = {"logic": Logic.ROUND_ROBIN, "price_minor": 100, "allows_states": True, "seed": None} | values
    return Campaign(**{"campaign_id": name, "version": 1, "is_paused": False, "members": members} | values)


def rich(*campaigns: Campaign) -> Books:
    return Books(balance={member.buyer_id: PLENTY for campaign in campaigns for member in campaign.members})


def frame_of(leads: Sequence[tuple[str, str | None]], first: int = 0) -> pd.DataFrame:
    """Leads from (campaign, state), numbered from `first`."""
    return pd.DataFrame(
        {
            "lead_id": pd.Series([f"lead-{first + number}" for number in range(len(leads))], dtype="str"),
            "campaign_id": pd.Series([campaign for campaign, _ in leads], dtype="str"),
            "state": pd.Series([state for _, state in leads], dtype="str"),
        }
    )


def decide(campaign: Campaign, count: int, books: Books | None = None, state: str | None = "CA") -> Decisions:
    """So many leads of one state for one campaign."""
    books = rich(campaign) if books is None else books
    return distribute(frame_of([(campaign.campaign_id, state)] * count), {campaign.campaign_id: campaign}, books, NOON)


def buyers(decisions: Decisions) -> str:
    """Who got the leads, in order: "a a b"."""
    return " ".join(decisions.assignments["buyer_id"])


def rows_of(leads: pd.DataFrame, decisions: Decisions, local: datetime = NOON) -> list[tuple[str, Row]]:
    """(campaign, row) of each lead, as they are kept."""
    states = [None if pd.isna(state) else state for state in leads["state"]]
    return [
        (
            one["campaign_id"],
            Row(state, local, one["outcome"], one["decided"], one["flags"], one["observed"]),
        )
        for one, state in zip(decisions.considered.to_dict("records"), states, strict=True)
    ]


def a_world(number: int) -> tuple[dict[str, Campaign], Books, list[tuple[str, str | None]]]:
    """Campaigns that share poor buyers, books with a past, and leads for them; the same for the same number."""
    chance = random.Random(number)

    def maybe(*values: Any) -> Any:
        return chance.choice([None, *values])

    def member(buyer: str, name: str, position: int) -> Member:
        return Member(
            subscription_id=f"{name}-{buyer}",
            buyer_id=buyer,
            position=position,
            is_active=chance.random() < 0.9,
            states=frozenset(chance.sample(["CA", "TX", "NY"], chance.choice([0, 0, 1, 2]))),
            schedule=chance.choice([None, None, OPEN, OPEN, SHUT]),
            daily_cap=maybe(0, 1, 3, 6),
            weekly_limit=maybe(250, 700, 2000),
            monthly_limit=maybe(400, 900, 3000),
            weight=chance.randint(1, 5),
            rank=chance.randint(1, 3),
            target=chance.randint(1, 6),
        )

    campaigns = {}
    for name in ("one", "two", "three")[: chance.randint(1, 3)]:
        logic, seed = chance.choice(LOGICS)
        chosen = chance.sample("abcdef", chance.randint(0, 6))
        positions = sorted(chance.sample(range(1, 20), len(chosen)))
        campaigns[name] = a_campaign(
            *(member(buyer, name, position) for buyer, position in zip(chosen, positions, strict=True)),
            name=name,
            logic=logic,
            seed=seed,
            price_minor=chance.choice([50, 100, 130]),
            allows_states=chance.random() < 0.8,
            is_paused=chance.random() < 0.1,
        )
    books = Books(balance={buyer: chance.choice([0, 60, 500, 5000]) for buyer in "abcdef"})
    books.week = {buyer: chance.choice([0, 100, 650]) for buyer in "abc"}
    books.month = {buyer: books.week.get(buyer, 0) + 100 for buyer in "abcd"}
    leads = [
        (chance.choice([*campaigns]), chance.choice(["CA", "TX", "NY", None])) for _ in range(chance.randint(1, 30))
    ]
    return campaigns, books, leads


def decide_naively(campaign: Campaign, state: str | None, books: Books, local: datetime) -> tuple[Row, list[Member]]:
    """The row of one lead, and its winners; the books are left as they are afterwards."""
    kept = books.rotations.get(campaign.campaign_id, Rotation())
    if campaign.is_paused:
        return Row(state, local, "campaign_paused", kept.decided, b"", b""), []
    rotation = deepcopy(kept) if kept.logic is campaign.logic else Rotation(decided=kept.decided)
    failed = [_failed(campaign, member, state, books, local) for member in campaign.members]
    eligible = [member for member, flag in zip(campaign.members, failed, strict=True) if not flag]
    turns = _turns(campaign, rotation, failed, local)
    winners = _winners(campaign, eligible, turns)
    flags, observed = bytearray(), b""
    for member, flag in zip(campaign.members, failed, strict=True):
        flags.append(flag | (128 if member in winners else 0))
        values = (
            (8, books.taken.get(member.subscription_id, 0)),
            (16, books.week.get(member.buyer_id, 0)),
            (32, books.month.get(member.buyer_id, 0)),
            (64, books.balance.get(member.buyer_id, 0)),
        )
        wanted = [value for bit, value in values if flag & bit] if flag else [turns[member.subscription_id]]
        observed += b"".join(value.to_bytes(8, "big", signed=True) for value in wanted)
    outcome = "everybody_refused" if any(flag & 7 == 0 for flag in failed) else "nobody_eligible"
    row = Row(state, local, "assigned" if winners else outcome, kept.decided, bytes(flags), observed)
    for winner in winners:
        _charge(campaign, winner, books)
        _take_turn(campaign, rotation, eligible, winner)
    rotation.logic = campaign.logic
    rotation.decided += 1
    if campaign.logic is Logic.TARGET_WEIGHTED:
        rotation.level = min((_share(rotation, m) for m in _inside(campaign, rotation)), default=rotation.level)
    books.rotations[campaign.campaign_id] = rotation
    return row, winners


def _failed(campaign: Campaign, member: Member, state: str | None, books: Books, local: datetime) -> int:
    week, month = books.week.get(member.buyer_id, 0), books.month.get(member.buyer_id, 0)
    price = campaign.price_minor
    fails = (
        not member.is_active,
        campaign.allows_states and bool(member.states) and state not in member.states,
        member.schedule is not None and not is_open(member.schedule, local),
        member.daily_cap is not None and books.taken.get(member.subscription_id, 0) >= member.daily_cap,
        member.weekly_limit is not None and week + price > member.weekly_limit,
        member.monthly_limit is not None and month + price > member.monthly_limit,
        books.balance.get(member.buyer_id, 0) < price,
    )
    return sum(1 << number for number, fail in enumerate(fails) if fail)


def _share(rotation: Rotation, member: Member) -> int:
    return rotation.received.get(member.subscription_id, 0) * 1_000_000 // member.target


def _inside(campaign: Campaign, rotation: Rotation) -> list[Member]:
    return [member for member in campaign.members if member.subscription_id in rotation.inside]


def _turns(campaign: Campaign, rotation: Rotation, failed: list[int], local: datetime) -> dict[str, int]:
    """Each member's turn value, after those who left and those who enter were seen to."""
    members = campaign.members
    names = [member.subscription_id for member in members]
    now = [member for member, flag in zip(members, failed, strict=True) if flag & ~2 == 0]
    if campaign.logic is Logic.ROUND_ROBIN:
        after = [m for m in members if m.position > rotation.last] + [m for m in members if m.position <= rotation.last]
        return {member.subscription_id: place for place, member in enumerate(after)}
    if campaign.logic is Logic.WATERFALL:
        return {member.subscription_id: member.rank for member in members}
    if campaign.logic is Logic.BROADCAST:
        return dict.fromkeys(names, 0)
    if campaign.logic is Logic.TARGET_WEIGHTED:
        _enter_by_target(campaign, rotation, now, local)
        return {member.subscription_id: _share(rotation, member) for member in members}
    if campaign.seed is not None:
        positions, weights = [member.position for member in members], [member.weight for member in members]
        return dict(
            zip(names, best_tickets(campaign.seed, rotation.decided, 1, positions, weights)[0].tolist(), strict=True)
        )
    rotation.weights = {m.subscription_id: rotation.weights.get(m.subscription_id, 0) for m in now}
    return {m.subscription_id: rotation.weights.get(m.subscription_id, 0) + m.weight for m in members}


def _enter_by_target(campaign: Campaign, rotation: Rotation, now: list[Member], local: datetime) -> None:
    if rotation.day != local.date().isoformat():
        rotation.day, rotation.received, rotation.inside, rotation.level = local.date().isoformat(), {}, [], 0
    stayed = [member for member in _inside(campaign, rotation) if member in now]
    level = min((_share(rotation, member) for member in stayed), default=rotation.level)
    lifted = {}
    for member in now:
        if member not in stayed:
            wider = [
                s
                for s in stayed
                if not campaign.allows_states or not s.states or 0 < len(member.states) == len(member.states & s.states)
            ]
            floor = min((_share(rotation, one) for one in wider), default=level)
            least = -(-floor * member.target // 1_000_000)
            lifted[member.subscription_id] = max(rotation.received.get(member.subscription_id, 0), least)
    rotation.received |= lifted
    rotation.inside = [member.subscription_id for member in now]


def _winners(campaign: Campaign, eligible: list[Member], turns: dict[str, int]) -> list[Member]:
    if campaign.logic is Logic.BROADCAST or not eligible:
        return eligible
    best = max if campaign.logic is Logic.WEIGHTED_ROUND_ROBIN else min
    value = best(turns[member.subscription_id] for member in eligible)
    return [next(member for member in eligible if turns[member.subscription_id] == value)]


def _charge(campaign: Campaign, winner: Member, books: Books) -> None:
    for counts, key, change in (
        (books.taken, winner.subscription_id, 1),
        (books.week, winner.buyer_id, campaign.price_minor),
        (books.month, winner.buyer_id, campaign.price_minor),
        (books.balance, winner.buyer_id, -campaign.price_minor),
    ):
        counts[key] = counts.get(key, 0) + change


def _take_turn(campaign: Campaign, rotation: Rotation, eligible: list[Member], winner: Member) -> None:
    if campaign.logic is Logic.ROUND_ROBIN:
        rotation.last = winner.position
    if campaign.logic is Logic.TARGET_WEIGHTED:
        rotation.received[winner.subscription_id] = rotation.received.get(winner.subscription_id, 0) + 1
    if campaign.logic is Logic.WEIGHTED_ROUND_ROBIN and campaign.seed is None:
        for member in eligible:
            rotation.weights[member.subscription_id] += member.weight
        rotation.weights[winner.subscription_id] -= sum(member.weight for member in eligible)
