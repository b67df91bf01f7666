"""What every attempt at a vendor passes before it is made, and who is told how it ended. Makes none itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lead_pipeline.errors import CircuitOpen, OutcomeUnknown, RateLimited, VendorRefused, VendorUnavailable
from lead_pipeline.vendors.circuit import Circuit
from lead_pipeline.vendors.rate_limit import Pace

NOT_ASKED = "circuit_open"
Observe = Callable[[str, float], None]
"""Told of each attempt: its outcome, and the seconds it took."""
_FAILED = (VendorUnavailable, OutcomeUnknown)


class Attempts:
    """The pace and the circuit of one vendor, and whoever counts. Safe for threads as far as those are."""

    def __init__(
        self,
        pace: Pace,
        circuit: Circuit | None = None,
        observe: Observe | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pace, self._circuit, self._clock = pace, circuit, clock
        self._observe: Observe = observe or (lambda outcome, seconds: None)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for its turn, then make the attempt in the block. Raises CircuitOpen where it may not be made.

        An error that says that nothing could be sent is neither counted nor held against the vendor.
        """
        self._admit()
        began = self._clock()
        try:
            yield
        except (*_FAILED, VendorRefused) as error:
            has_failed = isinstance(error, _FAILED) and not isinstance(error, RateLimited)
            self._tell(outcome_of(error), began, failed=has_failed, reason=str(error))
            raise
        self._tell("ok", began, failed=False)

    def _admit(self) -> None:
        try:
            self._check()
            self._pace.take()
            self._check()  # the wait may have been long
        except CircuitOpen:
            self._observe(NOT_ASKED, 0.0)
            raise

    def _check(self) -> None:
        if self._circuit is not None:
            self._circuit.check()

    def _tell(self, outcome: str, began: float, *, failed: bool, reason: str = "") -> None:
        seconds = self._clock() - began
        if self._circuit is not None:
            self._circuit.record(failed=failed, reason=reason)
        self._observe(outcome, seconds)


def outcome_of(error: VendorUnavailable | OutcomeUnknown | VendorRefused) -> str:
    """The word under which an attempt that ended so is counted."""
    if isinstance(error, RateLimited):
        return "rate_limited"
    if isinstance(error, VendorRefused):
        return "refused"
    return "unknown" if isinstance(error, OutcomeUnknown) else "unavailable"
