"""Repeatable chance: numbers that depend on nothing but the words they are drawn for.

Holds no random generator with a state of its own, so the order of requests never changes an answer.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Keys = npt.NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def number(*parts: object) -> int:
    """A 64-bit number for these words, equal on every machine and in every run."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")


def keys(values: Iterable[str], *parts: object) -> Keys:
    """One 64-bit key a value: the column form of `number`."""
    return np.array([number(*parts, value) for value in values], dtype=np.uint64)


def chances(column: Keys, *parts: object) -> npt.NDArray[np.float64]:
    """One number in [0, 1) a key, independent between different `parts` (splitmix64's finaliser)."""
    mixed = column ^ np.uint64(number(*parts))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


class Draw:
    """A short sequence of choices for one subject, such as one company's people."""

    def __init__(self, *parts: object) -> None:
        self._key = number(*parts)

    def _next(self) -> int:
        self._key = (self._key + _GOLDEN) & _MASK
        mixed = self._key
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def chance(self) -> float:
        """A number in [0, 1)."""
        return (self._next() >> 11) * 2.0**-53

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        return self._next() % bound

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, each as likely as the next."""
        return options[self.below(len(options))]
