"""What was found about a lead, in one transaction: look-ups, persons, links, and the message to the CRM.

Where nobody was found, the enrichment fails in that transaction. Sends nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

import psycopg

from lead_pipeline.domain.crm_message import Found, message_text, same_person
from lead_pipeline.domain.masking import mask_cpf
from lead_pipeline.steps.crm_chain import Chain
from lead_pipeline.steps.look_up_parties import LookedUp, Person
from lead_pipeline.steps.plan_parties import id_of, lead_digest
from lead_pipeline.steps.run import Run
from lead_pipeline.store import crm_messages
from lead_pipeline.store.parties import Lookup, Party, save_lookups, save_parties
from lead_pipeline.store.party_enrichments import Due, note_lookups, settle


def save_found(conn: psycopg.Connection, chain: Chain, due: Due, run: Run, found: LookedUp) -> list[str]:
    """Commit it. Returns what there is to tell, without personal data."""
    is_same = same_person(found.answers)
    with conn.transaction():
        save_lookups(conn, due.enrichment_id, found.lookups)
        note_lookups(
            conn, due.enrichment_id, same_person=is_same, off=sorted(chain.off), used=found.used, now=run.clock()
        )
        if found.failure is None:
            parties = [_party(chain, due, person, found) for person in found.people]
            save_parties(conn, due.enrichment_id, due.workspace_id, parties, run.clock())
            _intend(conn, chain, due, run, found)
        else:
            settle(conn, due.enrichment_id, found.failure, now=run.clock(), run_id=run.run_id)
    return _skipped(found.lookups) + (["same person by phone and e-mail"] if is_same else [])


def _party(chain: Chain, due: Due, person: Person, found: LookedUp) -> Party:
    seal, cpf = chain.seal, person.record.cpf
    return Party(
        party_id=id_of(seal.digest("\x1f".join(("party", due.workspace_id, cpf)))),
        cpf_digest=seal.digest("\x1f".join(("cpf", cpf))),
        cpf_masked=mask_cpf(cpf),
        person_sealed=seal.seal(json.dumps(asdict(person.record), ensure_ascii=False).encode()),
        answer_drop_id=person.answer_drop_id,
        found_by=sorted({answer.kind for answer in found.answers if answer.cpf == cpf}),
    )


def _intend(conn: psycopg.Connection, chain: Chain, due: Due, run: Run, found: LookedUp) -> None:
    records = [person.record for person in found.people]
    people = [Found(one.cpf, mask_cpf(one.cpf), one.name, next(iter(one.cities), None)) for one in records]
    is_change = crm_messages.has_message(conn, due.workspace_id, due.crm_lead_id)
    text = message_text(people, found.answers, is_change=is_change)
    about = "\x1f".join(("message", due.enrichment_id))
    crm_messages.intend(
        conn,
        due.enrichment_id,
        workspace_id=due.workspace_id,
        crm_lead_id=due.crm_lead_id,
        reference=id_of(lead_digest(chain.seal, due.workspace_id, due.crm_lead_id, about)),
        body_sealed=chain.seal.seal(text.encode()),
        now=run.clock(),
    )


def _skipped(lookups: Sequence[Lookup]) -> list[str]:
    reasons = [one.reason.partition(":") for one in lookups if one.found is None and one.reason is not None]
    return [
        f"skipping fake e-mail ({pattern})" if what == "fake_email" else f"skipping {what.replace('_', ' ')}"
        for what, _, pattern in reasons
    ]
