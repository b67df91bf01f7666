"""A limit of calls a minute, as strict vendors count: every minute that one may look at, not the clock's own."""

import time
from collections import deque
from collections.abc import Callable

from fastapi import HTTPException

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
"""Nanoseconds, which add up exactly."""


class CallLimit:
    """At most `per_minute` calls in any minute; None lets all through. A refused call does not count.

    `clock` gives nanoseconds.
    """

    def __init__(self, per_minute: int | None, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._taken: deque[int] = deque()

    def take(self) -> None:
        """Count one call. Raises HTTPException (429) with Retry-After in whole seconds where there are too many."""
        if self._per_minute is None:
            return
        now = self._clock()
        while self._taken and self._taken[0] <= now - MINUTE:
            self._taken.popleft()
        if len(self._taken) >= self._per_minute:
            wait = -(-(self._taken[0] + MINUTE - now) // SECOND)
            raise HTTPException(429, f"more than {self._per_minute} a minute", {"Retry-After": str(wait)})
        self._taken.append(now)

    def clear(self) -> None:
        """Forget all calls."""
        self._taken.clear()
