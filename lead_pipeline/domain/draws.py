"""Chance that can be repeated: a raffle in which a member has as many tickets as weight, and the best ticket wins.

The best of w equal draws is distributed as u ** (1 / w), so that the order of the best tickets is weighted sampling
(Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir") in whole numbers alone: the same on every
machine. Draws are splitmix64 (Steele, Lea, Flood 2014) of seed, decision, position and ticket.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lead_pipeline.domain.member_sets import Numbers

_Words = npt.NDArray[np.uint64]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ROWS_AT_ONCE = 1024


def best_tickets(seed: int, first: int, count: int, positions: Sequence[int], weights: Sequence[int]) -> Numbers:
    """Each member's best ticket, 0 .. 2**63 - 1, in the decisions numbered first .. first + count - 1.

    Returns:
        count x members. It depends on nothing else, so a draw is the same whoever else takes part.
    """
    best = np.zeros((count, len(positions)), np.int64)
    if not len(positions):
        return best
    owners = np.repeat(np.array(positions, np.uint64), weights)
    starts = np.cumsum([0, *weights[:-1]])
    tickets = np.arange(len(owners), dtype=np.uint64) - np.repeat(starts, weights).astype(np.uint64)
    salts = _mixed(_mixed(owners * _GOLDEN) + tickets * _GOLDEN)
    decisions = np.arange(first, first + count, dtype=np.uint64)
    origins = _mixed(_mixed(np.array([seed % 2**64], np.uint64)) + decisions * _GOLDEN)
    for start in range(0, count, _ROWS_AT_ONCE):
        chunk = slice(start, start + _ROWS_AT_ONCE)
        drawn = _mixed(origins[chunk, None] ^ salts[None, :]) >> np.uint64(1)
        best[chunk] = np.maximum.reduceat(drawn.astype(np.int64), starts, axis=1)
    return best


def _mixed(words: _Words) -> _Words:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
