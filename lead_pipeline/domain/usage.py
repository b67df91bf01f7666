"""What messages cost: base cost and markup in micros, and statements in whole minor units whose lines sum exactly.

A micro is a millionth of a unit of the currency, so that a tenth of a cent is a whole number of them. Rounding is
half to even, once: of each message's base and markup, and of a statement's total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from lead_pipeline.domain.money import decimals_of

MICROS = 6
"""Decimals of a unit of any currency in micros."""
_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Price:
    """What one message costs, in micros."""

    base_micros: int
    markup_micros: int


def price_of(unit_cost: Decimal, units: int, markup_percent: Decimal) -> Price:
    """The price of a message of so many units (an SMS has its segments). `unit_cost` in units of the currency."""
    base = _rounded(unit_cost.scaleb(MICROS) * units)
    return Price(base, _rounded(base * markup_percent / _HUNDRED))


def minor_total(micros: int, currency: str) -> int:
    """An amount in whole minor units, the nearest; halves go to the even one."""
    whole, rest = divmod(micros, micros_of_minor(currency))
    twice = 2 * rest - micros_of_minor(currency)
    return whole + (twice > 0 or (twice == 0 and whole % 2 == 1))


def shared_out(total: int, micros: Sequence[int], currency: str) -> list[int]:
    """`total` minor units as lines of these amounts, by largest remainder: each is rounded down or up, and they sum.

    Among equal remainders the first line gets the unit. `total` is within the sum of the lines rounded down and the sum
    of them rounded up, as `minor_total` of their sum is. Raises ValueError for another one.
    """
    size = micros_of_minor(currency)
    lines = [divmod(amount, size) for amount in micros]
    shared = [whole for whole, _ in lines]
    left = total - sum(shared)
    fractions = sorted((index for index, (_, rest) in enumerate(lines) if rest), key=lambda index: -lines[index][1])
    if not 0 <= left <= len(fractions):
        raise ValueError(f"{total} is not what these lines can be rounded to")
    for index in fractions[:left]:
        shared[index] += 1
    return shared


def statement_lines(groups: Mapping[str, Sequence[int]], currency: str) -> dict[str, list[int]]:
    """Minor units of every line of every group: each group's sum to its part of the total, and all to the total.

    What a group gets depends on the groups' sums alone, not on how many lines each has.
    """
    names = sorted(groups)
    sums = [sum(groups[name]) for name in names]
    parts = shared_out(minor_total(sum(sums), currency), sums, currency)
    return {name: shared_out(part, groups[name], currency) for name, part in zip(names, parts, strict=True)}


def micros_of_minor(currency: str) -> int:
    """How many micros a minor unit of a currency has: 10,000 of USD, 1,000,000 of JPY."""
    return int(10 ** (MICROS - decimals_of(currency)))


def micros_text(micros: int) -> str:
    """Micros as a decimal of the currency's unit, with six decimals: 7900 is "0.007900"."""
    return format(Decimal(micros).scaleb(-MICROS), f".{MICROS}f")


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
