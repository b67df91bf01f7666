"""One campaign's decisions in one call: its line-up, its logic, and what is written down of them.

Holds what `distribution` does for many campaigns at once and `replay` for one kept row. Does not hold the order of
leads, nor frames.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.candidates import Campaign, Logic
from lead_pipeline.domain.eligibility import Account, Lineup
from lead_pipeline.domain.evidence import Evidence, write_evidence
from lead_pipeline.domain.rotation import Rotation
from lead_pipeline.domain.turns import Broadcast, RoundRobin, Turns, Waterfall
from lead_pipeline.domain.weighted_turns import ByTarget, Seeded, Smooth


class Race:
    """Decides leads of one campaign that is not paused.

    Every account is reviewed (`Account.review`) after the last race of the call was made and before the first
    decision. `states` are the distinct ones of the call, None for a lead without; `count` is how many leads come.
    """

    def __init__(
        self,
        campaign: Campaign,
        states: Sequence[str | None],
        books: Books,
        accounts: dict[str, Account],
        *,
        local: datetime,
        count: int,
    ) -> None:
        self.campaign = campaign
        self.lineup = Lineup(campaign, states, books, accounts, local)
        kept = books.rotations.get(campaign.campaign_id, Rotation())
        self._rotation = kept if kept.logic is campaign.logic else Rotation(decided=kept.decided)
        self.first_decided = kept.decided
        self._turns = _turns(campaign, self._rotation, local, count)
        self._states: list[int] = []
        self._moments: list[int] = []
        self._chosen: list[tuple[int, int]] = []

    def decide(self, state: int) -> Sequence[int]:
        """The winners of the next lead, by number in the set; `state` is its number among the call's states."""
        lineup = self.lineup
        if lineup.is_stale:
            lineup.note_moment()
            self._turns.enter(lineup.in_rotation)
        row = len(self._states)
        self._states.append(state)
        self._moments.append(len(lineup.moments) - 1)
        eligible = lineup.in_rotation & lineup.takes[state]
        if not eligible:
            return ()
        winners = self._turns.pick(row, eligible)
        for number in winners:
            lineup.sell(number)
            self._chosen.append((row, number))
        return winners

    def evidence(self) -> Evidence:
        """What is kept of every decision, in order."""
        return write_evidence(
            moments=self.lineup.moments,
            moment_of=np.array(self._moments, np.intp),
            takes=self.lineup.takes,
            state_of=np.array(self._states, np.intp),
            turns=self._turns.values(),
            chosen=np.array(self._chosen, np.intp).reshape(-1, 2),
        )

    def leave(self, books: Books) -> None:
        """Bring the books up to date: the rotation, and what was sold."""
        self._rotation.logic = self.campaign.logic
        self._rotation.decided = self.first_decided + len(self._states)
        self._turns.leave(self._rotation)
        books.rotations[self.campaign.campaign_id] = self._rotation
        for number in {number for _, number in self._chosen}:
            books.taken[self.campaign.members[number].subscription_id] = self.lineup.taken[number]
            account = self.lineup.accounts[number]
            books.week[account.buyer_id] = account.week
            books.month[account.buyer_id] = account.month
            books.balance[account.buyer_id] = account.balance


def _turns(campaign: Campaign, rotation: Rotation, local: datetime, count: int) -> Turns:
    match campaign.logic:
        case Logic.ROUND_ROBIN:
            return RoundRobin(campaign, rotation, count)
        case Logic.WATERFALL:
            return Waterfall(campaign, count)
        case Logic.BROADCAST:
            return Broadcast(campaign, count)
        case Logic.TARGET_WEIGHTED:
            return ByTarget(campaign, rotation, local.date(), count)
        case Logic.WEIGHTED_ROUND_ROBIN if campaign.seed is None:
            return Smooth(campaign, rotation, count)
        case Logic.WEIGHTED_ROUND_ROBIN:
            return Seeded(campaign, rotation, count)
