"""Questions kept under way: how many, who waits for whom, and how it ends."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.errors import DatabaseUnavailable, VendorUnavailable
from lead_pipeline.steps.keep_asking import keep_asking
from tests.examples import examples


class Desk:
    """Hands out numbers and notes what is committed. `most`: how many were asked at the same time."""

    def __init__(self, count: int) -> None:
        self.waiting = deque(range(count))
        self.claimed: list[int] = []
        self.commits: list[list[int]] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def claim(self, limit: int) -> list[int]:
        taken = [self.waiting.popleft() for _ in range(min(limit, len(self.waiting)))]
        self.claimed += taken
        return taken

    def commit(self, answers: Sequence[int]) -> None:
        self.commits.append(list(answers))

    def asked(self, work: Callable[[int], int] = lambda number: number) -> Callable[[int], int]:
        def ask(number: int) -> int:
            with self._lock:
                self._now += 1
                self.most = max(self.most, self._now)
            try:
                return work(number)
            finally:
                with self._lock:
                    self._now -= 1

        return ask

    @property
    def committed(self) -> list[int]:
        return sorted(number for batch in self.commits for number in batch)


@settings(max_examples=examples(30))
@given(count=st.integers(0, 60), concurrency=st.integers(1, 6))
def test_everything_is_asked_once_committed_once_and_never_too_many_at_a_time(count: int, concurrency: int) -> None:
    desk = Desk(count)
    keep_asking(desk.claim, desk.asked(), desk.commit, concurrency=concurrency)
    assert list(range(count)) == desk.committed
    assert desk.most <= concurrency
    assert all(0 < len(batch) <= 2 * concurrency for batch in desk.commits)


def test_one_that_takes_long_holds_up_nobody() -> None:
    desk, everybody_else = Desk(40), threading.Event()

    def commit(answers: Sequence[int]) -> None:
        desk.commit(answers)
        if len(desk.committed) == 39:
            everybody_else.set()

    def slow(number: int) -> int:
        assert number or everybody_else.wait(10)
        return number

    keep_asking(desk.claim, desk.asked(slow), commit, concurrency=2)
    assert [0] == desk.commits[-1]


def test_what_is_answered_during_a_commit_shares_the_next_one() -> None:
    desk = Desk(30)

    def commit(answers: Sequence[int]) -> None:
        time.sleep(0.02)
        desk.commit(answers)

    keep_asking(desk.claim, desk.asked(), commit, concurrency=4)
    assert len(desk.commits) < 15


def test_no_more_is_claimed_than_twice_what_can_be_asked() -> None:
    desk, gaps = Desk(50), []

    def commit(answers: Sequence[int]) -> None:
        gaps.append(len(desk.claimed) - len(desk.committed))
        desk.commit(answers)

    keep_asking(desk.claim, desk.asked(), commit, concurrency=3)
    assert max(gaps) <= 6


def test_an_answer_that_says_stop_ends_it_after_what_is_under_way_is_committed() -> None:
    desk, started = Desk(100), []

    def work(number: int) -> int:
        started.append(number)
        time.sleep(0.001)
        return number

    def why_stop(answer: int) -> Exception | None:
        return VendorUnavailable(f"stopped at {answer}") if answer == 20 else None

    with pytest.raises(VendorUnavailable, match="stopped at 20"):
        keep_asking(desk.claim, desk.asked(work), desk.commit, concurrency=4, why_stop=why_stop)
    assert sorted(started) == desk.committed
    assert {20} < set(desk.committed)
    assert len(desk.claimed) <= 21 + 8


@pytest.mark.parametrize("where", ["ask", "claim", "commit"])
def test_an_error_that_nobody_expects_ends_it_and_asks_nothing_more(where: str) -> None:
    desk = Desk(100)

    def fail(*_: object) -> list[int]:
        raise DatabaseUnavailable("Postgres does not answer")

    parts = {"claim": desk.claim, "ask": desk.asked(), "commit": desk.commit, where: fail}
    with pytest.raises(DatabaseUnavailable):
        keep_asking(*parts.values(), concurrency=3)  # type: ignore[arg-type]
    assert len(desk.claimed) <= 12
