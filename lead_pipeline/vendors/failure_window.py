"""When a vendor counts as down: the decision over the attempts of the last minute. Knows no clock and no vendor."""

import math
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """`least` attempts within `seconds`, and `share` of them failed, by more than chance of one that fails `usual`.

    Chance matters while attempts are few: of ten, five fail by accident once in thirty times where one in five does.
    `deviations` is how far from the usual number counts as no accident, in standard deviations.
    """

    seconds: float = 60.0
    least: int = 10
    share: float = 0.5
    usual: float = 0.2
    deviations: float = 6.0

    def is_reached(self, attempts: int, failures: int) -> bool:
        """Whether this many failures among this many attempts mean that the vendor is down."""
        if attempts < self.least or failures < self.share * attempts:
            return False
        spread = math.sqrt(attempts * self.usual * (1 - self.usual))
        return failures >= min(attempts, self.usual * attempts + self.deviations * spread)


class FailureWindow:
    """The attempts of the last `threshold.seconds`, as (time, failed). Not safe for threads: whoever holds it is."""

    def __init__(self, threshold: Threshold | None = None) -> None:
        self._threshold = threshold or Threshold()
        self._attempts: deque[tuple[float, bool]] = deque()
        self._failures = 0

    @property
    def counts(self) -> tuple[int, int]:
        """Attempts and failures."""
        return len(self._attempts), self._failures

    def add(self, now: float, *, failed: bool) -> bool:
        """Note an attempt that ended at `now`, in seconds of any clock. True where the vendor is down."""
        self._attempts.append((now, failed))
        self._failures += failed
        while self._attempts and not now - self._threshold.seconds <= self._attempts[0][0] <= now:
            _, was_failure = self._attempts.popleft()
            self._failures -= was_failure
        return failed and self._threshold.is_reached(*self.counts)

    def clear(self) -> None:
        """Forget everything: what comes next is judged by itself."""
        self._attempts.clear()
        self._failures = 0
