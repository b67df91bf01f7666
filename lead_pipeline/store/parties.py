"""`core.parties`, `core.party_links` and `core.contact_lookups`: whom the contacts of an enrichment belong to.

Takes CPFs and persons sealed, digested or masked; nothing here sees them in clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg


@dataclass(frozen=True)
class Lookup:
    """A contact: looked up (`reason` None, or why the vendor refused it), or skipped with the reason (`found` None)."""

    contact_no: int
    kind: str
    contact_masked: str
    reason: str | None
    found: bool | None
    answer_drop_id: int | None


@dataclass(frozen=True)
class Party:
    """A person and the kinds of contact that led to it."""

    party_id: str
    cpf_digest: bytes
    cpf_masked: str
    person_sealed: bytes
    answer_drop_id: int
    found_by: Sequence[str]


def save_lookups(conn: psycopg.Connection, enrichment_id: str, lookups: Sequence[Lookup]) -> None:
    """Insert what became of each contact; what is there already stays."""
    rows = [
        (
            enrichment_id, one.contact_no, one.kind, one.contact_masked,
            "skipped" if one.found is None else "asked", one.reason, one.found, one.answer_drop_id,
        )
        for one in lookups
    ]  # fmt: skip
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO core.contact_lookups (enrichment_id, contact_no, kind, contact_masked, verdict, reason, found,
                answer_drop_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            rows,
        )


def save_parties(
    conn: psycopg.Connection, enrichment_id: str, workspace_id: str, parties: Sequence[Party], now: datetime
) -> None:
    """Insert persons, or bring known ones up to date, and link them to the enrichment.

    In order of id, so that two processes that save the same persons wait for one another instead of deadlocking.
    """
    for one in sorted(parties, key=lambda party: party.party_id):
        conn.execute(
            """
            INSERT INTO core.parties (party_id, workspace_id, cpf_digest, cpf_masked, person_sealed, answer_drop_id,
                created_at, updated_at)
            VALUES (%(id)s, %(workspace)s, %(digest)s, %(masked)s, %(person)s, %(answer)s, %(now)s, %(now)s)
            ON CONFLICT (party_id) DO UPDATE SET person_sealed = excluded.person_sealed,
                answer_drop_id = excluded.answer_drop_id, updated_at = excluded.updated_at
            """,
            {
                "id": one.party_id, "workspace": workspace_id, "digest": one.cpf_digest, "masked": one.cpf_masked,
                "person": one.person_sealed, "answer": one.answer_drop_id, "now": now,
            },
        )  # fmt: skip
        conn.execute(
            "INSERT INTO core.party_links (enrichment_id, party_id, found_by) VALUES (%s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            [enrichment_id, one.party_id, list(one.found_by)],
        )
