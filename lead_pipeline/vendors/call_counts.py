"""How often each vendor was asked and with what outcome: gathered in memory, handed on every ten seconds.

Writes nothing itself. While the writing cannot be done the counts wait: one entry a minute, vendor and outcome.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from lead_pipeline.errors import DatabaseUnavailable

EVERY_SECONDS = 10.0
Counted = Mapping[tuple[datetime, str, str], tuple[int, float]]
_log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class CallCounts:
    """`add` from any thread. `write` gets (minute, vendor, outcome) to attempts and seconds, each of them once."""

    def __init__(
        self,
        write: Callable[[Counted], None],
        clock: Callable[[], datetime] = _utc_now,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write, self._clock, self._elapsed = write, clock, elapsed
        self._lock = threading.Lock()
        self._counts: dict[tuple[datetime, str, str], tuple[int, float]] = {}
        self._flushed_at = elapsed()

    def of(self, vendor: str) -> Callable[[str, float], None]:
        """What a transport tells its attempts to."""
        return lambda outcome, seconds: self.add(vendor, outcome, seconds)

    def add(self, vendor: str, outcome: str, seconds: float) -> None:
        """Count one attempt of now, and hand everything on where that was long ago."""
        key = (self._clock().replace(second=0, microsecond=0), vendor, outcome)
        with self._lock:
            self._count(key, 1, seconds)
            is_time = self._elapsed() - self._flushed_at >= EVERY_SECONDS
            if is_time:
                self._flushed_at = self._elapsed()
        if is_time:
            self.flush()

    def flush(self) -> None:
        """Hand on what was counted; keep it for the next time where the database does not answer."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            self._write(counts)
        except DatabaseUnavailable as error:
            with self._lock:
                for key, (calls, seconds) in counts.items():
                    self._count(key, calls, seconds)
            _log.warning("vendor calls wait to be counted", error=str(error))

    def _count(self, key: tuple[datetime, str, str], calls: int, seconds: float) -> None:
        known_calls, known_seconds = self._counts.get(key, (0, 0.0))
        self._counts[key] = (known_calls + calls, known_seconds + seconds)
