"""Whom a lead is decided among: a campaign as the decision sees it, its members, and what each is checked for.

Holds the values and the canonical JSON in which a set of candidates is kept. Does not hold the decision
(`distribution`), whose turn it is (`rotation`), nor how a decision is written down (`evidence`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from itertools import pairwise
from typing import Any

from lead_pipeline.domain.schedule import Schedule, read_schedule, write_schedule


class Logic(StrEnum):
    """How a campaign picks among those who are eligible."""

    ROUND_ROBIN = "ROUND_ROBIN"
    WEIGHTED_ROUND_ROBIN = "WEIGHTED_ROUND_ROBIN"
    WATERFALL = "WATERFALL"
    BROADCAST = "BROADCAST"
    TARGET_WEIGHTED = "TARGET_WEIGHTED"


class Check(IntFlag):
    """Why a candidate cannot have the lead, in the order tried; a bit each of its flag byte. CHOSEN is the winner's."""

    SUBSCRIPTION = 1
    STATE = 2
    SCHEDULE = 4
    CAP = 8
    WEEKLY_LIMIT = 16
    MONTHLY_LIMIT = 32
    WALLET = 64
    CHOSEN = 128


# Those whose value moves from lead to lead, so that it is kept with the decision.
OBSERVED = (Check.CAP, Check.WEEKLY_LIMIT, Check.MONTHLY_LIMIT, Check.WALLET)
INELIGIBLE = Check.SUBSCRIPTION | Check.STATE | Check.SCHEDULE


@dataclass(frozen=True, slots=True)
class Member:
    """One subscription in a campaign, with what its buyer allows. Money is minor units; None: no bound.

    `is_active`: the subscription and its buyer both are. `states`: ISO 3166-2 codes without US-; empty takes every
    state. `rank`: 1 goes first. `weight`: more gets more. `target`: leads a day that it aims at.
    """

    subscription_id: str
    buyer_id: str
    position: int
    is_active: bool = True
    states: frozenset[str] = frozenset()
    schedule: Schedule | None = None
    daily_cap: int | None = None
    weekly_limit: int | None = None
    monthly_limit: int | None = None
    weight: int = 1
    rank: int = 1
    target: int = 1

    def __post_init__(self) -> None:
        if self.position < 1 or self.weight < 1 or self.target < 1:
            raise ValueError(f"subscription {self.subscription_id}: position, weight and target are at least 1")


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign at one version. `members` ascend by position; a buyer is in it once."""

    campaign_id: str
    version: int
    logic: Logic
    price_minor: int
    allows_states: bool
    is_paused: bool
    seed: int | None
    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        if self.price_minor < 1:
            raise ValueError(f"campaign {self.campaign_id}: a lead costs at least one minor unit")
        if any(before.position >= after.position for before, after in pairwise(self.members)):
            raise ValueError(f"campaign {self.campaign_id}: its members must ascend by position, each with its own")
        for field in ("subscription_id", "buyer_id"):
            if len({getattr(member, field) for member in self.members}) < len(self.members):
                raise ValueError(f"campaign {self.campaign_id}: two members have one {field}")


def set_document(campaign: Campaign) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(rules, members) of `market.candidate_sets`: plain JSON, the same for equal campaigns."""
    rules = {
        "campaign_id": campaign.campaign_id,
        "version": campaign.version,
        "logic": campaign.logic.value,
        "price_minor": campaign.price_minor,
        "allows_states": campaign.allows_states,
        "is_paused": campaign.is_paused,
        "seed": campaign.seed,
    }
    return rules, [_member_document(member) for member in campaign.members]


def campaign_of(rules: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> Campaign:
    """The campaign that `set_document` wrote."""
    read = [
        Member(
            **{
                **member,
                "states": frozenset(member["states"]),
                "schedule": None if member["schedule"] is None else read_schedule(member["schedule"]),
            }
        )
        for member in members
    ]
    return Campaign(**{**rules, "logic": Logic(rules["logic"])}, members=tuple(read))


def _member_document(member: Member) -> dict[str, Any]:
    return {
        "subscription_id": member.subscription_id,
        "buyer_id": member.buyer_id,
        "position": member.position,
        "is_active": member.is_active,
        "states": sorted(member.states),
        "schedule": None if member.schedule is None else write_schedule(member.schedule),
        "daily_cap": member.daily_cap,
        "weekly_limit": member.weekly_limit,
        "monthly_limit": member.monthly_limit,
        "weight": member.weight,
        "rank": member.rank,
        "target": member.target,
    }
