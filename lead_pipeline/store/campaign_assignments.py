"""Buyers' rows of `core.lead_assignments`, and what became of the leads that are offered: `market.campaign_leads`.

Written in the transaction that decides, with the seller's row locked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd
import psycopg

from lead_pipeline.store.bulk import array_literal, copy_frame


def insert_buyer_assignments(
    conn: psycopg.Connection, sold: pd.DataFrame, versions: Mapping[str, int], *, run_id: str, now: datetime
) -> None:
    """Insert sales, columns lead_id, campaign_id, buyer_id, seq, price_minor, reason; `versions` by campaign id."""
    copy_frame(
        conn,
        "core.lead_assignments",
        pd.DataFrame(
            {
                "lead_id": sold["lead_id"].array,
                "destination_kind": "buyer",
                "seq": sold["seq"].array,
                "destination_id": sold["buyer_id"].array,
                "rule_set_version": [versions[campaign_id] for campaign_id in sold["campaign_id"].array],
                "price_minor": sold["price_minor"].array,
                "reason": sold["reason"].array,
                "run_id": run_id,
                "decided_at": now.isoformat(),
            }
        ),
    )


def standing_of(conn: psycopg.Connection, lead_ids: Sequence[str]) -> tuple[int, dict[str, str]]:
    """How many of these leads are offered, and the outcome of those that were decided before, by lead id."""
    row = conn.execute(
        """
        SELECT count(*), coalesce(array_agg(lead_id::text) FILTER (WHERE outcome IS NOT NULL), '{}'),
            coalesce(array_agg(outcome) FILTER (WHERE outcome IS NOT NULL), '{}')
        FROM market.campaign_leads WHERE lead_id = ANY(%s::uuid[])
        """,
        [array_literal(lead_ids)],
    ).fetchone()
    assert row is not None
    return row[0], dict(zip(row[1], row[2], strict=True))


def save_outcomes(conn: psycopg.Connection, considered: pd.DataFrame, now: datetime) -> None:
    """Write what became of leads, columns lead_id and outcome; `now` also where it is what it was."""
    for outcome in considered["outcome"].unique():
        conn.execute(
            "UPDATE market.campaign_leads SET outcome = %s, decided_at = %s WHERE lead_id = ANY(%s::uuid[])",
            [outcome, now, array_literal(considered["lead_id"][considered["outcome"] == outcome])],
        )
