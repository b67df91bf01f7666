"""Clay's webhooks to contacts: claim, find the lead, decide, commit. Asks nobody; what nobody knows is refused whole.

Whichever answer comes first completes an enrichment, a webhook or the direct question; a later one changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import pandas as pd
import psycopg

from lead_pipeline.domain.enrichment import MAX_CONTACTS, Person
from lead_pipeline.domain.webhook_rows import ContactResult, contact_result
from lead_pipeline.domain.webhooks import Envelope, read_envelope
from lead_pipeline.domain.website import normalise_websites
from lead_pipeline.steps.contact_outcomes import Outcome, commit_outcomes
from lead_pipeline.steps.decide_events import refuse_drops
from lead_pipeline.steps.enrich import VENDOR
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.set_aside import decide_in_chunks
from lead_pipeline.store import enrichments
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Drop, advance, claim
from lead_pipeline.store.enrichments import Asked, Known

_RESULTS_AT_ONCE = 200


@dataclass(frozen=True)
class Result:
    """One event: what it says, of which lead (None: not known), and why it is refused (None: it is not)."""

    drop: Drop
    said: ContactResult
    lead: Known | None = None
    problem: str | None = None


def settle_contacts(url: str, day: date, run: Run, *, workspace: str | None = None) -> dict[str, int]:
    """Settle every landed event of Clay of a day, but those that another process holds.

    `workspace` (slug or id) is searched for the domain of a lead whose event names neither lead nor workspace.
    Returns how many events completed or failed an enrichment, came late, and were refused.
    """
    totals = dict.fromkeys(("completed", "failed", "late", "refused"), 0)
    with connect(url) as conn:
        for counts in decide_in_chunks(
            conn,
            lambda limit: claim(conn, stage="landed", day=day, kinds=("webhook",), sources=(VENDOR,), limit=limit),
            lambda drops: _settle(conn, drops, run, workspace),
            lambda drops, reasons: {"refused": refuse_drops(conn, drops, reasons).quarantined},
            at_once=_RESULTS_AT_ONCE,
        ):
            totals = {name: total + counts.get(name, 0) for name, total in totals.items()}
    return totals


def decide_results(results: Sequence[Result], states: Mapping[str, str | None]) -> list[Outcome]:
    """What becomes of enrichments (lead id to status, None where there is none), the events taken in order. Pure.

    A completed one stays. `completed` completes any other; `failed` fails only one that is pending.
    """
    now, outcomes = dict(states), {}
    for result in results:
        if result.lead is None:
            continue
        lead_id, said = result.lead.lead_id, result.said
        state = now.get(lead_id)
        if state == "completed" or (said.status == "failed" and state != "pending"):
            continue
        now[lead_id] = said.status
        people = name_primary(said.contacts) if said.status == "completed" else ()
        outcomes[lead_id] = Outcome(lead_id, said.status, said.reason, people, result.drop.drop_id)
    return list(outcomes.values())


def name_primary(found: Sequence[Person]) -> tuple[Person, ...]:
    """At most five, in Clay's order; the first with an address is the primary contact. No address is verified."""
    kept = found[:MAX_CONTACTS]
    primary = next((number for number, person in enumerate(kept) if person.email is not None), None)
    return tuple(replace(person, email_status=None, is_primary=number == primary) for number, person in enumerate(kept))


def _settle(conn: psycopg.Connection, drops: Sequence[Drop], run: Run, workspace: str | None) -> dict[str, int]:
    if not drops:
        return {}
    results = _of_leads(conn, [_read(drop) for drop in drops], workspace)
    refused = {result.drop.drop_id: result.problem for result in results if result.problem is not None}
    refuse_drops(conn, [drop for drop in drops if drop.drop_id in refused], refused)
    known = [result for result in results if result.lead is not None]
    leads = {result.lead.lead_id: result.lead for result in known if result.lead is not None}
    completing = {result.lead.lead_id for result in known if result.lead and result.said.status == "completed"}
    # In order of id, as they are planned: two processes wait for one another instead of deadlocking.
    enrichments.expect(conn, VENDOR, [leads[key] for key in sorted(completing)], now=run.clock(), run_id=run.run_id)
    outcomes = decide_results(known, enrichments.lock_states(conn, VENDOR, sorted(leads)))
    commit_outcomes(conn, VENDOR, outcomes, run)
    advance(conn, [result.drop.drop_id for result in results if result.problem is None], stage="kept")
    said = [outcome.status for outcome in outcomes]
    counts = {"completed": said.count("completed"), "failed": said.count("failed"), "refused": len(refused)}
    return {**counts, "late": len(known) - len(outcomes)}


def _read(drop: Drop) -> Result:
    body = drop.body or b""
    envelope, said = read_envelope(VENDOR, body), contact_result(body)
    if envelope.holds == "nothing":  # a test is about no lead, whichever it names
        said = replace(said, lead_id=None, domain=None)
    return Result(drop, said, problem=_problem(envelope, said))


def _problem(envelope: Envelope, said: ContactResult) -> str | None:
    if envelope.holds == "unknown":
        return envelope.problem
    if envelope.holds == "contacts" and envelope.event_type != f"enrichment.{said.status}":
        return said.reason  # a completed one whose contacts cannot be read
    if envelope.holds == "contacts" and said.lead_id is None and said.domain is None:
        return "it names no lead: have Clay send lead_id, or the company's domain, with the result"
    return None


def _of_leads(conn: psycopg.Connection, results: Sequence[Result], workspace: str | None) -> list[Result]:
    """The results with their leads: by lead_id, else by domain in the workspace that the event names or falls to."""
    asking = [result for result in results if result.problem is None and _names_lead(result.said)]
    asked = [
        Asked(
            result.drop.drop_id,
            _uuid(result.said.lead_id),
            _domain(result.said.domain) if result.said.lead_id is None else None,
            result.drop.workspace_id,
            read_envelope(VENDOR, result.drop.body or b"").workspace is not None,
        )
        for result in asking
    ]
    found = enrichments.leads_of_results(conn, VENDOR, asked, workspace)
    return [
        replace(result, lead=found[result.drop.drop_id])
        if result.drop.drop_id in found
        else (replace(result, problem=_unknown(result, workspace)) if result in asking else result)
        for result in results
    ]


def _names_lead(said: ContactResult) -> bool:
    return said.lead_id is not None or said.domain is not None


def _unknown(result: Result, workspace: str | None) -> str:
    said = result.said
    if said.lead_id is not None:
        return f"no lead {said.lead_id[:60]!r}. Have Clay send back the lead_id that it was given, then retry."
    if result.drop.workspace_id is None and workspace is None:
        return "it names no lead_id and no workspace: set WEBHOOK_WORKSPACE, or have Clay send lead_id, then retry"
    return f"no lead with the domain {(said.domain or '')[:60]!r} in its workspace. Have Clay send lead_id, then retry."


def _uuid(text: str | None) -> str | None:
    try:
        return None if text is None else str(UUID(text.strip()))
    except ValueError:
        return None


def _domain(text: str | None) -> str | None:
    """The registrable domain, as leads have it."""
    if text is None:
        return None
    domain = normalise_websites(pd.Series([text], dtype="str"))["domain"].iloc[0]
    return None if pd.isna(domain) else str(domain)
