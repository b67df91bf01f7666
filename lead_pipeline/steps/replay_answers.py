"""Contacts and outcomes of enrichments rebuilt from the kept answers and webhooks of Clay, and compared.

Asks nobody. Which of several answers came first is taken from the record, as long as that answer is there; what it
says is read anew. One transaction, nothing in `core` is changed.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from psycopg import IsolationLevel

from lead_pipeline.domain.webhook_rows import ContactResult, contact_result
from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.errors import VendorUnavailable
from lead_pipeline.steps.ask_clay import CONTACTS, VERIFICATION, people_in, verification_key
from lead_pipeline.steps.contact_outcomes import Outcome, contact_rows, outcome_rows
from lead_pipeline.steps.enrich import VENDOR
from lead_pipeline.steps.replay import NAMED, Replayed
from lead_pipeline.steps.settle_contacts import name_primary
from lead_pipeline.store import replay_answers as store
from lead_pipeline.store.comparison import ANSWERED_TABLES, compare
from lead_pipeline.store.connections import connect
from lead_pipeline.store.replay import Chosen
from lead_pipeline.store.replay_answers import KeptAnswer

_FIRST = "00000000-0000-0000-0000-000000000000"


def replay_answers(
    url: str, chosen: Chosen, *, keep: bool = False, progress: Callable[[int, int], None] = lambda done, of: None
) -> Replayed:
    """Rebuild the contacts of the leads of the chosen days. `keep`: leave the schema `replay` there to be looked at.

    `progress` hears of answers read and kept. Raises InProgress while another replay is under way.
    """
    found = Replayed()
    with connect(url) as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        with conn.transaction(force_rollback=not keep):
            kept = store.begin(conn, VENDOR)
            for webhooks in store.kept_webhooks(conn, VENDOR):
                named = [(drop_id, lead_id) for drop_id, body in webhooks if (lead_id := _lead_of(body)) is not None]
                store.note_webhooks(conn, named)
                kept += len(named)
            found.archived_leads = store.choose_leads(conn, VENDOR, chosen)
            after = _FIRST
            while leads := store.next_leads(conn, VENDOR, after):
                after = leads[-1][0]
                outcomes: list[Outcome] = []
                for lead_id, answers in leads:
                    found.drops += len(answers)
                    found.changed += [answer.drop_id for answer in answers if answer.is_as_received is False]
                    outcome = outcome_of(lead_id, answers)
                    if outcome is not None:
                        outcomes.append(outcome)
                    elif deciding := [answer.drop_id for answer in answers if answer.decided]:
                        found.incomplete += deciding
                        store.leave_out(conn, lead_id)
                people = contact_rows(outcomes)
                store.keep_outcomes(conn, VENDOR, outcome_rows(outcomes), people)
                found.rows += len(outcomes) + len(people)
                progress(found.drops, kept)
            found.tables, found.differences = compare(conn, named=NAMED, tables=ANSWERED_TABLES)
    return found


def outcome_of(lead_id: str, answers: Sequence[KeptAnswer]) -> Outcome | None:
    """What became of a lead by the answers about it, in the order in which they came. Pure.

    The answer that is recorded as having decided; where none is, the first that completes. None where it, or a
    verdict on an address that it needs, is not kept.
    """
    outcomes = [outcome for answer in answers if (outcome := _outcome(lead_id, answer, answers)) is not None]
    deciding = {answer.drop_id for answer in answers if answer.decided}
    if deciding:
        return next((outcome for outcome in outcomes if outcome.drop_id in deciding), None)
    return next((outcome for outcome in outcomes if outcome.status == "completed"), None)


def _outcome(lead_id: str, answer: KeptAnswer, answers: Sequence[KeptAnswer]) -> Outcome | None:
    if answer.body is None or answer.event not in (CONTACTS, "webhook"):
        return None
    if answer.event == "webhook":
        said = contact_result(answer.body)
        people = name_primary(said.contacts) if said.status == "completed" else ()
        return Outcome(lead_id, said.status, said.reason, people, answer.drop_id)
    verdicts = {one.external_id: one.body for one in answers if one.body is not None}
    try:
        people = people_in(
            answer.body, lambda address: verdicts[f"{VERIFICATION}/{verification_key(lead_id, address)}"]
        )
    except (KeyError, VendorUnavailable):
        return None
    return Outcome(lead_id, "completed", None, people, answer.drop_id)


def _lead_of(body: bytes) -> str | None:
    """The lead that a result names; a test is about none."""
    said: ContactResult | None = contact_result(body) if read_envelope(VENDOR, body).holds == "contacts" else None
    try:
        return None if said is None or said.lead_id is None else str(UUID(said.lead_id.strip()))
    except ValueError:
        return None
