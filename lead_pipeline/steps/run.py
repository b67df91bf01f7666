"""What every step is handed about the run it serves: its id and the clock. No global state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Run:
    """One run of the pipeline. `run_id` is written beside everything that it decides."""

    run_id: str
    clock: Callable[[], datetime] = field(default=_utc_now)
