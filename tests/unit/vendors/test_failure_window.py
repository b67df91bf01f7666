"""When a vendor counts as down: laws of the threshold, and a vendor of which one call in five fails, simulated."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.vendors.failure_window import FailureWindow, Threshold

ATTEMPTS = st.integers(0, 5000)


def played(results: str, seconds: float = 1.0) -> list[bool]:
    """What the window says after each of `results`, x for a failure, `seconds` apart."""
    window = FailureWindow()
    return [window.add(number * seconds, failed=result == "x") for number, result in enumerate(results)]


def test_ten_failures_in_a_row_are_an_outage_and_nine_are_not():
    assert [False] * 9 + [True] == played("x" * 10)


def test_failures_that_are_more_than_a_minute_apart_do_not_add_up():
    assert True not in played("x" * 100, seconds=7)
    assert played("x" * 100, seconds=6)[-1]


def test_an_outage_after_a_good_minute_is_seen_once_half_of_the_minute_failed():
    seen = played("." * 60 + "x" * 60)

    assert 60 + 31 == seen.index(True) + 1  # 61 attempts within the minute, 31 of them failed


@given(attempts=ATTEMPTS, share=st.floats(0, 1))
def test_few_attempts_and_less_than_half_never_count_as_down(attempts, share):
    failures = int(attempts * share)

    if Threshold().is_reached(attempts, failures):
        assert attempts >= 10
        assert 2 * failures >= attempts


@given(attempts=st.integers(10, 5000))
def test_nothing_but_failures_counts_as_down_from_the_tenth_attempt_on(attempts):
    assert Threshold().is_reached(attempts, attempts)


@given(attempts=st.integers(100, 5000))
def test_where_attempts_are_many_half_of_them_is_enough(attempts):
    assert Threshold().is_reached(attempts, -(-attempts // 2))


@given(attempts=ATTEMPTS, failures=ATTEMPTS)
def test_one_more_failure_never_makes_it_look_better(attempts, failures):
    if failures < attempts and Threshold().is_reached(attempts, failures):
        assert Threshold().is_reached(attempts, failures + 1)


@pytest.mark.parametrize("per_second", [1 / 6, 0.5, 2, 10, 50])
@pytest.mark.parametrize("seed", range(3))
def test_a_vendor_of_which_one_call_in_five_fails_is_never_down(per_second, seed):
    dice, window, now = random.Random(seed), FailureWindow(), 0.0
    for _ in range(20_000):
        now += dice.expovariate(per_second)
        assert not window.add(now, failed=dice.random() < 0.2)


def test_a_failure_has_to_be_the_last_straw():
    window = FailureWindow()
    for number in range(9):
        window.add(number, failed=True)

    assert not window.add(9, failed=False)


def test_a_clock_that_is_set_back_forgets_what_lies_ahead():
    window = FailureWindow()
    for number in range(1000, 1009):
        window.add(number, failed=True)

    assert not window.add(0, failed=True)
    assert (1, 1) == window.counts


def test_a_window_that_was_cleared_begins_anew():
    window = FailureWindow()
    for number in range(10):
        window.add(number, failed=True)
    window.clear()

    assert not window.add(10, failed=True)
    assert (1, 1) == window.counts
