"""Leads of a day to their contacts: plan, claim, ask Clay, commit. One failing lead never fails the others."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import pandas as pd
import psycopg

from lead_pipeline.domain.enrichment import Person, keep_people, skip_reasons
from lead_pipeline.errors import LeadPipelineError, NotFound, VendorRefused
from lead_pipeline.steps.run import Run
from lead_pipeline.store import enrichments
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.enrichments import Waiting
from lead_pipeline.vendors.clay import Clay

VENDOR = "clay"
PLANNED_AT_ONCE = 10_000
CLAIMED_AT_ONCE = 40  # what a killed run asks again: four seconds of Clay's default pace
_KEY_REFUSED = (401, 403)


@dataclass(frozen=True)
class Answer:
    """What Clay said about one lead, or why it said nothing."""

    lead: Waiting
    people: list[Person]
    body: bytes | None = None
    error: LeadPipelineError | None = None


def enrich_leads(
    url: str,
    vendor: Clay,
    day: date,
    run: Run,
    *,
    concurrency: int,
    retry_failed: bool = True,
    lead_id: str | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, int]:
    """Enrich every lead that DataShopper brought on a day; with `retry_failed`, ones that failed before too.

    With `lead_id` just that lead of the day, of any source and whatever became of it before, unless it is completed.
    Returns how many leads of the day are completed, skipped and failed. Raises VendorRefused where Clay refuses
    the key: the leads wait on.
    """
    with connect(url) as conn, ThreadPoolExecutor(concurrency) as pool:
        if lead_id is not None:
            _plan_one(conn, day, run, lead_id)
        else:
            _plan_day(conn, day, run, retry_failed=retry_failed)
        waiting, done = enrichments.enrichment_counts(conn, VENDOR, day).get("pending", 0), 0
        conn.commit()
        while True:
            with conn.transaction():
                claimed = enrichments.claim_pending(conn, VENDOR, day, CLAIMED_AT_ONCE, lead_id)
                _commit(conn, day, run, list(pool.map(lambda lead: _ask(vendor, lead), claimed)))
            if not claimed:
                return enrichments.enrichment_counts(conn, VENDOR, day)
            done += len(claimed)
            progress(done, waiting)


def _plan_one(conn: psycopg.Connection, day: date, run: Run, lead_id: str) -> None:
    with conn.transaction():
        leads = enrichments.one_lead(conn, lead_id)
        if leads.empty:
            raise NotFound(f"no lead {lead_id}. `lead-pipeline trace` finds a lead by its id.")
        planned = leads.assign(reason=skip_reasons(leads))
        enrichments.plan(conn, VENDOR, day, planned, now=run.clock(), run_id=run.run_id, again=True)


def _plan_day(conn: psycopg.Connection, day: date, run: Run, *, retry_failed: bool) -> None:
    if retry_failed:
        with conn.transaction():
            enrichments.reopen_failed(conn, VENDOR, day)
    while _plan(conn, day, run):
        pass


def _plan(conn: psycopg.Connection, day: date, run: Run) -> bool:
    with conn.transaction():
        leads = enrichments.unplanned_leads(conn, VENDOR, day, PLANNED_AT_ONCE)
        planned = leads.assign(reason=skip_reasons(leads))
        enrichments.plan(conn, VENDOR, day, planned, now=run.clock(), run_id=run.run_id)
    return len(leads) == PLANNED_AT_ONCE


def _ask(vendor: Clay, lead: Waiting) -> Answer:
    try:
        answer = vendor.company_contacts(lead.domain, lead.company_name)
        found = [
            Person(who.full_name, who.email, who.title, who.seniority, who.department, who.linkedin_url)
            for who in answer.contacts
            if who.full_name is not None
        ]
        return Answer(lead, keep_people(found, lambda address: vendor.verify_email(address).status), answer.body)
    except VendorRefused as error:
        if error.status in _KEY_REFUSED:
            raise
        return Answer(lead, [], error=error)
    except LeadPipelineError as error:
        return Answer(lead, [], error=error)


def _commit(conn: psycopg.Connection, day: date, run: Run, answers: list[Answer]) -> None:
    landed = {answer.lead.lead_id: _land(conn, day, run, answer) for answer in answers}
    outcomes = pd.DataFrame(
        {
            "lead_id": [answer.lead.lead_id for answer in answers],
            "status": ["completed" if answer.error is None else "failed" for answer in answers],
            "reason": [None if answer.error is None else str(answer.error) for answer in answers],
            "contacts_found": [len(answer.people) for answer in answers],
            "answer_drop_id": pd.array([landed[answer.lead.lead_id] for answer in answers], dtype="Int64"),
        }
    )
    people = [
        {"lead_id": answer.lead.lead_id, "contact_no": number, **person.__dict__}
        for answer in answers
        for number, person in enumerate(answer.people, start=1)
    ]
    enrichments.insert_contacts(conn, pd.DataFrame(people))
    enrichments.settle(conn, VENDOR, outcomes, run.clock(), run.run_id)


def _land(conn: psycopg.Connection, day: date, run: Run, answer: Answer) -> int | None:
    """Keep the answer's exact bytes, so that contacts can be rebuilt without asking again."""
    if answer.body is None:
        return None
    digest = hashlib.sha256(answer.body).hexdigest()
    drop_id, _ = land(
        conn,
        Landing(
            source=VENDOR,
            kind="vendor_answer",
            event_type="company_contacts",
            external_id=f"company_contacts/{answer.lead.lead_id}",
            workspace_id=answer.lead.workspace_id,
            day=day,
            received_at=run.clock(),
            body=answer.body,
            body_sha256=digest,
            headers={"lead_id": answer.lead.lead_id, "run_id": run.run_id},
            stage="kept",
        ),
    )
    return drop_id
