"""What the intake service answered, against what a scenario expected. Counts; shows and sends nothing."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from lead_pipeline.sandbox.scenarios.scenario import Message


@dataclass(frozen=True)
class Answered:
    """One answer in the words of `scenario.Answer`, or `refused <status>`; `detail` is the service's own sentence."""

    answer: str
    detail: str = ""


@dataclass
class Tally:
    """Expected and real answers by source, and the subjects whose answers were others than expected.

    Of messages about one subject it does not matter which one was accepted: 100 copies at once race.
    """

    expected: Counter[tuple[str, str]] = field(default_factory=Counter)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)
    _open: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _details: dict[str, str] = field(default_factory=dict)

    @property
    def sent(self) -> int:
        """How many messages were answered."""
        return self.given.total()

    def add(self, message: Message, answered: Answered) -> None:
        """Count one message and its answer."""
        self.expected[message.source, message.expected] += 1
        self.given[message.source, answered.answer] += 1
        open_ = self._open[message.about]
        open_[message.expected] += 1
        open_[answered.answer] -= 1
        if answered.answer != message.expected and answered.detail:
            self._details[message.about] = answered.detail

    def rows(self) -> list[tuple[str, str, int, int]]:
        """Source, answer, how many were expected, how many came."""
        pairs = sorted(self.expected.keys() | self.given.keys())
        return [(source, answer, self.expected[source, answer], self.given[source, answer]) for source, answer in pairs]

    def surprises(self) -> list[str]:
        """Subjects answered otherwise than expected, a sentence each; none where all went well."""
        return [self._sentence(about, left) for about, left in self._open.items() if any(left.values())]

    def _sentence(self, about: str, left: Mapping[str, int]) -> str:
        missing = ", ".join(answer for answer, count in left.items() if count > 0)
        came = ", ".join(answer for answer, count in left.items() if count < 0)
        detail = self._details.get(about)
        return f"{about}: expected {missing}, was answered {came}" + (f" ({detail})" if detail else "")
