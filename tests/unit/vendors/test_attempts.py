"""What an attempt passes and who is told, with a circuit and a pace that write down what they are asked."""

import pytest

from lead_pipeline.errors import (
    CircuitOpen,
    OutcomeUnknown,
    RateLimited,
    SettingsError,
    VendorRefused,
    VendorUnavailable,
)
from lead_pipeline.vendors.attempts import Attempts


class Diary:
    """A circuit, a pace and an observer in one. `opens_at` is the number of the check that finds it open."""

    def __init__(self, opens_at: int = 0) -> None:
        self.entries: list[object] = []
        self._opens_at, self._checks = opens_at, 0

    def check(self) -> None:
        self._checks += 1
        self.entries.append("check")
        if self._checks == self._opens_at:
            raise CircuitOpen("open", retry_after=1)

    def take(self) -> None:
        self.entries.append("take")

    def record(self, *, failed: bool, reason: str = "") -> None:
        self.entries.append(("failed" if failed else "good", reason))

    def observe(self, outcome: str, seconds: float) -> None:
        self.entries.append((outcome, seconds))

    def attempts(self) -> Attempts:
        seconds = iter([10.0, 12.5])
        return Attempts(self, self, self.observe, clock=lambda: next(seconds))


def test_an_attempt_is_checked_paced_and_checked_again_and_told_of():
    diary = Diary()
    with diary.attempts().one():
        diary.entries.append("asked")

    assert ["check", "take", "check", "asked", ("good", ""), ("ok", 2.5)] == diary.entries


@pytest.mark.parametrize(
    ("error", "outcome", "counts_as"),
    [
        (VendorUnavailable("down"), "unavailable", "failed"),
        (OutcomeUnknown("down"), "unknown", "failed"),
        (RateLimited("slowly"), "rate_limited", "good"),
        (VendorRefused("no", status=404), "refused", "good"),
    ],
    ids=["unavailable", "unknown", "rate limited", "refused"],
)
def test_only_a_vendor_that_gave_no_proper_answer_has_failed(error, outcome, counts_as):
    diary = Diary()
    with pytest.raises(type(error)), diary.attempts().one():
        raise error

    assert [(counts_as, str(error)), (outcome, 2.5)] == diary.entries[-2:]


@pytest.mark.parametrize(("opens_at", "before"), [(1, ["check"]), (2, ["check", "take", "check"])])
def test_an_open_circuit_lets_nothing_through_before_the_pace_and_after_it(opens_at, before):
    diary = Diary(opens_at)
    with pytest.raises(CircuitOpen), diary.attempts().one():
        diary.entries.append("asked")

    assert [*before, ("circuit_open", 0.0)] == diary.entries


@pytest.mark.parametrize("error", [SettingsError("no such address"), KeyboardInterrupt()])
def test_what_was_never_sent_is_neither_counted_nor_held_against_the_vendor(error):
    diary = Diary()
    with pytest.raises(type(error)), diary.attempts().one():
        raise error

    assert ["check", "take", "check"] == diary.entries
