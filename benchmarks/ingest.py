"""Suppliers' leads at 16 connections: kept, validated, scored, and sold and charged before the answer.

Once to a seller's campaigns with all their bounds, and once to a workspace that only routes. The service is a process
of its own, and so is the load.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.bench import ROOT, WORKSPACE, Bench, middle
from benchmarks.figures import Figure
from benchmarks.sales import make_market
from lead_pipeline.steps.keys import create_key
from lead_pipeline.store.connections import connect
from lead_pipeline.store.suppliers import save_supplier
from lead_pipeline.store.workspaces import save_workspace, workspace_id

CAMPAIGNS, CONNECTIONS, ROUNDS, LEADS, WARM_UP = 5, 16, 3, 1500, 300
"""As many campaigns as there are logics, 50 buyers each."""
SELLER = "sales-0"
MOST_P95_MS = 100


def run(bench: Bench) -> list[Figure]:
    """Medians of the rounds. At the end every charge is an assignment, and every lead was decided."""
    with bench.database("ingest", rules=20) as url:
        keys, campaigns = _make(url)
        with _service(bench, url) as (address, pid):
            sold = _rounds(bench, address, pid, keys[SELLER], campaigns, "all", first=0)
        with _service(bench, url) as (address, pid):
            routed = _rounds(bench, address, pid, keys[WORKSPACE], ["c"], "all", first=1_000_000)
        with connect(url, autocommit=True) as conn:
            undecided, unpaid, outcomes = _proof(conn)
    bench.console.print(f"  {outcomes}")
    return [
        *_figures("supplier lead sold", sold),
        *_figures("supplier lead routed", routed),
        Figure("supplier leads undecided, or sold and not charged", undecided + unpaid, "leads", 0),
    ]


def _figures(name: str, rounds: list[dict[str, Any]]) -> list[Figure]:
    def of(key: str) -> float:
        return middle([one[key] for one in rounds])

    return [
        Figure(f"{name}, p50 at {CONNECTIONS} connections", of("p50_ms"), "ms"),
        Figure(f"{name}, p95 at {CONNECTIONS} connections", of("p95_ms"), "ms", MOST_P95_MS),
        Figure(f"{name}, p99 at {CONNECTIONS} connections", of("p99_ms"), "ms"),
        Figure(f"{name}, a second", of("per_second"), "leads/s"),
        Figure(f"{name}, processor time of the service", of("cpu_ms"), "ms/lead"),
    ]


def _make(url: str) -> tuple[dict[str, str], list[str]]:
    """A supplier's key by workspace, and the campaigns that leads are sent to."""
    now, keys = datetime.now(UTC), {}
    with connect(url, autocommit=True) as conn:
        save_workspace(conn, slug=WORKSPACE, name="Files", plan="pro", country="US")
        campaigns = make_market(conn)[:CAMPAIGNS]
        for slug in (SELLER, WORKSPACE):
            save_supplier(conn, workspace_id=workspace_id(conn, slug), name="s", categories=["all"])
            keys[slug] = create_key(conn, workspace=slug, name="k", scopes=["ingest"], supplier="s", now=now).key
        conn.execute("UPDATE market.categories SET fields = %s", [json.dumps(_FIELDS)])
    return keys, campaigns


_FIELDS = [
    {"name": "email", "type": "email", "required": True},
    {"name": "phone", "type": "phone", "required": True},
    {"name": "age", "type": "number", "min": 18, "max": 120},
    {"name": "coverage", "type": "text"},
]


def _rounds(
    bench: Bench, address: str, pid: int, key: str, campaigns: list[str], category: str, *, first: int
) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = []
    for count in (WARM_UP, *[LEADS] * ROUNDS):
        begun = _cpu_seconds(pid)
        one = bench.child(
            "child_ingest_load", address, key, ",".join(campaigns), category, str(first), str(count), str(CONNECTIONS)
        )
        first += count
        assert one["statuses"] == {"201": count}, one["statuses"]
        done.append({**one, "cpu_ms": 1000 * (_cpu_seconds(pid) - begun) / count})
        bench.console.print(
            f"  {one['per_second']:,.0f}/s, p50 {one['p50_ms']:.1f} ms, p95 {one['p95_ms']:.1f} ms, "
            f"p99 {one['p99_ms']:.1f} ms, {done[-1]['cpu_ms']:.2f} ms of the processor a lead"
        )
    return done[1:]


def _proof(conn: psycopg.Connection) -> tuple[int, int, dict[str, int]]:
    """Leads without an outcome, sales without a charge or the other way round, and leads by outcome."""
    row = conn.execute(
        """
        SELECT (SELECT count(*) FROM market.campaign_leads WHERE outcome IS NULL),
            (SELECT count(*) FROM core.lead_assignments a
            FULL JOIN market.ledger_entries e ON e.kind = 'charge' AND e.lead_id = a.lead_id
                AND e.buyer_id = a.destination_id
            WHERE coalesce(a.destination_kind, 'buyer') = 'buyer' AND coalesce(e.kind, 'charge') = 'charge'
                AND (a.lead_id IS NULL OR e.entry_id IS NULL))
        """
    ).fetchone()
    assert row is not None
    outcomes = conn.execute("SELECT outcome, count(*) FROM market.campaign_leads GROUP BY 1 ORDER BY 1").fetchall()
    return row[0], row[1], dict(outcomes)


@contextmanager
def _service(bench: Bench, url: str) -> Iterator[tuple[str, int]]:
    """Its address and its process id."""
    command = [sys.executable, "-m", "benchmarks.child_intake", url, "s" * 64, WORKSPACE]
    environment = {**os.environ, "INGEST_PER_MINUTE": "1000000", "LEAD_PIPELINE_VAR": str(bench.folder / "var")}
    with (
        (bench.folder / "intake.log").open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield json.loads(child.stdout.readline())["url"], child.pid
        finally:
            child.stdin.close()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
