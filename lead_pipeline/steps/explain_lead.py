"""Why each buyer got a lead or not: every round of its decision, for the seller whole, for a buyer its own part."""

from dataclasses import dataclass

import psycopg

from lead_pipeline.domain.explanation import Candidate, explain
from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.decision_rounds import DecisionRound, buyer_names, rounds_of


@dataclass(frozen=True)
class ExplainedRound:
    """One round with its candidates, each with its buyer's name."""

    round: DecisionRound
    candidates: list[tuple[Candidate, str]]


def explain_lead(conn: psycopg.Connection, caller: Caller, lead_id: str) -> list[ExplainedRound]:
    """The rounds of a lead; none while it is not decided. The connection acts as the owner: sets hold all buyers.

    A buyer has only those in which it was a candidate, and only itself in them. Raises NotFound where it was in none.
    """
    explained = [
        (one, [candidate for candidate in explain(one.campaign, one.row) if _may_see(caller, candidate)])
        for one in rounds_of(conn, caller.workspace_id, as_uuid(lead_id))
    ]
    if caller.role != "SELLER":
        explained = [(one, candidates) for one, candidates in explained if candidates]
        if not explained:
            raise NotFound(f"you were no candidate for a lead {lead_id!r}. List yours with GET /api/leads.")
    names = buyer_names(conn, sorted({one.buyer_id for _, candidates in explained for one in candidates}))
    return [
        ExplainedRound(one, [(candidate, names.get(candidate.buyer_id, "")) for candidate in candidates])
        for one, candidates in explained
    ]


def _may_see(caller: Caller, candidate: Candidate) -> bool:
    return caller.role == "SELLER" or candidate.buyer_id == caller.buyer_id
