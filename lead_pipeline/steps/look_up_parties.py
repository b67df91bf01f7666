"""The contacts of a lead to the persons behind them: each valid contact's CPF, then each CPF's person.

Saves nothing but answers, each sealed and as soon as it is there: after a kill, and in a replay, nobody is asked
again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import pandas as pd
import psycopg

from lead_pipeline.domain.crm import contacts_of, judge_contacts, read_event, used_checks
from lead_pipeline.domain.crm_message import Answered
from lead_pipeline.domain.masking import mask_contact
from lead_pipeline.errors import VendorRefused
from lead_pipeline.steps.crm_chain import KEY_REFUSED, Chain
from lead_pipeline.steps.plan_parties import lead_digest
from lead_pipeline.steps.run import Run
from lead_pipeline.store.drops import read_drop
from lead_pipeline.store.parties import Lookup
from lead_pipeline.store.party_enrichments import Due
from lead_pipeline.store.vendor_answers import keep_answer, kept_answer
from lead_pipeline.vendors.diretrix import read_cpf
from lead_pipeline.vendors.work_api import PersonRecord, read_person

NO_CPF = "Could not find CPF via Diretrix"
NO_PERSON = "Work API knows nobody with the CPF that was found"


class _Answer(Protocol):
    @property
    def body(self) -> bytes: ...


A = TypeVar("A", bound=_Answer)


@dataclass(frozen=True)
class Person:
    """A person and the drop of the answer that told of it."""

    record: PersonRecord
    answer_drop_id: int


@dataclass(frozen=True)
class LookedUp:
    """What came of every contact. `used`: switched-off checks that mattered; `failure`: why nobody was found."""

    lookups: Sequence[Lookup]
    answers: Sequence[Answered]
    people: Sequence[Person]
    used: Sequence[str]
    failure: str | None


@dataclass(frozen=True)
class _Contact:
    lookup: Lookup
    asks: str = field(repr=False)


def look_up(conn: psycopg.Connection, chain: Chain, due: Due, run: Run) -> LookedUp:
    """Ask about the contacts of the event that an enrichment is about.

    Raises as the vendors' clients do where one does not answer or refuses the key; the answers so far are kept.
    """
    frame = contacts_of([read_event(read_drop(conn, due.drop_id).body or b"")])
    judged = judge_contacts(frame, chain.off)
    asking = _Asking(conn, chain, due, run)
    looked_up = [asking.about_contact(contact) for contact in _contacts(frame, judged)]
    answers = [answered for _, answered in looked_up if answered is not None]
    cpfs = list(dict.fromkeys(answer.cpf for answer in answers if answer.cpf is not None))
    people = [person for cpf in cpfs if (person := asking.about_cpf(cpf)) is not None]
    failure = None
    if not people:
        failure = next(map(str, asking.refusals), NO_PERSON if cpfs else NO_CPF)
    return LookedUp([lookup for lookup, _ in looked_up], answers, people, used_checks(judged), failure)


def _contacts(frame: pd.DataFrame, judged: pd.DataFrame) -> list[_Contact]:
    return [
        _Contact(Lookup(number, kind, mask_contact(kind, asks), None if pd.isna(reason) else reason, None, None), asks)
        for number, kind, asks, reason in zip(
            frame["contact_no"].tolist(), frame["kind"], judged["asks"], judged["reason"], strict=True
        )
    ]


class _Asking:
    """The questions about one enrichment. `refusals`: those that a vendor understood and would not answer."""

    def __init__(self, conn: psycopg.Connection, chain: Chain, due: Due, run: Run) -> None:
        self._conn, self._chain, self._due, self._run = conn, chain, due, run
        self.refusals: list[VendorRefused] = []

    def about_contact(self, contact: _Contact) -> tuple[Lookup, Answered | None]:
        """What became of a contact, and the answer about one that was asked about."""
        lookup, diretrix = contact.lookup, self._chain.diretrix
        if lookup.reason is not None:
            return lookup, None
        ask = diretrix.cpf_by_email if lookup.kind == "email" else diretrix.cpf_by_phone
        try:
            drop_id, answer = self._once("diretrix", f"cpf_by_{lookup.kind}", contact.asks, ask, read_cpf)
        except VendorRefused as refusal:
            return replace(lookup, reason=f"refused:{self._status(refusal)}", found=False), None
        found = replace(lookup, found=answer.cpf is not None, answer_drop_id=drop_id)
        return found, Answered(lookup.kind, lookup.contact_masked, answer.cpf)

    def about_cpf(self, cpf: str) -> Person | None:
        """Who has it, None where nobody does."""
        try:
            drop_id, answer = self._once("work_api", "person", cpf, self._chain.work_api.person, read_person)
        except VendorRefused as refusal:
            self._status(refusal)
            return None
        return None if answer.person is None else Person(answer.person, drop_id)

    def _status(self, refusal: VendorRefused) -> int:
        """Go on where it is about one question; not where it is about the key."""
        if refusal.status in KEY_REFUSED:
            raise refusal
        self.refusals.append(refusal)
        return refusal.status

    def _once(
        self, vendor: str, event: str, about: str, ask: Callable[[str], A], read: Callable[[bytes], A]
    ) -> tuple[int, A]:
        """The answer, kept or fresh, and the drop that keeps it sealed."""
        conn, due, seal = self._conn, self._due, self._chain.seal
        key = f"{due.enrichment_id}/{lead_digest(seal, due.workspace_id, due.crm_lead_id, about).hex()[:32]}"
        kept = kept_answer(conn, vendor=vendor, event=event, key=key)
        if kept is not None:
            return kept[0], read(seal.open(kept[1]))
        answer = ask(about)
        drop_id = keep_answer(
            conn, vendor=vendor, event=event, key=key, workspace_id=due.workspace_id, day=due.day,
            received_at=self._run.clock(), body=seal.seal(answer.body), run_id=self._run.run_id,
        )  # fmt: skip
        return drop_id, answer
