"""Messages planned and sent, and for a while those that come meanwhile: a run takes seconds to start."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from lead_pipeline.steps.plan_deliveries import plan_deliveries
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.send_deliveries import Outside, send_due

GLANCE = 0.5
"""Seconds between two looks."""


@dataclass
class Kept:
    """Messages planned, attempts by outcome, and lanes that others had or that were left before they were empty."""

    planned: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    busy: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)


def keep_sending(
    url: str,
    outside: Outside,
    day: date,
    run: Run,
    *,
    linger: float = 0.0,
    sleep: Callable[[float], object] = time.sleep,
    elapsed: Callable[[], float] = time.monotonic,
) -> Kept:
    """Plan what a day's leads are to be told of and send whatever is due, at least once and for `linger` seconds.

    Raises as `send_due`.
    """
    kept, end = Kept(), elapsed() + linger
    while True:
        kept.planned += plan_deliveries(url, day, run)
        sent = send_due(url, outside, run)
        kept.outcomes.update(sent.outcomes)
        kept.busy.update(sent.busy)
        kept.stopped.update(sent.stopped)
        if elapsed() >= end:
            return kept
        sleep(GLANCE)
