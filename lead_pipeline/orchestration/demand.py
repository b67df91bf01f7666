"""What sensors ask for: pure decisions over what waits and which runs there are. Reads nothing, asks for nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from lead_pipeline.domain.import_events import import_day
from lead_pipeline.orchestration.partitions import DAYS
from lead_pipeline.store.import_pages import CompletedImport
from lead_pipeline.store.pending import WaitingDrops

JOB_OF_SOURCE: Mapping[str, str] = MappingProxyType(
    {
        "datashopper": "lead_enrich_from_datashopper",
        "audience-labs": "lead_import_from_audience_labs",
        "c2s": "lead_import_from_c2s",
        "supplier": "supplier_lead_process",
        "repair": "supplier_lead_process",
    }
)
"""The jobs whose one step decides what is landed."""
IMPORTS_JOB = "audience_labs_pull"
_LONGEST_IMPORT = timedelta(days=31)

Phase = Literal["waiting", "claiming", "past", "failed"]


@dataclass(frozen=True)
class Work:
    """What waits for one job of one day: how much, and of drops the first and the last id."""

    job: str
    day: date
    count: int
    drops: tuple[int, int] | None = None

    @property
    def tags(self) -> dict[str, str]:
        named = {} if self.drops is None else {"lead_pipeline/drops": f"{self.drops[0]}-{self.drops[1]}"}
        return {**named, "lead_pipeline/count": str(self.count)}


@dataclass(frozen=True)
class RunSeen:
    """A run of a job and day. `past`: it is under way and claims no more, so what waits now is not its work."""

    run_id: str
    phase: Phase
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """What to ask for, and in words why the rest is not asked for."""

    wanted: list[Work]
    held_back: list[str]


def work_of_drops(waiting: Iterable[WaitingDrops]) -> list[Work]:
    """Landed drops as the work of the jobs that decide them, one piece a job and day."""
    pieces: dict[tuple[str, date], list[WaitingDrops]] = {}
    for drops in waiting:
        pieces.setdefault((JOB_OF_SOURCE[drops.source], drops.day), []).append(drops)
    return [
        Work(
            job,
            day,
            sum(piece.count for piece in of_job),
            (min(piece.first for piece in of_job), max(piece.last for piece in of_job)),
        )
        for (job, day), of_job in pieces.items()
    ]


def work_of_imports(told: Iterable[CompletedImport], pulled_at: Callable[[date], datetime | None]) -> list[Work]:
    """Days whose imports are said to be completed since their last pull began (`pulled_at`), None for never.

    An import is of the day that its event names, else of the day on which the event arrived.
    """
    days: dict[date, list[CompletedImport]] = {}
    for event in told:
        named = import_day(event.body)
        is_usable = named is not None and named <= event.day <= named + _LONGEST_IMPORT and named >= DAYS.start.date()
        days.setdefault(named if named and is_usable else event.day, []).append(event)
    work = []
    for day, events in sorted(days.items()):
        pulled = pulled_at(day)
        new = [event.drop_id for event in events if pulled is None or event.received_at >= pulled]
        if new:
            work.append(Work(IMPORTS_JOB, day, len(new), (new[0], new[-1])))
    return work


def decide(
    work: Sequence[Work],
    runs: Mapping[tuple[str, date], Sequence[RunSeen]],
    *,
    now: datetime,
    after_failure: timedelta,
) -> Verdict:
    """Ask for each piece of work that no run in flight will take up, and not right after a run of it failed."""
    wanted: list[Work] = []
    held_back: list[str] = []
    for piece in work:
        reason = _in_the_way(runs.get((piece.job, piece.day), ()), now, after_failure)
        if reason is None:
            wanted.append(piece)
        else:
            held_back.append(f"{piece.job} of {piece.day}: {reason}")
    return Verdict(wanted, held_back)


def _in_the_way(runs: Sequence[RunSeen], now: datetime, after_failure: timedelta) -> str | None:
    for run in runs:
        if run.phase in ("waiting", "claiming"):
            return f"run {run.run_id[:8]} is about to take it up"
    failed = [run for run in runs if run.phase == "failed" and run.ended_at and now - run.ended_at < after_failure]
    if failed:
        return f"run {failed[0].run_id[:8]} has failed, the next one waits {after_failure.total_seconds():.0f} s"
    return None
