"""The logics that share out: smooth weighted round robin, the same by seeded chance, and by target.

Who is out of rotation (for any reason but the state of a lead) and comes back goes on from now: nothing is made up
for, in none of them. Does not check eligibility. Every tie goes to the lower position.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from lead_pipeline.domain.candidates import Campaign
from lead_pipeline.domain.draws import best_tickets
from lead_pipeline.domain.member_sets import Booleans, Numbers, as_booleans
from lead_pipeline.domain.rotation import Rotation

PPM = 1_000_000
_NEVER = 2**62


class Smooth:
    """Smooth weighted round robin, nginx's. Turn: the current weight with its own added; the most wins.

    The winner then loses the weights of all who were eligible. Who is out of rotation holds 0.
    """

    def __init__(self, campaign: Campaign, rotation: Rotation, count: int) -> None:
        self._ids = [member.subscription_id for member in campaign.members]
        self._weights = np.array([member.weight for member in campaign.members], np.int64)
        self._current = np.array([rotation.weights.get(name, 0) for name in self._ids], np.int64)
        self._values = np.zeros((count, len(self._ids)), np.int64)
        self._shares: dict[int, tuple[Numbers, Numbers, int]] = {}

    def enter(self, in_rotation: int) -> None:
        self._current[~as_booleans(in_rotation, len(self._ids))] = 0
        self._shares.clear()

    def pick(self, row: int, eligible: int) -> Sequence[int]:
        if eligible not in self._shares:
            takes_part = as_booleans(eligible, len(self._ids))
            added = self._weights * takes_part
            self._shares[eligible] = added, np.where(takes_part, 0, -_NEVER), int(added.sum())
        added, bar, total = self._shares[eligible]
        self._current += added
        self._values[row] = self._current
        winner = int((self._current + bar).argmax())
        self._current[winner] -= total
        return (winner,)

    def values(self) -> Numbers:
        return self._values

    def leave(self, rotation: Rotation) -> None:
        rotation.weights = {
            name: weight for name, weight in zip(self._ids, self._current.tolist(), strict=True) if weight
        }


class Seeded:
    """Weighted chance that can be repeated. Turn: the best of as many tickets as weight; the most wins."""

    def __init__(self, campaign: Campaign, rotation: Rotation, count: int) -> None:
        positions = [member.position for member in campaign.members]
        weights = [member.weight for member in campaign.members]
        self._best = best_tickets(campaign.seed or 0, rotation.decided, count, positions, weights)
        self._eligible: dict[int, Booleans] = {}

    def enter(self, in_rotation: int) -> None:
        self._eligible.clear()

    def pick(self, row: int, eligible: int) -> Sequence[int]:
        if eligible not in self._eligible:
            self._eligible[eligible] = as_booleans(eligible, self._best.shape[1])
        return (int(np.where(self._eligible[eligible], self._best[row], -1).argmax()),)

    def values(self) -> Numbers:
        return self._best

    def leave(self, rotation: Rotation) -> None:
        """A draw depends on the number of the decision alone."""


class ByTarget:
    """Who has received the least of its target today. Turn: leads received in millionths of the target.

    Who enters is lifted to the least share among those who stayed and take every state that it takes, or, where there
    is none, among all who stayed: it does not make up for what it missed.
    """

    def __init__(self, campaign: Campaign, rotation: Rotation, day: date, count: int) -> None:
        self._campaign = campaign
        self._ids = [member.subscription_id for member in campaign.members]
        self._targets = np.array([member.target for member in campaign.members], np.int64)
        self._day = day.isoformat()
        before = rotation if rotation.day == self._day else Rotation()
        self._received = np.array([before.received.get(name, 0) for name in self._ids], np.int64)
        self._inside = np.isin(self._ids, before.inside) if before.inside else np.zeros(len(self._ids), np.bool_)
        self._level = before.level
        self._shares = self._received * PPM // self._targets
        self._values = np.zeros((count, len(self._ids)), np.int64)
        self._bars: dict[int, Numbers] = {}

    def enter(self, in_rotation: int) -> None:
        now = as_booleans(in_rotation, len(self._ids))
        self._level = self._least(self._inside, self._level)
        stayed, entering = self._inside & now, np.flatnonzero(now & ~self._inside).tolist()
        level = self._least(stayed, self._level)
        for number in entering:
            lifted = self._least(stayed & self._takes_all_of(number), level)
            self._received[number] = max(self._received[number], -(-lifted * self._targets[number] // PPM))
        self._shares = self._received * PPM // self._targets
        self._inside = now
        self._bars.clear()

    def pick(self, row: int, eligible: int) -> Sequence[int]:
        if eligible not in self._bars:
            self._bars[eligible] = np.where(as_booleans(eligible, len(self._ids)), 0, _NEVER)
        self._values[row] = self._shares
        winner = int((self._shares + self._bars[eligible]).argmin())
        self._received[winner] += 1
        self._shares[winner] = self._received[winner] * PPM // self._targets[winner]
        return (winner,)

    def values(self) -> Numbers:
        return self._values

    def leave(self, rotation: Rotation) -> None:
        received = zip(self._ids, self._received.tolist(), strict=True)
        rotation.day = self._day
        rotation.received = {name: leads for name, leads in received if leads}
        rotation.inside = [self._ids[number] for number in np.flatnonzero(self._inside)]
        rotation.level = self._least(self._inside, self._level)

    def _least(self, members: Booleans, otherwise: int) -> int:
        return int(self._shares[members].min()) if members.any() else otherwise

    def _takes_all_of(self, number: int) -> Booleans:
        """Who takes every state that this member takes; everybody where there is nobody."""
        states = self._campaign.members[number].states
        if not self._campaign.allows_states:
            return np.ones(len(self._ids), np.bool_)
        others = [other.states for other in self._campaign.members]
        return np.array([not other or (bool(states) and states <= other) for other in others], np.bool_)
