"""Which checks each member of a campaign fails, kept true while leads are sold.

Holds a campaign's line-up and the buyers' accounts of one call. Inside a call time stands still and money only goes
out, so a check that fails goes on failing. Does not hold whose turn it is (`turns`).
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.candidates import OBSERVED, Campaign, Check, Member
from lead_pipeline.domain.member_sets import Numbers
from lead_pipeline.domain.schedule import is_open

# As plain numbers: flags of fifty members are worked out for every live lead.
_SUBSCRIPTION, _SCHEDULE, _CAP = int(Check.SUBSCRIPTION), int(Check.SCHEDULE), int(Check.CAP)


class Account:
    """One buyer's money in one call, and its seats: the memberships that it pays for."""

    __slots__ = ("_seats", "_slack", "balance", "buyer_id", "month", "week")

    def __init__(self, buyer_id: str, books: Books) -> None:
        self.buyer_id = buyer_id
        self.week = books.week.get(buyer_id, 0)
        self.month = books.month.get(buyer_id, 0)
        self.balance = books.balance.get(buyer_id, 0)
        self._seats: list[tuple[Lineup, int, Member]] = []
        # What it may spend before any check of a seat fails; -1 where one does, whose values must be kept true.
        self._slack = -1

    def sit(self, lineup: "Lineup", number: int, member: Member) -> None:
        """Pay for a member from now on."""
        self._seats.append((lineup, number, member))

    def spend(self, price: int) -> None:
        """Pay for one lead."""
        self.week += price
        self.month += price
        self.balance -= price
        self._slack -= price
        if self._slack < 0:
            self.review()

    def review(self) -> None:
        """Refuse the seats that a limit or the wallet no longer allows a lead."""
        slack = self.balance
        for lineup, number, member in self._seats:
            failed = 0
            for check, room in (
                (Check.WEEKLY_LIMIT, None if member.weekly_limit is None else member.weekly_limit - self.week),
                (Check.MONTHLY_LIMIT, None if member.monthly_limit is None else member.monthly_limit - self.month),
                (Check.WALLET, self.balance),
            ):
                if room is not None:
                    slack = min(slack, max(room - lineup.price, -1))
                    failed |= check.value if room < lineup.price else 0
            if failed:
                lineup.refuse(number, failed, (lineup.taken[number], self.week, self.month, self.balance))
        self._slack = slack


class Lineup:
    """A campaign's members in one call: who fails what, and who is in rotation.

    Attributes:
        in_rotation: members that fail nothing, their state aside.
        takes: for each of the call's states, the members that want it.
        moments: (flags, values) as they were at each decision before which something had changed; `values` are those
            of `OBSERVED`, in its order, true where the flag is set.
        is_stale: something has changed since the last moment.
    """

    def __init__(
        self,
        campaign: Campaign,
        states: Sequence[str | None],
        books: Books,
        accounts: dict[str, Account],
        local: datetime,
    ) -> None:
        members = campaign.members
        self.price = campaign.price_minor
        self.taken = [books.taken.get(member.subscription_id, 0) for member in members]
        self.accounts = [_account(member, books, accounts) for member in members]
        self.takes = _takes(campaign, states)
        self.moments: list[tuple[bytes, Numbers]] = []
        self.is_stale = True
        self.in_rotation = (1 << len(members)) - 1
        self._caps = [-1 if member.daily_cap is None else member.daily_cap for member in members]
        self._flags = bytearray(len(members))
        self._values = np.zeros((len(members), len(OBSERVED)), np.int64)
        for number, member in enumerate(members):
            self.accounts[number].sit(self, number, member)
            failed = _fails_outright(member, local)
            if 0 <= self._caps[number] <= self.taken[number]:
                failed |= _CAP
            if failed:
                self.refuse(number, failed, (self.taken[number], 0, 0, 0))

    def refuse(self, number: int, failed: int, values: tuple[int, int, int, int]) -> None:
        """Take a member out of rotation; `values` are those of `OBSERVED` as they are now."""
        self._flags[number] |= failed
        self._values[number] = values
        self.in_rotation &= ~(1 << number)
        self.is_stale = True

    def sell(self, number: int) -> None:
        """Give a member one lead: count it, charge it, and refuse it the next where that was the last it can have."""
        self.taken[number] += 1
        account = self.accounts[number]
        if self.taken[number] == self._caps[number]:
            self.refuse(number, _CAP, (self.taken[number], account.week, account.month, account.balance))
        account.spend(self.price)

    def note_moment(self) -> None:
        """Keep the flags and values as they are, for the decisions until something changes."""
        self.moments.append((bytes(self._flags), self._values.copy()))
        self.is_stale = False


def _account(member: Member, books: Books, accounts: dict[str, Account]) -> Account:
    account = accounts.get(member.buyer_id)
    if account is None:
        account = accounts[member.buyer_id] = Account(member.buyer_id, books)
    return account


def _fails_outright(member: Member, local: datetime) -> int:
    """The checks that no lead and no sale changes."""
    failed = 0 if member.is_active else _SUBSCRIPTION
    if member.schedule is not None and not is_open(member.schedule, local):
        failed |= _SCHEDULE
    return failed


def _takes(campaign: Campaign, states: Sequence[str | None]) -> list[int]:
    everything, named, wanted = 0, dict[str | None, int](), {state for state in states if state is not None}
    for number, member in enumerate(campaign.members):
        if not campaign.allows_states or not member.states:
            everything |= 1 << number
            continue
        for state in member.states & wanted:
            named[state] = named.get(state, 0) | 1 << number
    return [everything | named.get(state, 0) for state in states]
