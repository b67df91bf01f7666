"""The words of a scenario: messages with their simulated time and expected answer, and what goes wrong meanwhile.

Holds no message of any vendor's; those are in the families. Sends nothing: `player`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from lead_pipeline.sandbox.faults import FaultSpec
from lead_pipeline.sandbox.seeded import Draw, number

HOUR = 3600.0
DAY = 24 * HOUR
Answer = Literal["accepted", "duplicate", "quarantined", "refused 401"]
Flaw = Literal["wrong secret", "changed after signing", "no signature", "sample signature", "no time"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One request to the intake service. `at` is in seconds since the simulated midnight.

    `event` is the body, as JSON where it is a mapping; what is dated inside gets its time when it is sent. Messages
    `about` one thing are sent one after another, or all at once where they are `together`; `age` is how many seconds
    before they were sent they claim to be (below 0: ahead). `again`: the very request that was first sent about this.
    """

    at: float
    source: str
    event: Mapping[str, Any] | bytes
    about: str
    expected: Answer = "accepted"
    age: float = 0.0
    flaw: Flaw | None = None
    again: bool = False
    together: bool = False


@dataclass(frozen=True)
class Trouble:
    """Faults of the sandbox from one hour of the simulated day to another."""

    begins: float
    ends: float
    faults: tuple[FaultSpec, ...]


@dataclass(frozen=True)
class Play:
    """What a scenario depends on: the same play gives the same messages.

    `people_seed` is the sandbox's own, which decides whom its Diretrix knows. `day` dates what carries a date.
    """

    scenario: str
    seed: int
    day: date
    people_seed: int = 7

    def draw(self, *parts: object) -> Draw:
        """Choices for one subject of this play."""
        return Draw(self.scenario, self.seed, *parts)

    def name(self, kind: str, *parts: object) -> str:
        """An identifier of one subject, such as an event: another play has others."""
        return f"{kind}-{number(self.scenario, self.seed, kind, *parts):016x}"

    def moment(self, at: float) -> str:
        """The time `at` seconds after midnight, ISO-8601 in UTC."""
        midnight = datetime.combine(self.day, time(), tzinfo=UTC)
        return (midnight + timedelta(seconds=round(at))).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Scenario:
    """`description` is one sentence; `look` says where a person sees what became of it."""

    name: str
    description: str
    look: str
    messages: Callable[[Play], Iterable[Message]]
    troubles: tuple[Trouble, ...] = field(default=())
