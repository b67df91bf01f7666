"""What is done once a period and was not done for one that is due: read only, for who asks for it. Does none of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import psycopg

from lead_pipeline.domain.periods import last_due_week, utc_day
from lead_pipeline.steps.close_statements import GRACE
from lead_pipeline.steps.write_summaries import days_owed
from lead_pipeline.store.credit_resets import is_reset
from lead_pipeline.store.daily_summaries import count_owed
from lead_pipeline.store.open_months import workspaces_to_bill
from lead_pipeline.store.topic_trends import weeks_to_reckon

_ONE = timedelta(days=1)
Matter = Literal["reset", "trends", "summaries", "statements"]


@dataclass(frozen=True)
class Missing:
    """A matter that is due: its latest period by the first day of it, and how much there is to do."""

    matter: Matter
    period: date
    count: int


def missing_periods(conn: psycopg.Connection, now: datetime) -> list[Missing]:
    """Every matter that was due by `now` and is not done: resets of today, weeks, summaries, months."""
    missing: list[Missing] = []
    today = utc_day(now)
    if not any(is_reset(conn, day) for day in (today, today + _ONE)):  # the next day's took what was left of this one
        missing.append(Missing("reset", today, 1))
    if weeks := weeks_to_reckon(conn, last_due_week(now)):
        missing.append(Missing("trends", weeks[-1], len(weeks)))
    days = days_owed(conn, now)
    if days and (owed := count_owed(conn, days)):
        missing.append(Missing("summaries", max(day.day for day in days.values()), owed))
    month = utc_day(now - GRACE).replace(day=1)
    if workspaces := workspaces_to_bill(conn, month):
        missing.append(Missing("statements", (month - _ONE).replace(day=1), workspaces))
    return missing
