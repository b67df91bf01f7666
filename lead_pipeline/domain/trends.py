"""The trend of topics: each week's volume against that of the week before. Columns in, columns out.

What a volume counts is said where it is read (`store.topic_trends`).
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

THRESHOLD = 10.0
"""Per cent: a change of so much or more is up, of minus so much or less is down; what is between them is stable."""
_LARGEST = 999_999_999  # hundredths of a per cent that numeric(9, 2) holds

Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def trends(volumes: pd.DataFrame, before: pd.DataFrame, weeks: Sequence[date]) -> pd.DataFrame:
    """One row per week and topic, by week: from the first in which a topic has a volume, be it 0, on to the last.

    Args:
        volumes: `week_start` (Monday), `topic`, `volume` of these weeks; what is missing is 0.
        before: `topic`, `volume` of the week before the first one, for every topic that is known.
        weeks: Mondays, one after another.

    Returns:
        `week_start`, `topic`, `volume`, `previous_volume`, `change_percentage` (two decimals, halves away from zero;
        NaN where the previous volume is 0) and `direction`, which is read off the rounded change. From 0 to more is
        `up`, from 0 to 0 `stable`.
    """
    topics = pd.Index(sorted({*before["topic"], *volumes["topic"]}), dtype="str")
    # A column a week, and one in front for the week before.
    volume = np.zeros((len(topics), len(weeks) + 1), dtype=np.int64)
    is_known = np.zeros(volume.shape, dtype=bool)
    given = topics.get_indexer(before["topic"])
    volume[given, 0], is_known[given, 0] = before["volume"], True
    number = {week: place for place, week in enumerate(weeks, 1)}
    at = topics.get_indexer(volumes["topic"]), volumes["week_start"].map(number).to_numpy(dtype=np.int64)
    volume[at], is_known[at] = volumes["volume"], True
    week, topic = np.nonzero(np.logical_or.accumulate(is_known, axis=1)[:, 1:].T)
    now, previous = volume[topic, week + 1], volume[topic, week]
    change = _change(now, previous)
    return pd.DataFrame(
        {
            "week_start": np.array(weeks, dtype=object)[week],
            "topic": topics[topic],
            "volume": now,
            "previous_volume": previous,
            "change_percentage": change,
            "direction": np.select(
                [np.where(previous == 0, now > 0, change >= THRESHOLD), change <= -THRESHOLD], ["up", "down"], "stable"
            ),
        }
    )


def _change(now: Ints, previous: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Per cent with two decimals, reckoned in whole hundredths; NaN against 0, and no more than the column holds."""
    whole = np.where(previous == 0, 1, previous)
    hundredths = (20_000 * np.abs(now - previous) + whole) // (2 * whole)
    rounded = np.sign(now - previous) * np.minimum(hundredths, _LARGEST) / 100
    return np.where(previous == 0, np.nan, rounded)
