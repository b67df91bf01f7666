"""What a seller's decisions draw on and change: leads taken, money spent, balances, turns; and the local periods.

Holds the counts that a call is handed and leaves as they are afterwards. Does not hold where they are kept
(`store.campaigns_state`) nor the checks against them (`eligibility`).
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lead_pipeline.domain.rotation import Rotation


@dataclass
class Books:
    """Shared by all campaigns of a workspace; what is missing counts as 0.

    `taken`: leads of the local day by subscription. `week`, `month`: minor units spent in the local week and month
    by buyer. `balance`: minor units in the buyer's wallet. `rotations`: by campaign.
    """

    taken: dict[str, int] = field(default_factory=dict)
    week: dict[str, int] = field(default_factory=dict)
    month: dict[str, int] = field(default_factory=dict)
    balance: dict[str, int] = field(default_factory=dict)
    rotations: dict[str, Rotation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Periods:
    """The local day, the Monday of its week and the first of its month: what caps and limits count in."""

    day: date
    week: date
    month: date


def periods_of(now: datetime, time_zone: str) -> Periods:
    """The periods of an aware `now` in an IANA time zone; they turn at local midnight, whatever the clocks do."""
    day = now.astimezone(ZoneInfo(time_zone)).date()
    return Periods(day=day, week=day - timedelta(days=day.weekday()), month=day.replace(day=1))
