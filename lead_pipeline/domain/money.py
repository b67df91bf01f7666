"""Amounts of money: whole minor units of a currency inside, decimal text outside.

Which currencies there are and how many decimals each has is ISO 4217. Sums, prices and limits are plain integers
wherever they are used; nothing here is ever a float.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType

import pycountry

LARGEST = 10**15
"""Minor units. Balances of a thousand such amounts still fit 64 bits."""
# ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_DECIMALS = MappingProxyType(
    dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"), 0,
    )
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)  # fmt: skip
_AMOUNT = re.compile(r"(\d{1,40})(?:\.(\d{1,40}))?", re.ASCII)


@dataclass(frozen=True, order=False)
class Money:
    """An amount. `minor` is in the currency's minor unit, negative where it is owed. It has no order: two currencies
    have none.
    """

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{decimal_text(self.minor, self.currency)} {self.currency}"


def minor_of(text: str | Decimal, currency: str) -> int:
    """The minor units of a decimal amount: "25.00" of USD is 2500, "25" of JPY is 25.

    Raises ValueError, in words for whoever wrote the amount, where it is no plain decimal number, is negative, has
    more decimals than the currency, or is more than 10**15 minor units.
    """
    decimals = decimals_of(currency)
    written = format(text, "f") if isinstance(text, Decimal) else text
    example = decimal_text(25 * 10**decimals, currency)
    if isinstance(written, str) and written.startswith("-"):
        raise ValueError(f"is negative; write an amount of zero or more, such as {example}")
    match = _AMOUNT.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f"is not an amount; write a decimal number, such as {example}")
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > decimals:
        raise ValueError(f"has {len(fraction)} decimals and {currency} has {decimals}; write it such as {example}")
    minor = int(whole + fraction.ljust(decimals, "0"))
    if minor > LARGEST:
        raise ValueError(f"is more than {decimal_text(LARGEST, currency)}, the largest amount")
    return minor


def decimal_text(minor: int, currency: str) -> str:
    """Minor units as a decimal number: 2500 of USD is "25.00", -5 is "-0.05"."""
    decimals = decimals_of(currency)
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    point = len(digits) - decimals
    return ("-" if minor < 0 else "") + digits[:point] + ("." + digits[point:] if decimals else "")


@cache
def decimals_of(currency: str) -> int:
    """How many decimals a currency has. Raises ValueError for what ISO 4217 does not list."""
    if not currency.isupper() or pycountry.currencies.get(alpha_3=currency) is None:
        raise ValueError(f"{currency!r} is no currency of ISO 4217; write three capital letters, such as USD")
    return _DECIMALS.get(currency, 2)
