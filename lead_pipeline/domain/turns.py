"""How a logic picks among the eligible: round robin, waterfall, broadcast; and the way in to the weighted ones.

Holds what all logics have in common (`Turns`) and those without weights. Does not check eligibility; a logic is asked
only where somebody is eligible. Every tie goes to the lower position.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from lead_pipeline.domain.candidates import Campaign
from lead_pipeline.domain.member_sets import Numbers, listed, lowest
from lead_pipeline.domain.rotation import Rotation


class Turns(Protocol):
    """One campaign's logic in one call. Members are numbers in the set's order, sets of them whole numbers."""

    def enter(self, in_rotation: int) -> None:
        """Who is in rotation from this decision on; called before the first one and whenever it may have changed."""

    def pick(self, row: int, eligible: int) -> Sequence[int]:
        """The winners of the call's decision number `row`, of members eligible, at least one."""

    def values(self) -> Numbers:
        """Decisions x members: each member's turn value, before anybody won; of no meaning for one not eligible."""

    def leave(self, rotation: Rotation) -> None:
        """Write down what the next call goes on from."""


class RoundRobin:
    """The next one after the last winner. Turn: how many places after it; the least wins."""

    def __init__(self, campaign: Campaign, rotation: Rotation, count: int) -> None:
        self._positions = [member.position for member in campaign.members]
        self._last = rotation.last
        passed = sum(position <= rotation.last for position in self._positions)
        self._next = passed % max(len(self._positions), 1)
        self._starts = np.zeros(count, np.int64)

    def enter(self, in_rotation: int) -> None:
        """Nobody gains or loses: the pointer stays."""

    def pick(self, row: int, eligible: int) -> Sequence[int]:
        self._starts[row] = self._next
        ahead = eligible >> self._next
        winner = self._next + lowest(ahead) if ahead else lowest(eligible)
        self._last = self._positions[winner]
        self._next = (winner + 1) % len(self._positions)
        return (winner,)

    def values(self) -> Numbers:
        members = len(self._positions)
        return (np.arange(members) - self._starts[:, None]) % max(members, 1)

    def leave(self, rotation: Rotation) -> None:
        rotation.last = self._last


class Waterfall:
    """The lowest rank that is eligible. Turn: the rank."""

    def __init__(self, campaign: Campaign, count: int) -> None:
        self._ranks = [member.rank for member in campaign.members]
        self._count = count
        self._winners: dict[int, tuple[int, ...]] = {}

    def enter(self, in_rotation: int) -> None:
        """Ranks do not move."""

    def pick(self, row: int, eligible: int) -> Sequence[int]:
        if eligible not in self._winners:
            self._winners[eligible] = (min(listed(eligible), key=lambda number: self._ranks[number]),)
        return self._winners[eligible]

    def values(self) -> Numbers:
        return np.broadcast_to(np.array(self._ranks, np.int64), (self._count, len(self._ranks)))

    def leave(self, rotation: Rotation) -> None:
        """Nothing is left to the next call."""


class Broadcast:
    """Everybody who is eligible. Turn: 0."""

    def __init__(self, campaign: Campaign, count: int) -> None:
        self._shape = count, len(campaign.members)
        self._winners: dict[int, tuple[int, ...]] = {}

    def enter(self, in_rotation: int) -> None:
        """There are no turns."""

    def pick(self, row: int, eligible: int) -> Sequence[int]:
        if eligible not in self._winners:
            self._winners[eligible] = tuple(listed(eligible))
        return self._winners[eligible]

    def values(self) -> Numbers:
        return np.broadcast_to(np.int64(0), self._shape)

    def leave(self, rotation: Rotation) -> None:
        """Nothing is left to the next call."""
