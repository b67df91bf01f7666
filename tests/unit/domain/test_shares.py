"""A share that moved, and one that only wavers."""

from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.shares import Share, chance, dispersion, total

SHARES = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda parts: Share(min(parts), max(parts)))
STEADY = [Share(10 + number % 3, 100) for number in range(28)]
WEEKLY = [Share(60 if number % 7 > 4 else 20, 100) for number in range(28)]


@given(SHARES, st.lists(SHARES, max_size=10))
def test_a_chance_is_a_probability_and_dispersion_never_helps(now: Share, days: list[Share]) -> None:
    assert 0 <= chance(now, days) <= 1
    assert dispersion(days) >= 1


def test_nothing_known_is_nothing_found() -> None:
    assert 1 == chance(Share(5, 10), [])
    assert 1 == chance(Share(0, 0), STEADY)


def test_the_same_rate_is_no_surprise_and_a_steady_share_that_moves_is_one() -> None:
    assert chance(Share(11, 100), STEADY) > 0.5
    assert chance(Share(40, 100), STEADY) < 1e-9


def test_a_weekends_rate_is_no_surprise_on_a_share_with_a_weekly_rhythm() -> None:
    assert chance(Share(60, 100), WEEKLY) > 1e-3
    assert chance(Share(60, 100), [Share(total(WEEKLY).part // 28, 100)] * 28) < 1e-6


def test_what_never_was_is_found_from_a_few_entries() -> None:
    assert chance(Share(10, 10), [Share(0, 100)] * 28) < 1e-15
