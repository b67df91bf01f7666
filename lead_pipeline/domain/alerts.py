"""When a figure of the intake is bad enough to tell somebody: four thresholds, and the verdict on a figure.

Holds no counting and no sending: `store/intake_figures.py` counts, `steps/watch.py` sends. A figure with too few
counted is never an alarm: one wrong request among three says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

WINDOW = timedelta(hours=24)
SIGNATURES = "webhook_signature_failures"
UPLOADS = "bulk_upload_failures"
ROUTING = "routing_matches"
RUNS = "run_failures"


@dataclass(frozen=True)
class Threshold:
    """A rate in percent that may not be crossed. Exactly on it is still good.

    `at_least`: how many must have been counted. `see`: the section of docs/runbook.md that says what to do.
    """

    what: str
    unit: str
    percent: int
    at_least: int
    see: str
    is_floor: bool = False

    def is_crossed(self, part: int, total: int) -> bool:
        """Whether part of total is on the wrong side, in whole numbers, so that no rounding decides."""
        if total < self.at_least:
            return False
        return 100 * part < self.percent * total if self.is_floor else 100 * part > self.percent * total

    def __str__(self) -> str:
        return f"{'less' if self.is_floor else 'more'} than {self.percent} %"


THRESHOLDS: Mapping[str, Threshold] = {
    SIGNATURES: Threshold("Webhooks with a wrong signature", "requests", 5, 20, "Signatures that are refused"),
    UPLOADS: Threshold("Bulk uploads that failed", "jobs", 10, 5, "A file that failed"),
    ROUTING: Threshold("Leads that a rule matched", "leads", 80, 50, "Rules that match too little", is_floor=True),
    RUNS: Threshold("Runs that failed", "runs", 5, 10, "Runs that fail"),
}


@dataclass(frozen=True)
class Figure:
    """`part` of `total` in the window, and the same by what it is made of: sources, or jobs."""

    name: str
    part: int
    total: int
    of: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """A figure, judged. `value` is in percent, to two decimals, and None where nothing was counted.

    `part` and `total` are what decided: of everything, or of `where` alone where that is the worst that is crossed.
    """

    name: str
    value: float | None
    part: int
    total: int
    where: str | None
    breached: bool
    words: str

    @property
    def threshold(self) -> Threshold:
        return THRESHOLDS[self.name]


def judge(figure: Figure) -> Verdict:
    """Hold a figure against its threshold, as a whole and for each of its parts that has enough counted.

    So a small source whose every request is refused is not hidden by a busy one. Of several that are crossed the
    worst is named, of equals the first by name, the whole before its parts.
    """
    threshold = THRESHOLDS[figure.name]
    counted = [(None, figure.part, figure.total), *((name, *pair) for name, pair in sorted(figure.of.items()))]
    crossed = [row for row in counted if threshold.is_crossed(row[1], row[2])]
    sign = 1 if threshold.is_floor else -1
    where, part, total = min(crossed, key=lambda row: sign * row[1] / row[2]) if crossed else counted[0]
    value = round(100 * part / total, 2) if total else None
    words = _words(threshold, where, part, total, value)
    return Verdict(figure.name, value, part, total, where, bool(crossed), words)


def _words(threshold: Threshold, where: str | None, part: int, total: int, value: float | None) -> str:
    hours = WINDOW.total_seconds() / 3600
    what = threshold.what + (f", {where}" if where else "")
    share = "none to judge" if value is None else f"{value:g} %"
    few = f"; too few to judge, at least {threshold.at_least} are asked for" if total < threshold.at_least else ""
    counts = f"{part:,} of {total:,} {threshold.unit} in the last {hours:g} hours{few}"
    return f"{what}: {share} ({counts}). The alarm is at {threshold}."


def breach_message(verdict: Verdict) -> str:
    """What people are told when a threshold is crossed. No personal data: a rate, its counts, and where to look."""
    return f"ALERT {verdict.name}. {verdict.words} See docs/runbook.md, section '{verdict.threshold.see}'."


def recovery_message(verdict: Verdict) -> str:
    """What people are told when the figure is no longer over its threshold."""
    return f"RECOVERED {verdict.name}. {verdict.words}"
