"""Leads of a day to their contacts: plan, claim, ask Clay, commit. One failing lead never fails the others.

Questions are under way all the time, and an answer is lasting as soon as it is committed: a run that is killed asks
again what was under way. Whichever answer comes first completes a lead, this one or a webhook (`settle_contacts`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

import psycopg

from lead_pipeline.steps.ask_clay import (
    CONTACTS,
    VERIFICATION,
    Answered,
    Question,
    addresses_in,
    ask_clay,
    send_to_clay,
    verification_key,
)
from lead_pipeline.steps.contact_outcomes import Outcome, commit_outcomes
from lead_pipeline.steps.keep_asking import keep_asking
from lead_pipeline.steps.plan_enrichment import plan_day, plan_lead
from lead_pipeline.steps.run import Run
from lead_pipeline.store import enrichments
from lead_pipeline.store.connections import connect
from lead_pipeline.store.enrichment_claims import Claims, Which, mark_sent
from lead_pipeline.store.vendor_answers import VendorAnswer, keep_answers, kept_answers
from lead_pipeline.vendors.clay import Clay

VENDOR = "clay"
_TOLD_EVERY = 100
Mode = Literal["direct", "webhook"]
Progress = Callable[[int, int], None]


def sent_by(mode: Mode, answer_seconds: float, now: datetime) -> datetime | None:
    """When a lead must have been sent for its webhook to be overdue `now`; None where no webhook is waited for."""
    return now - timedelta(seconds=answer_seconds) if mode == "webhook" else None


def enrich_leads(
    url: str,
    vendor: Clay,
    day: date,
    run: Run,
    *,
    concurrency: int,
    retry_failed: bool = True,
    lead_id: str | None = None,
    mode: Mode = "direct",
    answer_seconds: float = 900,
    progress: Progress = lambda done, of: None,
) -> dict[str, int]:
    """Enrich every lead that DataShopper brought on a day; with `retry_failed`, ones that failed before too.

    With `lead_id` just that lead of the day, of any source and whatever became of it before, unless it is completed.
    In mode `webhook` a lead is sent once and waits for Clay's webhook, `answer_seconds` long, before it is asked about
    directly. Returns how many leads of the day are pending, completed, skipped and failed.

    Raises VendorRefused where Clay refuses the key, and CircuitOpen where it has failed for a while: what is answered
    is committed, the other leads wait on.
    """
    with connect(url) as conn:
        if lead_id is not None:
            plan_lead(conn, VENDOR, day, run, lead_id)
        else:
            plan_day(conn, VENDOR, day, run, retry_failed=retry_failed)
    with connect(url, autocommit=True) as conn:
        waiting = enrichments.enrichment_counts(conn, VENDOR, day).get("pending", 0)
        asking = _Asking(conn, Claims(conn, VENDOR, day, lead_id), run, _told(progress, waiting))
        overdue = sent_by(mode, answer_seconds, run.clock())
        if overdue is not None:
            asking.go_on("unsent", partial(send_to_clay, vendor), asking.note_sent, concurrency)
        which: Which = "pending" if overdue is None else "overdue"
        asking.go_on(which, partial(ask_clay, vendor), asking.settle, concurrency, overdue)
        return enrichments.enrichment_counts(conn, VENDOR, day)


@dataclass
class _Asking:
    """One session that claims leads, hands out questions and commits what they came to."""

    conn: psycopg.Connection
    claims: Claims
    run: Run
    tell: Callable[[int], None]

    def go_on(
        self,
        which: Which,
        ask: Callable[[Question], Answered],
        commit: Callable[[Sequence[Answered]], None],
        concurrency: int,
        overdue: datetime | None = None,
    ) -> None:
        """Ask about all leads of a kind until none is left that nobody else has under way."""

        def claim(limit: int) -> list[Question]:
            return self._questions(self.claims.take(which, limit, sent_by=overdue))

        def finish(answers: Sequence[Answered]) -> None:
            with self.conn.transaction():
                commit(answers)
            # One that is not settled stays claimed: this run does not ask about it again.
            self.claims.release(one.lead.lead_id for one in answers if not one.is_final)
            self.tell(len(answers))

        keep_asking(
            claim, ask, finish, concurrency=concurrency, why_stop=lambda one: one.error if one.is_final else None
        )

    def note_sent(self, answers: Sequence[Answered]) -> None:
        """Leads that Clay has taken wait for its webhook; the others fail."""
        taken = [one.lead.lead_id for one in answers if one.error is None]
        enrichments.lock_states(self.conn, VENDOR, taken)
        mark_sent(self.conn, VENDOR, taken, self.run.clock())
        self.settle([one for one in answers if one.error is not None])

    def settle(self, answers: Sequence[Answered]) -> None:
        """Keep every answer, and close the enrichments that no webhook has closed meanwhile."""
        drops = self._keep(answers)
        states = enrichments.lock_states(self.conn, VENDOR, [one.lead.lead_id for one in answers])
        commit_outcomes(
            self.conn,
            VENDOR,
            [
                Outcome(one.lead.lead_id, "completed", None, one.people, drops[one.lead.lead_id])
                if one.error is None
                else Outcome(one.lead.lead_id, "failed", str(one.error), (), None)
                for one in answers
                if _counts(one, states.get(one.lead.lead_id))
            ],
            self.run,
        )

    def _questions(self, leads: Sequence[enrichments.Waiting]) -> list[Question]:
        """The leads with the answers about them that are kept: those of a run that did not come to an end."""
        found = kept_answers(self.conn, vendor=VENDOR, event=CONTACTS, keys=[lead.lead_id for lead in leads])
        contacts = {lead_id: body for lead_id, (_, body) in found.items()}
        keys = [
            verification_key(lead_id, address) for lead_id, body in contacts.items() for address in addresses_in(body)
        ]
        verdicts = kept_answers(self.conn, vendor=VENDOR, event=VERIFICATION, keys=keys)
        kept = {(CONTACTS, lead_id): body for lead_id, body in contacts.items()}
        kept |= {(VERIFICATION, key): body for key, (_, body) in verdicts.items()}
        return [
            Question(lead, {key: body for key, body in kept.items() if key[1].startswith(lead.lead_id)})
            for lead in leads
        ]

    def _keep(self, answers: Sequence[Answered]) -> dict[str, int]:
        """Keep what is new. Returns lead id to the drop of the contacts that it was answered by."""
        now, day, run_id = self.run.clock(), self.claims.day, self.run.run_id
        kept = keep_answers(
            self.conn,
            [
                VendorAnswer(VENDOR, event, key, one.lead.workspace_id, day, now, body, run_id, one.lead.lead_id)
                for one in answers
                for (event, key), body in one.new.items()
            ],
        )
        earlier = [
            one.lead.lead_id for one in answers if one.error is None and (CONTACTS, one.lead.lead_id) not in one.new
        ]
        known = kept_answers(self.conn, vendor=VENDOR, event=CONTACTS, keys=earlier)
        drops = {external_id.removeprefix(f"{CONTACTS}/"): drop_id for (_, external_id), drop_id in kept.items()}
        return drops | {lead_id: drop_id for lead_id, (drop_id, _) in known.items()}


def _counts(one: Answered, state: str | None) -> bool:
    """A completed lead stays; an answer completes any other; an error fails only one that is pending."""
    return not one.is_final and state not in (None, "completed") and (one.error is None or state == "pending")


def _told(progress: Progress, of: int) -> Callable[[int], None]:
    """Tell of leads that are done with, now and then."""
    done = 0

    def tell(more: int) -> None:
        nonlocal done
        before, done = done, done + more
        if before // _TOLD_EVERY != done // _TOLD_EVERY or done == of:
            progress(done, of)

    return tell
