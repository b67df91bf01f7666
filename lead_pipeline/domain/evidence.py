"""How a decision is written down: a flag byte per candidate, and the values that decided, 8 bytes each.

Holds the format both ways, and the outcome, which follows from the flags. Does not hold the decision, nor the words
for it (`explanation`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import pairwise
from struct import unpack

import numpy as np
import numpy.typing as npt

from lead_pipeline.domain.candidates import INELIGIBLE, OBSERVED, Check
from lead_pipeline.domain.member_sets import Numbers, as_booleans

VALUE_BYTES = 8
_ROWS_AT_ONCE = 2048

_Bytes = npt.NDArray[np.uint8]
_Codes = npt.NDArray[np.intp]


class Outcome(StrEnum):
    """What became of a lead. NOBODY_ELIGIBLE: nobody passed subscription, state and schedule. EVERYBODY_REFUSED:
    somebody did, and each was refused by a cap, a limit or the wallet."""

    ASSIGNED = "assigned"
    NOBODY_ELIGIBLE = "nobody_eligible"
    EVERYBODY_REFUSED = "everybody_refused"
    CAMPAIGN_PAUSED = "campaign_paused"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `core.assignment_candidates`, with the state of its lead (None where it has none).

    `decided`: leads that the campaign had decided before. `flags`: a byte per member of the set, in its order.
    `observed`: of each member in order, signed big-endian values of 8 bytes: one for each of CAP (leads taken),
    WEEKLY_LIMIT and MONTHLY_LIMIT (spent) and WALLET (balance) that is set; of one that passed every check, its turn.
    """

    state: str | None
    local: datetime
    outcome: str
    decided: int
    flags: bytes
    observed: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """What a row says of one member. `turn` is None where a check failed."""

    failed: Check
    is_chosen: bool
    values: dict[Check, int]
    turn: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Flags, observed values and outcome of a campaign's decisions, in order."""

    flags: list[bytes]
    observed: list[bytes]
    outcomes: list[str]


def write_evidence(
    *,
    moments: Sequence[tuple[bytes, Numbers]],
    moment_of: _Codes,
    takes: Sequence[int],
    state_of: _Codes,
    turns: Numbers,
    chosen: _Codes,
) -> Evidence:
    """The rows of a campaign's decisions.

    Args:
        moments: flags without STATE and CHOSEN, and values of `OBSERVED` (members x 4), as they were from time to time.
        moment_of: per decision, the moment that holds for it.
        takes: per state, the set of members that want it; `state_of`: per decision, its state.
        turns: decisions x members.
        chosen: (decision, member) of every sale, by decision.
    """
    written = Evidence([], [], [])
    if not len(moment_of):
        return written
    members = len(moments[0][0])
    moment_flags = np.frombuffer(b"".join(flags for flags, _ in moments), np.uint8).reshape(len(moments), members)
    moment_values = np.stack([values for _, values in moments])
    unwanted = np.stack([~as_booleans(wanted, members) for wanted in takes]) * np.uint8(Check.STATE)
    for start in range(0, len(moment_of), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        flags = moment_flags[moment_of[rows]] | unwanted[state_of[rows]]
        written.observed.extend(_observed(flags, moment_values[moment_of[rows]], turns[rows]))
        first, end = np.searchsorted(chosen[:, 0], (start, start + _ROWS_AT_ONCE))
        sold = chosen[first:end]
        flags[sold[:, 0] - start, sold[:, 1]] |= np.uint8(Check.CHOSEN)
        written.flags.extend(one.tobytes() for one in flags)
        written.outcomes.extend(_outcomes(flags))
    return written


def read_row(row: Row) -> list[Seen]:
    """What the row says of each member, in the set's order. ValueError: it has values too many or too few."""
    flags = [_read_flag(flag) for flag in row.flags]
    count = sum(len(checks) if failed else 1 for failed, _, checks in flags)
    if count * VALUE_BYTES != len(row.observed):
        raise ValueError(
            f"the row has {len(row.observed)} bytes of observed values; its flags say {count * VALUE_BYTES}"
        )
    values = iter(unpack(f">{count}q", row.observed))
    return [
        Seen(failed, is_chosen, {check: next(values) for check in checks}, None if failed else next(values))
        for failed, is_chosen, checks in flags
    ]


@cache
def _read_flag(flag: int) -> tuple[Check, bool, tuple[Check, ...]]:
    """(checks failed, whether chosen, those whose values are kept) of one flag byte."""
    failed = Check(flag & ~Check.CHOSEN)
    return failed, bool(flag & Check.CHOSEN), tuple(check for check in OBSERVED if check in failed)


def _observed(flags: _Bytes, values: Numbers, turns: Numbers) -> Iterator[bytes]:
    """Of each row, the values that its flags (without CHOSEN) ask for, member by member."""
    needed = np.empty((*flags.shape, len(OBSERVED) + 1), np.bool_)
    for column, check in enumerate(OBSERVED):
        needed[:, :, column] = flags & np.uint8(check) != 0
    needed[:, :, -1] = flags == 0
    text = np.concatenate([values, turns[:, :, None]], axis=2)[needed].astype(">i8").tobytes()
    ends = np.cumsum(np.count_nonzero(needed, axis=(1, 2))) * VALUE_BYTES
    return (text[start:end] for start, end in pairwise([0, *ends.tolist()]))


def _outcomes(flags: _Bytes) -> list[str]:
    is_assigned = (flags & np.uint8(Check.CHOSEN)).any(axis=1)
    is_refused = ((flags & np.uint8(INELIGIBLE)) == 0).any(axis=1)
    undecided = np.where(is_refused, Outcome.EVERYBODY_REFUSED.value, Outcome.NOBODY_ELIGIBLE.value)
    return [str(outcome) for outcome in np.where(is_assigned, Outcome.ASSIGNED.value, undecided)]
