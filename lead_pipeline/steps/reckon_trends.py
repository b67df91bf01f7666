"""Weeks that have ended to the trends of their topics, each week once and in their order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lead_pipeline.domain.periods import WEEK, last_ended_week
from lead_pipeline.domain.trends import trends
from lead_pipeline.steps.run import Run
from lead_pipeline.store import topic_trends as store
from lead_pipeline.store.connections import connect


@dataclass(frozen=True)
class Reckoned:
    """The weeks that were reckoned, how many rows that made, and how many topics go where by the last of them."""

    weeks: list[date]
    rows: int
    directions: Mapping[str, int]


def reckon_trends(url: str, run: Run) -> Reckoned:
    """Reckon every week that has ended and is not, in one transaction. What was reckoned once stays as it is."""
    with connect(url) as conn:
        store.take_turn(conn)
        now = run.clock()
        weeks = store.weeks_to_reckon(conn, last_ended_week(now))
        if not weeks:
            return Reckoned([], 0, {})
        rows = trends(store.volumes(conn, weeks), store.reckoned_volumes(conn, weeks[0] - WEEK), weeks)
        store.save_trends(conn, rows, now=now, run_id=run.run_id)
    latest = rows.loc[rows["week_start"] == weeks[-1], "direction"].value_counts()
    return Reckoned(weeks, len(rows), {str(direction): int(count) for direction, count in latest.items()})
