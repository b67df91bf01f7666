"""A day's decisions as they were kept: candidates with the sales beside them, and sales that were not charged right.

Reads only. What a row of candidates means is `domain.evidence`' business.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import psycopg

from lead_pipeline.domain.candidates import Campaign, campaign_of
from lead_pipeline.domain.evidence import Row
from lead_pipeline.store.bulk import fetch_frame

_AT_ONCE = 5000
_DECIDED = """
SELECT c.lead_id::text, c.set_id, l.state, c.local_time, c.outcome, c.decided, c.flags, c.observed, CASE
    WHEN c.outcome <> 'assigned' THEN '{}' ELSE ARRAY(
        SELECT a.destination_id::text FROM core.lead_assignments a
        WHERE a.lead_id = c.lead_id AND a.destination_kind = 'buyer' ORDER BY a.seq
    ) END
FROM core.assignment_candidates c JOIN market.campaign_leads l USING (lead_id)
WHERE c.decided_at >= %(day)s::date AND c.decided_at < %(day)s::date + 1
"""
_WRONG_CHARGES = """
WITH sold AS (
    SELECT lead_id, destination_id AS buyer_id, price_minor FROM core.lead_assignments
    WHERE destination_kind = 'buyer' AND decided_at >= %(day)s::date AND decided_at < %(day)s::date + 1
), charged AS (
    SELECT e.lead_id, e.buyer_id, -sum(p.amount_minor) AS amount_minor
    FROM market.ledger_entries e JOIN market.ledger_postings p USING (entry_id)
    JOIN market.ledger_accounts a ON a.account_id = p.account_id AND a.kind = 'wallet' AND a.buyer_id = e.buyer_id
    WHERE e.kind = 'charge' AND e.occurred_at >= %(day)s::date AND e.occurred_at < %(day)s::date + 1
    GROUP BY e.lead_id, e.buyer_id
)
SELECT lead_id::text, buyer_id::text, sold.price_minor, charged.amount_minor
FROM sold FULL JOIN charged USING (lead_id, buyer_id)
WHERE sold.price_minor IS DISTINCT FROM charged.amount_minor
ORDER BY lead_id, buyer_id
"""


@dataclass(frozen=True)
class Decided:
    """One round of one lead, as kept, and the buyers (ids, by seq) who have it in core.lead_assignments."""

    lead_id: str
    set_id: int
    row: Row
    buyers: list[str]


def decided_on(conn: psycopg.Connection, day: date) -> Iterator[list[Decided]]:
    """Every row of candidates that was decided on a UTC day, in chunks, in no order. Within a transaction."""
    with conn.cursor(name="decided") as cursor:
        cursor.execute(_DECIDED, {"day": day})
        while rows := cursor.fetchmany(_AT_ONCE):
            yield [Decided(lead_id, set_id, Row(*kept), buyers) for lead_id, set_id, *kept, buyers in rows]


def campaigns_of_sets(conn: psycopg.Connection, ids: Sequence[int]) -> dict[int, Campaign]:
    """The campaigns as they were in these sets, by set id."""
    rows = conn.execute("SELECT set_id, rules, members FROM market.candidate_sets WHERE set_id = ANY(%s)", [list(ids)])
    return {set_id: campaign_of(rules, members) for set_id, rules, members in rows}


def wrong_charges(conn: psycopg.Connection, day: date) -> pd.DataFrame:
    """Sales and charges of a UTC day that are not each other's: lead_id, buyer_id, price_minor, amount_minor."""
    return fetch_frame(conn, _WRONG_CHARGES, {"day": day})
