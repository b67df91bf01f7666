"""Has a share moved? Today's part of a whole against the same share on the days before. Knows nothing of fields.

Every kind of drift is a share that moved. The test is a two-sample log-likelihood ratio (G), divided by the dispersion
that the days before show among themselves: entries of one batch are alike and weekends differ from weekdays, so a
share that always wavers has to move further than one that never does.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

_PRIOR_DAYS = 4


class Share(NamedTuple):
    """`part` of `whole` entries."""

    part: int
    whole: int

    @property
    def rate(self) -> float:
        """Between 0 and 1; 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0


def total(days: Sequence[Share]) -> Share:
    """All days as one."""
    return Share(sum(day.part for day in days), sum(day.whole for day in days))


def chance(now: Share, days: Sequence[Share]) -> float:
    """The probability that a share differs as much by chance, if nothing has changed. 1 where nothing is known."""
    before = total(days)
    if now.whole == 0 or before.whole == 0:
        return 1.0
    return math.erfc(math.sqrt(_g(now, before) / dispersion(days) / 2))


def dispersion(days: Sequence[Share]) -> float:
    """How much more the days differ than chance alone would have them (Pearson), at least 1."""
    before = total(days)
    rate = (before.part + 0.5) / (before.whole + 1)
    squares = [(day.part - day.whole * rate) ** 2 / (day.whole * rate * (1 - rate)) for day in days if day.whole]
    free = max(len(squares) - 1, 0)
    return max(1.0, (sum(squares) + _PRIOR_DAYS) / (free + _PRIOR_DAYS))


def _g(now: Share, before: Share) -> float:
    """Twice the log of the likelihood ratio of two rates against one."""
    rate = (now.part + before.part) / (now.whole + before.whole)
    sums = 0.0
    for share in (now, before):
        for count, expected in ((share.part, share.whole * rate), (share.whole - share.part, share.whole * (1 - rate))):
            if count:
                sums += count * math.log(count / expected)
    return max(0.0, 2 * sums)
