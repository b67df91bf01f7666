"""A drop landed to its lead routed, through the sensor: Dagster's daemon really runs, drops arrive when they like.

No vendor and no sandbox is there: enrichment runs start, find nobody to ask, and compete for the machine as they do.
"""

import random
import time

import numpy as np
import psycopg

from benchmarks.bench import WORKSPACE, Bench
from benchmarks.dagster_daemon import running_dagster
from benchmarks.figures import Figure
from benchmarks.landing import land_event
from lead_pipeline.store.connections import connect
from lead_pipeline.store.workspaces import workspace_id

DROPS, PAUSES, SEED, RULES = 30, (0.5, 4.0), 20260101, 10
_READY, _PATIENCE, _LOOK = 180, 120, 0.02
_NOBODY = "http://127.0.0.1:9"  # the discard port: refused at once


def run(bench: Bench) -> list[Figure]:
    """The first drop warms up: the daemon, the code server and the database's caches."""
    draw = random.Random(SEED)
    with bench.database("latency", rules=RULES) as url, connect(url, autocommit=True) as conn:
        owner = workspace_id(conn, WORKSPACE)
        with running_dagster(url, bench.folder / "latency", _NOBODY):
            bench.console.print("  waiting for Dagster")
            _watch(conn, {_land(conn, owner, 0): time.monotonic()}, until=time.monotonic() + _READY)
            landed: dict[int, float] = {}
            seconds: dict[int, float] = {}
            for number in range(1, DROPS + 1):
                landed[_land(conn, owner, number)] = time.monotonic()
                seconds |= _watch(conn, landed, until=time.monotonic() + draw.uniform(*PAUSES), is_last=False)
            seconds |= _watch(conn, landed, until=time.monotonic() + _PATIENCE)
    p50, p95, most = np.percentile(list(seconds.values()), [50, 95, 100])
    return [
        Figure("drop landed to routed, p50", float(p50), "s"),
        Figure("drop landed to routed, p95", float(p95), "s", 10),
        Figure("drop landed to routed, slowest", float(most), "s"),
    ]


def _land(conn: psycopg.Connection, owner: str, number: int) -> int:
    """A webhook of one lead, as the intake service lands it."""
    lead = {
        "full_name": f"Person {number}",
        "email": f"person{number}@company{number}.example",
        "company_name": f"Company {number}",
        "website": f"company{number}.example",
        "industry": "Software",
        "country": "US",
    }
    event = {"event_type": "leads.single", "event_id": str(number), "lead": lead}
    return land_event(conn, owner, "datashopper", event)


def _watch(
    conn: psycopg.Connection, landed: dict[int, float], *, until: float, is_last: bool = True
) -> dict[int, float]:
    """Seconds that drops took until they were seen to be routed; those that were are taken off `landed`."""
    seconds: dict[int, float] = {}
    while time.monotonic() < until and (landed or not is_last):
        routed = conn.execute(
            "SELECT drop_id FROM raw.drops WHERE drop_id = ANY(%s) AND stage = 'routed'", [list(landed)]
        ).fetchall()
        seconds |= {drop_id: time.monotonic() - landed.pop(drop_id) for (drop_id,) in routed}
        time.sleep(_LOOK)
    if is_last and landed:
        raise RuntimeError(f"{len(landed)} drops were not routed in time; see dagster.log in the benchmark's folder")
    return seconds
