"""The rounds in which a lead was decided, with the set that it was decided among. Reads only, as the owner.

What the bytes of a round mean is `domain.evidence`'s.
"""

from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.domain.candidates import Campaign, campaign_of
from lead_pipeline.domain.evidence import Row


@dataclass(frozen=True)
class DecisionRound:
    """One decision of a lead: the row as it was kept, and the campaign as it was then."""

    number: int
    decided_at: datetime
    row: Row
    campaign: Campaign


def rounds_of(conn: psycopg.Connection, workspace_id: str, lead_id: str | None) -> list[DecisionRound]:
    """The rounds of a lead of that seller, the first one first; none for an id that is none."""
    rows = conn.execute(
        """
        SELECT a.round, a.decided_at, l.state, a.local_time, a.outcome, a.decided, a.flags, a.observed,
            s.rules, s.members
        FROM core.assignment_candidates a
        JOIN market.campaign_leads l USING (lead_id) JOIN market.candidate_sets s USING (set_id)
        WHERE a.lead_id = %s AND l.workspace_id = %s ORDER BY a.round
        """,
        [lead_id, workspace_id],
    ).fetchall()
    return [
        DecisionRound(number, decided_at, Row(state, local, outcome, decided, flags, observed), campaign_of(*document))
        for number, decided_at, state, local, outcome, decided, flags, observed, *document in rows
    ]


def buyer_names(conn: psycopg.Connection, buyer_ids: list[str]) -> dict[str, str]:
    """Buyer id to name, of deleted ones too."""
    rows = conn.execute("SELECT buyer_id::text, name FROM market.buyers WHERE buyer_id = ANY(%s::uuid[])", [buyer_ids])
    return dict(rows.fetchall())
