"""How fast a vendor may be asked: our own pace.

Holds the token bucket of one process, and the pace that processes share through whoever keeps it. Holds no retry: the
transport does that. The pace that a vendor asks for is read in `domain.retry_after`.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from lead_pipeline.errors import LimitReached, SettingsError

NAP = 1.0
"""Longest sleep in one go, in seconds, so that whoever ends a run need not sit a long wait out."""


class Pace(Protocol):
    """Lets calls through one after the other."""

    def take(self) -> None:
        """Come back when the next call may be made."""


class SharedPace:
    """A pace that is kept elsewhere: `reserve` takes the next place in the queue and says how far away it is.

    `reserve` answers seconds, and raises LimitReached where the queue is full: then nothing is taken, and it is asked
    again after `retry_after`. `sleep` gets a second at most; what it raises ends the wait.
    """

    def __init__(self, reserve: Callable[[], float], sleep: Callable[[float], object] = time.sleep) -> None:
        self._reserve = reserve
        self._sleep = sleep

    def take(self) -> None:
        """Take one place, blocking until it is there, however far away it is."""
        while True:
            try:
                wait = self._reserve()
            except LimitReached as full:
                self._pause(full.retry_after)
            else:
                self._pause(wait)
                return

    def _pause(self, seconds: float) -> None:
        while seconds > 0:
            nap = min(seconds, NAP)
            self._sleep(nap)
            seconds -= nap


class TokenBucket:
    """At most `burst` calls at once and `rate_per_second` in the long run, over all threads that share it."""

    def __init__(
        self,
        rate_per_second: float = 10.0,
        burst: int = 20,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not rate_per_second > 0 or burst < 1:
            raise SettingsError(
                f"a rate limit of {rate_per_second} a second with a burst of {burst} lets nothing through. "
                "Set a rate above 0 and a burst of at least 1."
            )
        self._rate = rate_per_second
        self._burst = float(burst)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = self._burst
        self._counted_at = clock()

    def take(self) -> None:
        """Take one token, blocking until it is there. Threads are served in the order in which they asked."""
        wait = self._reserve()
        if wait > 0:
            self._sleep(wait)

    def _reserve(self) -> float:
        """Seconds until the token is there. It is taken now, so that nobody else counts on it meanwhile."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
            self._counted_at = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._rate)
