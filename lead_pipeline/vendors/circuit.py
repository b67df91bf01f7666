"""The circuit of a vendor: not asked while it is down, tried by one call at a time, asked again once it answers.

Holds what a process knows and decides. What all processes know is behind `CircuitMemory`, which is handed in; when a
vendor counts as down is decided in `failure_window`.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from lead_pipeline.errors import CircuitOpen, DatabaseUnavailable
from lead_pipeline.vendors.failure_window import FailureWindow

FIRST_WAIT = 30.0
LONGEST_WAIT = 600.0
KNOWN_FOR = 1.0
"""Seconds: how long it stays open at first, at most, and for how long a process trusts what it has read."""
_log = structlog.get_logger(__name__)


class Circuit(Protocol):
    """Asked before each attempt, told after it, on the thread that makes it."""

    def check(self) -> None:
        """Raise CircuitOpen where nobody may ask the vendor now."""

    def record(self, *, failed: bool, reason: str = "") -> None:
        """Take note of an attempt that was made. Never raises for want of a database: the attempt has happened."""


@dataclass(frozen=True)
class Known:
    """What all processes know. `retry_in` is in seconds, 0 or less where a call may try; of a closed one it is 0."""

    is_open: bool
    retry_in: float = 0.0
    reason: str = ""


class CircuitMemory(Protocol):
    """Where the circuit of one vendor is kept for every process. Raises DatabaseUnavailable."""

    def read(self) -> Known:
        """The state as it is now."""

    def open(self, *, wait: float, attempts: int, failures: int, reason: str) -> None:
        """Open it for `wait` seconds, unless it is open."""

    def take_probe(self, lease: float) -> str | None:
        """Take the one try, for `lease` seconds. Its token, or None where it is not time or another has it."""

    def reopen(self, token: str, *, longest: float, reason: str) -> None:
        """The try of that token failed: wait twice as long, at most `longest`."""

    def close(self) -> None:
        """The vendor answers."""


class SharedCircuit:
    """The circuit of one vendor, for every thread of this process. `lease` is how long a try may take, in seconds."""

    def __init__(
        self,
        vendor: str,
        memory: CircuitMemory,
        *,
        lease: float = 120.0,
        window: FailureWindow | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vendor, self._memory, self._lease, self._clock = vendor, memory, lease, clock
        self._window = window or FailureWindow()
        self._lock = threading.Lock()
        self._known, self._read_at = Known(is_open=False), -KNOWN_FOR
        self._probe = threading.local()

    def check(self) -> None:
        """Raise CircuitOpen, unless it is closed or this thread has the one try. Raises DatabaseUnavailable."""
        with self._lock:
            if self._clock() - self._read_at >= KNOWN_FOR:
                self._read()
            known, retry_in = self._known, self._known.retry_in - (self._clock() - self._read_at)
        if not known.is_open or self._token() is not None:
            return
        if retry_in <= 0:
            self._probe.token = self._memory.take_probe(self._lease)
            self._probe.until = self._clock() + self._lease
            if self._probe.token is not None:
                return
            with self._lock:
                self._read()
                known, retry_in = self._known, self._known.retry_in
            if not known.is_open:
                return
        seconds = max(retry_in, KNOWN_FOR)
        raise CircuitOpen(
            f"{self._vendor} is not asked, because it has failed for a while ({known.reason}). "
            f"It is tried again in {seconds:.0f} s; `lead-pipeline vendors` shows it.",
            retry_after=seconds,
        )

    def record(self, *, failed: bool, reason: str = "") -> None:
        """Count an attempt while closed; let a try decide while open. What was under way at the opening is too late."""
        token, self._probe.token = self._token(), None
        try:
            with self._lock:
                if token is not None:
                    self._settle(token, failed=failed, reason=reason)
                elif not self._known.is_open and self._window.add(self._clock(), failed=failed):
                    attempts, failures = self._window.counts
                    self._memory.open(wait=FIRST_WAIT, attempts=attempts, failures=failures, reason=reason)
                    self._read()
                    _log.warning("circuit opened", vendor=self._vendor, attempts=attempts, failures=failures)
        except DatabaseUnavailable as error:
            _log.warning("circuit not written", vendor=self._vendor, error=str(error))

    def _settle(self, token: str, *, failed: bool, reason: str) -> None:
        if failed:
            self._memory.reopen(token, longest=LONGEST_WAIT, reason=reason)
        else:
            self._memory.close()
            _log.info("circuit closed", vendor=self._vendor)
        self._read()

    def _read(self) -> None:
        known = self._memory.read()
        if known.is_open != self._known.is_open:
            self._window.clear()
        self._known, self._read_at = known, self._clock()

    def _token(self) -> str | None:
        """The try that this thread has, unless it has had it for so long that another may have taken it."""
        token: str | None = getattr(self._probe, "token", None)
        return token if token is not None and self._clock() < self._probe.until else None
