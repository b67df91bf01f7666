"""What an enrichment becomes, by a direct answer and by a webhook alike, written with its contacts. Decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import psycopg

from lead_pipeline.domain.enrichment import Person
from lead_pipeline.steps.run import Run
from lead_pipeline.store import enrichments


@dataclass(frozen=True)
class Outcome:
    """`status` completed or failed, the latter with its reason. `drop_id`: the answer that decided, None for none."""

    lead_id: str
    status: str
    reason: str | None
    people: tuple[Person, ...]
    drop_id: int | None


def contact_rows(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """The rows of core.lead_contacts, numbered from 1 in each lead."""
    return pd.DataFrame(
        [
            {"lead_id": outcome.lead_id, "contact_no": number, **person.__dict__}
            for outcome in outcomes
            for number, person in enumerate(outcome.people, start=1)
        ]
    )


def outcome_rows(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """lead_id, status, reason, contacts_found, answer_drop_id (Int64)."""
    return pd.DataFrame(
        {
            "lead_id": [outcome.lead_id for outcome in outcomes],
            "status": [outcome.status for outcome in outcomes],
            "reason": [outcome.reason for outcome in outcomes],
            "contacts_found": [len(outcome.people) for outcome in outcomes],
            "answer_drop_id": pd.array([outcome.drop_id for outcome in outcomes], dtype="Int64"),
        }
    )


def commit_outcomes(conn: psycopg.Connection, vendor: str, outcomes: Sequence[Outcome], run: Run) -> None:
    """Write outcomes of locked enrichments, and their contacts, in the caller's transaction."""
    if outcomes:
        enrichments.insert_contacts(conn, contact_rows(outcomes))
        enrichments.settle(conn, vendor, outcome_rows(outcomes), run.clock(), run.run_id)
