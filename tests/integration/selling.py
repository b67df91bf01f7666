"""Leads offered to campaigns by SQL, decided by the step; and what the tables then say. Holds no test."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import psycopg

from lead_pipeline.domain.identity import lead_ids
from lead_pipeline.steps.distribute import distribute_leads
from lead_pipeline.steps.run import Run
from lead_pipeline.store.bulk import copy_frame

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
"""A Wednesday, noon in UTC."""
PRICE = 2500
LOGICS = ("ROUND_ROBIN", "WEIGHTED_ROUND_ROBIN", "WATERFALL", "BROADCAST", "TARGET_WEIGHTED")
BOOKS = {
    "sold": "SELECT lead_id, destination_id, seq, price_minor, rule_set_version, reason FROM core.lead_assignments "
    "WHERE destination_kind = 'buyer' ORDER BY lead_id, seq",
    "considered": "SELECT c.lead_id, round, s.rules, s.members, c.outcome, c.decided, c.flags, c.observed "
    "FROM core.assignment_candidates c JOIN market.candidate_sets s USING (set_id) ORDER BY lead_id, round",
    "charged": "SELECT lead_id, buyer_id FROM market.ledger_entries WHERE kind = 'charge' ORDER BY entry_id",
    "balances": "SELECT kind, buyer_id, balance_minor FROM market.ledger_accounts ORDER BY kind, buyer_id",
    "days": "SELECT subscription_id, day, leads FROM market.subscription_days ORDER BY 1, 2",
    "spending": "SELECT buyer_id, period, starts_on, spent_minor FROM market.spending ORDER BY 1, 2, 3",
    "turns": "SELECT campaign_id, state, decided FROM market.rotations ORDER BY 1",
    "leads": "SELECT lead_id, outcome FROM market.campaign_leads ORDER BY 1",
}


def run_at(now: datetime = NOW, run_id: str = "test") -> Run:
    return Run(run_id, lambda: now)


def offer(
    conn: psycopg.Connection,
    campaigns: str | Sequence[str],
    states: Iterable[str] = ("CA",),
    *,
    received_at: datetime = NOW - timedelta(minutes=1),
    first: int = 0,
) -> pd.DataFrame:
    """A lead per state, in turn to the campaigns; ids by `first` and the time. What `distribute_leads` takes."""
    wanted, places = ([campaigns] if isinstance(campaigns, str) else list(campaigns)), list(states)
    known = {
        campaign: conn.execute(
            "SELECT workspace_id::text, category_id::text FROM market.campaigns WHERE campaign_id = %s", [campaign]
        ).fetchone()
        for campaign in wanted
    }
    numbers = range(first, first + len(places))
    ids = lead_ids(int(received_at.timestamp() * 1000), 1, pd.Series(numbers, dtype="int64").to_numpy())
    rows = pd.DataFrame(
        [
            {"lead_id": lead_id, "workspace_id": known[campaign][0], "campaign_id": campaign,
             "category_id": known[campaign][1], "state": state}
            for lead_id, number, state in zip(ids, numbers, places, strict=True)
            for campaign in [wanted[number % len(wanted)]]
        ]
    )  # fmt: skip
    copy_frame(
        conn,
        "market.campaign_leads",
        rows.assign(
            supplier_quality="HOT", lead_score=50, score_parts="{}",
            received_at=received_at.isoformat(), day=received_at.date().isoformat(),
        ),
    )  # fmt: skip
    return rows.drop(columns="category_id")


def sell(conn: psycopg.Connection, leads: pd.DataFrame, run: Run | None = None) -> pd.DataFrame:
    """Decide offered leads in one transaction."""
    with conn.transaction():
        return distribute_leads(conn, leads, run or run_at())


def books(conn: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that a decision writes, but when and by whom."""
    return {name: conn.execute(query).fetchall() for name, query in BOOKS.items()}


def buyers_of(conn: psycopg.Connection) -> list[str]:
    """The names of the buyers who got leads, in the order of the leads."""
    rows = conn.execute(
        "SELECT b.name FROM core.lead_assignments a JOIN market.buyers b ON b.buyer_id = a.destination_id "
        "WHERE a.destination_kind = 'buyer' ORDER BY a.lead_id, a.seq"
    )
    return [name for (name,) in rows]


def assert_books_agree(conn: psycopg.Connection) -> None:
    """Postings sum to zero and give the balances, none is negative, charges are the sales, counters count them."""
    assert (
        []
        == conn.execute(
            "SELECT entry_id FROM market.ledger_postings GROUP BY entry_id HAVING sum(amount_minor) <> 0"
        ).fetchall()
    )
    assert (
        []
        == conn.execute(
            "SELECT account_id FROM market.ledger_accounts a LEFT JOIN market.ledger_postings p USING (account_id) "
            "GROUP BY account_id HAVING a.balance_minor <> coalesce(sum(p.amount_minor), 0) "
            "OR a.kind = 'wallet' AND a.balance_minor < 0"
        ).fetchall()
    )
    charged = conn.execute(
        "SELECT e.lead_id, e.buyer_id, -p.amount_minor FROM market.ledger_entries e "
        "JOIN market.ledger_postings p USING (entry_id) WHERE e.kind = 'charge' AND p.line = 1 ORDER BY 1, 2"
    ).fetchall()
    sold = conn.execute(
        "SELECT lead_id, destination_id, price_minor FROM core.lead_assignments WHERE destination_kind = 'buyer' "
        "ORDER BY 1, 2"
    ).fetchall()
    assert sold == charged
    total = sum(price for *_, price in sold)
    for period in ("week", "month"):
        assert [(total,)] == conn.execute(
            "SELECT coalesce(sum(spent_minor), 0)::bigint FROM market.spending WHERE period = %s", [period]
        ).fetchall()
    assert [(len(sold),)] == conn.execute(
        "SELECT coalesce(sum(leads), 0)::bigint FROM market.subscription_days"
    ).fetchall()
