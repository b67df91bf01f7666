"""Trends of topics: changes with two decimals, directions by the threshold, weeks in order."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.trends import trends

WEEK = timedelta(days=7)
FIRST = date(2026, 3, 2)


def frame(rows, *columns):
    return pd.DataFrame(rows, columns=list(columns))


def reckon(volumes, before=(), weeks=1):
    """`volumes`: number of the week, topic, volume. Returns rows in their order, NaN as None."""
    found = trends(
        frame([(FIRST + n * WEEK, topic, volume) for n, topic, volume in volumes], "week_start", "topic", "volume"),
        frame(before, "topic", "volume"),
        [FIRST + n * WEEK for n in range(weeks)],
    )
    found["week_start"] = [(week - FIRST) // WEEK for week in found["week_start"]]
    return [tuple(None if value != value else value for value in row) for row in found.itertuples(index=False)]


def change(previous, volume):
    [row] = reckon([(0, "ai", volume)], [("ai", previous)])
    return row[-2:]


@pytest.mark.parametrize(
    ("previous", "volume", "expected"),
    [
        (100, 110, (10.0, "up")),
        (100, 109, (9.0, "stable")),
        (100, 90, (-10.0, "down")),
        (100, 91, (-9.0, "stable")),
        (100, 100, (0.0, "stable")),
        (3, 4, (33.33, "up")),
        (3, 2, (-33.33, "down")),
        (8, 9, (12.5, "up")),
        (100_000, 109_995, (10.0, "up")),  # 9.995 is shown as 10.00, and a row says what its figures say
        (100_000, 109_994, (9.99, "stable")),
        (20_000, 18_001, (-10.0, "down")),  # -9.995
        (7, 0, (-100.0, "down")),
        (0, 7, (None, "up")),
        (0, 0, (None, "stable")),
        (1, 2_147_483_647, (9_999_999.99, "up")),
    ],
)
def test_a_change_is_of_the_week_before_and_its_direction_is_read_off_it(previous, volume, expected):
    assert expected == change(previous, volume)


@given(st.integers(0, 100_000), st.integers(0, 99_999))
def test_a_change_is_rounded_as_on_paper(previous, volume):
    per_cent, direction = change(previous, volume)
    if previous == 0:
        assert (None, "up" if volume else "stable") == (per_cent, direction)
        return
    exact = (Decimal(100 * (volume - previous)) / previous).quantize(Decimal("0.01"), ROUND_HALF_UP)
    expected = min(exact, Decimal("9999999.99"))
    assert f"{expected + 0:.2f}" == f"{per_cent + 0:.2f}"
    assert ("up" if exact >= 10 else "down" if exact <= -10 else "stable") == direction


def test_weeks_that_were_missed_are_reckoned_in_order_each_against_the_one_before():
    assert [
        (0, "ai", 20, 10, 100.0, "up"),
        (1, "ai", 0, 20, -100.0, "down"),
        (2, "ai", 0, 0, None, "stable"),
        (3, "ai", 5, 0, None, "up"),
    ] == reckon([(0, "ai", 20), (3, "ai", 5)], [("ai", 10)], weeks=4)


def test_a_topic_begins_with_the_first_week_in_which_it_was_searched_for():
    assert [(1, "new", 4, 0, None, "up"), (2, "new", 4, 4, 0.0, "stable")] == reckon(
        [(1, "new", 4), (2, "new", 4)], weeks=3
    )
    assert [(0, "none found", 0, 0, None, "stable")] == reckon([(0, "none found", 0)])


def test_a_topic_that_is_known_and_not_searched_for_has_no_volume():
    assert [(0, "old", 0, 9, -100.0, "down")] == reckon([], [("old", 9)])
    assert [] == reckon([])


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abcd"), st.integers(0, 50)), max_size=12),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 50), max_size=4),
)
def test_reckoning_weeks_together_gives_what_one_after_another_gives(found, known):
    volumes = list({(week, topic): (week, topic, volume) for week, topic, volume in found}.values())
    together = reckon(volumes, list(known.items()), weeks=6)
    one_by_one, before = [], dict(known)
    for week in range(6):
        rows = reckon([(0, *rest) for number, *rest in volumes if number == week], list(before.items()))
        one_by_one += [(week, *row[1:]) for row in rows]
        before = {row[1]: row[2] for row in rows}
    assert one_by_one == together
