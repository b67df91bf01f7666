"""A hundred thousand offered leads decided, charged and committed, and the same function with a transaction a lead.

All five logics; caps, states, hours, limits and wallets are in force: see `sales`. The ledger is verified afterwards.
"""

import time
from dataclasses import dataclass, field

import psycopg

from benchmarks.bench import Bench, middle
from benchmarks.figures import Figure
from benchmarks.sales import CAMPAIGNS, MEMBERS, NOW, make_market, offer_leads
from lead_pipeline.steps.check_distribution import replay_candidates, uncharged_sales
from lead_pipeline.steps.distribute import distribute_leads
from lead_pipeline.steps.distribute_waiting import distribute_waiting
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.verify_ledger import verify
from lead_pipeline.store.bulk import fetch_frame
from lead_pipeline.store.connections import connect

LEADS, ALONE, ROUNDS = 100_000, 500, 3
_RUN = Run("benchmark", lambda: NOW)
_OFFERED = """
SELECT lead_id::text, workspace_id::text, campaign_id::text, state FROM market.campaign_leads
WHERE outcome IS NULL ORDER BY lead_id
"""
_BYTES = """
SELECT pg_total_relation_size('core.assignment_candidates')::float8 / count(*) FROM core.assignment_candidates
"""


@dataclass
class _Measured:
    """Wall and processor seconds of each round; of the last one, seconds of a lead alone and bytes of candidates."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    alone: float = 0.0
    octets: float = 0.0


def run(bench: Bench) -> list[Figure]:
    """The leads are offered beforehand; finding them, deciding, charging and committing are measured."""
    one, four = _measure(bench, sellers=1), _measure(bench, sellers=4)
    together, name = middle(one.seconds), f"{LEADS:,} leads to {CAMPAIGNS * MEMBERS:,} buyers in {CAMPAIGNS} campaigns"
    return [
        Figure(f"{name}: decided, charged, committed", together, "s", LEADS / 20_000),
        Figure(f"{name}, leads a second", LEADS / together, "1/s"),
        Figure(f"{name}, of it processor time of Python", middle(one.processor), "s"),
        Figure(f"{name} of four sellers, two at a time", middle(four.seconds), "s", LEADS / 20_000),
        Figure(f"{name} against one transaction a lead", together / LEADS / one.alone, "x", 0.1),
        Figure("one lead decided, charged and committed by itself", one.alone * 1000, "ms"),
        Figure(f"candidates kept, {MEMBERS} buyers a lead", one.octets, "bytes", 1024),
    ]


def _measure(bench: Bench, *, sellers: int) -> _Measured:
    measured = _Measured()
    for turn in range(ROUNDS):
        with bench.database(f"distribution_{turn}", rules=0) as url, connect(url, autocommit=True) as conn:
            with conn.transaction():
                campaigns = make_market(conn, sellers)
                offer_leads(conn, campaigns, LEADS, drop_id=1)
            conn.execute("VACUUM ANALYZE")
            conn.execute("CHECKPOINT")
            begin, used = time.perf_counter(), time.process_time()
            sales = distribute_waiting(url, _RUN)["sales"]
            measured.seconds.append(time.perf_counter() - begin)
            measured.processor.append(time.process_time() - used)
            bench.console.print(
                f"  {sellers} sellers, round {turn + 1} of {ROUNDS}: {measured.seconds[-1]:.2f} s, {sales:,} sales"
            )
            if turn + 1 == ROUNDS:
                measured.octets = _one(conn, _BYTES)
                measured.alone = _one_by_one(conn, campaigns)
                _prove(url)
    return measured


def _one_by_one(conn: psycopg.Connection, campaigns: list[str]) -> float:
    """Seconds a lead where each has a transaction of its own."""
    offer_leads(conn, campaigns, ALONE, drop_id=2)
    leads = fetch_frame(conn, _OFFERED)
    begin = time.perf_counter()
    for row in range(len(leads)):
        with conn.transaction():
            distribute_leads(conn, leads.iloc[[row]], _RUN)
    return (time.perf_counter() - begin) / len(leads)


def _prove(url: str) -> None:
    """What was measured is right: the ledger adds up, sales are charged, every decision can be replayed."""
    verify(url)
    _, otherwise = replay_candidates(url, NOW.date())
    if otherwise or len(uncharged_sales(url, NOW.date())):
        raise RuntimeError(f"{len(otherwise)} decisions come out otherwise, or sales are not charged")


def _one(conn: psycopg.Connection, query: str) -> float:
    row = conn.execute(query).fetchone()
    assert row is not None
    return float(row[0])
