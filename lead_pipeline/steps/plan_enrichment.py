"""Leads of a day written down as pending, or as skipped with the reason, before anybody is asked. Asks nobody."""

from datetime import date

import psycopg

from lead_pipeline.domain.enrichment import skip_reasons
from lead_pipeline.errors import NotFound
from lead_pipeline.steps.run import Run
from lead_pipeline.store import enrichments

PLANNED_AT_ONCE = 10_000


def plan_lead(conn: psycopg.Connection, vendor: str, day: date, run: Run, lead_id: str) -> None:
    """Plan one lead of any source anew, unless it is completed. Raises NotFound."""
    with conn.transaction():
        leads = enrichments.one_lead(conn, lead_id)
        if leads.empty:
            raise NotFound(f"no lead {lead_id}. `lead-pipeline trace` finds a lead by its id.")
        planned = leads.assign(reason=skip_reasons(leads))
        enrichments.plan(conn, vendor, day, planned, now=run.clock(), run_id=run.run_id, again=True)


def plan_day(conn: psycopg.Connection, vendor: str, day: date, run: Run, *, retry_failed: bool) -> None:
    """Plan the leads of a day that have none yet; with `retry_failed`, let those wait again that failed."""
    if retry_failed:
        with conn.transaction():
            enrichments.reopen_failed(conn, vendor, day)
    while _plan(conn, vendor, day, run):
        pass


def _plan(conn: psycopg.Connection, vendor: str, day: date, run: Run) -> bool:
    with conn.transaction():
        leads = enrichments.unplanned_leads(conn, vendor, day, PLANNED_AT_ONCE)
        planned = leads.assign(reason=skip_reasons(leads))
        enrichments.plan(conn, vendor, day, planned, now=run.clock(), run_id=run.run_id)
    return len(leads) == PLANNED_AT_ONCE
