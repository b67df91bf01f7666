"""How much of what Clay's pace allows is used: 5,000 leads, 24 questions at a time, a vendor that takes 50 ms.

Every 25th call takes half a second longer. The vendor's stand-in and the enrichment are processes of their own. The
pace is the one that all processes share, kept in Postgres, and for comparison one that lives in the process.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from benchmarks.bench import ROOT, WORKSPACE, Bench
from benchmarks.figures import Figure
from benchmarks.landing import land_event
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.workspaces import workspace_id

LEADS, FEW, BATCH = 5_000, 1_500, 500
RATE, CONCURRENCY, LATENCY = 150.0, 24, 0.05
SLOW_EVERY, SLOWER = 25, 0.5  # such a call takes so much longer: who waits for it in a group loses
LEAST_SHARE = 0.85  # of the calls that the pace allows
_SANDBOX = """
from lead_pipeline.sandbox.server import serve
serve(port=0, on_ready=lambda url: print(url, flush=True))
"""


def run(bench: Bench) -> list[Figure]:
    """Calls count with the verdicts on addresses; memory is the enriching process's own."""
    shared = _enriched(bench, "shared", LEADS)
    own = _enriched(bench, "own", FEW)
    name = f"enriching {LEADS:,} leads with {LATENCY * 1000:g} ms of latency"
    return [
        Figure(f"{name}, against the time that {RATE:g} calls a second take", _slower(shared), "x", 1 / LEAST_SHARE),
        Figure("the same with a pace of the process's own, 1,500 leads", _slower(own), "x", 1 / LEAST_SHARE),
        Figure(f"{name}, memory at the end against after {BATCH}", shared["rss_end"] / shared["rss_early"], "x", 1.1),
        Figure(f"{name}, calls a second", shared["calls"] / shared["seconds"], "calls/s"),
        Figure(f"{name}, leads a second", LEADS / shared["seconds"], "leads/s"),
    ]


def _slower(told: dict[str, float]) -> float:
    return told["seconds"] / (told["calls"] / RATE)


def _enriched(bench: Bench, pace: str, leads: int) -> dict[str, float]:
    today = datetime.now(UTC).date()
    with bench.database(f"enrichment_{pace}", rules=10) as url, _sandbox() as sandbox:
        with connect(url) as conn:
            owner = workspace_id(conn, WORKSPACE)
            for start in range(0, leads, BATCH):
                batch = [_lead(number) for number in range(start, start + BATCH)]
                land_event(conn, owner, "datashopper", {"event_type": "leads.batch", "leads": batch})
        decide_pending_events(url, today, Run("benchmark"))
        bench.console.print(f"  {leads:,} leads with a pace that is {pace}")
        told = bench.child(
            "child_enrichment", url, sandbox, today.isoformat(), str(RATE), str(CONCURRENCY), pace, str(BATCH)
        )
    assert told["counts"] == {"completed": leads}, told
    return told


def _lead(number: int) -> dict[str, str]:
    company = {"company_name": f"Firm {number}", "website": f"firm{number}.com", "country": "US"}
    return {"full_name": f"Ada {number}", "email": f"ada@firm{number}.com", **company}


@contextmanager
def _sandbox() -> Iterator[str]:
    """A vendor that is slow to answer."""
    command = [sys.executable, "-c", _SANDBOX]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            for target in ("clay", "clay-verify"):
                for every, seconds in ((1, LATENCY), (SLOW_EVERY, SLOWER)):
                    fault = {"target": target, "kind": "latency", "seconds": seconds, "every": every}
                    httpx.post(f"{url}/admin/faults", json=fault).raise_for_status()
            yield url
        finally:
            process.terminate()
