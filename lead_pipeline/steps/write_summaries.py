"""Buyers' daily summaries written down as messages: each local day once, at the hour that the receiver named.

Sends nothing. At most one day is owed at any time (`domain.local_days`): after a long silence nobody gets old news.
"""

from collections.abc import Mapping
from datetime import datetime

import psycopg

from lead_pipeline.domain.local_days import LocalDay, day_to_tell
from lead_pipeline.domain.money import decimal_text
from lead_pipeline.steps.run import Run
from lead_pipeline.store import daily_summaries as store
from lead_pipeline.store.connections import connect
from lead_pipeline.store.daily_summaries import Clock, Summary
from lead_pipeline.store.intents import Intent, intend

_AT_ONCE = 5_000  # summaries in memory, and in a transaction


def write_summaries(url: str, run: Run, *, at_once: int = _AT_ONCE) -> int:
    """Write down every summary that is owed now. Returns how many are new."""
    now, written = run.clock(), 0
    with connect(url, autocommit=True) as conn:
        days = days_owed(conn, now)
        while days:
            with conn.transaction():
                owed = store.summaries_owed(conn, days, limit=at_once)
                written += intend(conn, [_intent(one) for one in owed], now=now, run_id=run.run_id)
            if len(owed) < at_once:
                break
    return written


def days_owed(conn: psycopg.Connection, now: datetime) -> Mapping[Clock, LocalDay]:
    """Of which local day a summary is owed, for each clock and hour by which receivers want one and it is time."""
    told = {clock: day_to_tell(now, *clock) for clock in store.clocks(conn)}
    return {clock: day for clock, day in told.items() if day is not None}


def _intent(one: Summary) -> Intent:
    return Intent(
        kind=store.KIND,
        subject=f"summary/{one.day.isoformat()}",
        workspace_id=one.workspace_id,
        destination_id=one.destination_id,
        channel=one.channel,
        buyer_id=one.buyer_id,
        context={
            "date": one.day.isoformat(),
            "time_zone": one.time_zone,
            "leads": one.leads,
            "spent": decimal_text(one.spent_minor, one.currency),
            "balance": decimal_text(one.balance_minor, one.currency),
            "currency": one.currency,
            "campaigns": [
                {"name": of["name"], "leads": of["leads"], "spent": decimal_text(of["spent_minor"], one.currency)}
                for of in one.campaigns
            ],
            "hot": one.hot,
        },
    )
