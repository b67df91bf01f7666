"""Score and route the leads of drops that wait for it: claim, decide, commit, drop by drop."""

from collections.abc import Callable
from datetime import date

import pandas as pd
import psycopg

from lead_pipeline.steps.decide import assign, score
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.decisions import insert_assignments, insert_scores
from lead_pipeline.store.drops import advance, claim
from lead_pipeline.store.leads import leads_of_drops

DROPS_AT_ONCE = 200
LEAD_KINDS = ("vendor_page", "csv")


def score_pending(url: str, day: date, run: Run) -> int:
    """Score the leads of every validated drop of a day. Returns how many scores were written."""
    return _decide(url, day, "validated", "scored", lambda conn, leads: insert_scores(conn, score(leads, run)))


def route_pending(url: str, day: date, run: Run) -> int:
    """Route the leads of every scored drop of a day. Returns how many assignments were written."""
    return _decide(url, day, "scored", "routed", lambda conn, leads: insert_assignments(conn, assign(conn, leads, run)))


def _decide(
    url: str, day: date, stage: str, then: str, commit: Callable[[psycopg.Connection, pd.DataFrame], int]
) -> int:
    written = 0
    with connect(url) as conn:
        while True:
            with conn.transaction():
                drops = claim(conn, stage=stage, day=day, kinds=LEAD_KINDS, limit=DROPS_AT_ONCE)
                ids = [drop.drop_id for drop in drops]
                leads = leads_of_drops(conn, ids)
                if len(leads):
                    written += commit(conn, leads)
                advance(conn, ids, stage=then)
            if not ids:
                return written
