"""A webhook of Contact2Sale landed to its message sent: Dagster's daemon, the sensors and every vendor's stand-in run.

The pace of ten requests a minute is lifted on both sides, else it would be what is measured.
"""

import random
import time

import numpy as np
import psycopg

from benchmarks.bench import WORKSPACE, Bench
from benchmarks.dagster_daemon import running_dagster
from benchmarks.figures import Figure
from benchmarks.landing import land_event
from lead_pipeline.sandbox.brazil import brazilian
from lead_pipeline.sandbox.config import SandboxConfig
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.store.connections import connect
from lead_pipeline.store.workspaces import workspace_id

EVENTS, PAUSES, SEED, RULES = 30, (0.5, 4.0), 20260101, 10
_READY, _PATIENCE, _LOOK = 180, 120, 0.1
_UNHURRIED = {"C2S_REQUESTS_PER_MINUTE": "6000"}
_SENT = """
SELECT extract(epoch FROM m.sent_at - d.received_at)::float8
FROM outbound.crm_messages m
JOIN core.party_enrichments e USING (enrichment_id)
JOIN raw.drops d ON d.drop_id = e.first_drop_id
WHERE m.state = 'sent' AND d.drop_id = ANY(%s)
"""


def run(bench: Bench) -> list[Figure]:
    """The first event warms up: the daemon, the code server and the database's caches."""
    draw = random.Random(SEED)
    folder = bench.folder / "c2s"
    with (
        bench.database("c2s", rules=RULES) as url,
        connect(url, autocommit=True) as conn,
        SandboxServer(c2s_per_minute=None) as sandbox,
        running_dagster(url, folder, sandbox.url, _UNHURRIED),
    ):
        owner = workspace_id(conn, WORKSPACE)
        bench.console.print("  waiting for Dagster")
        _seconds(conn, [_land(conn, owner, 0)], _READY)
        drops = []
        for number in range(1, EVENTS + 1):
            drops.append(_land(conn, owner, number))
            time.sleep(draw.uniform(*PAUSES))
        p50, p95, most = np.percentile(_seconds(conn, drops, _PATIENCE), [50, 95, 100])
    name = "C2S webhook landed to message sent, without C2S's limit of 10 a minute"
    return [
        Figure(f"{name}, p50", float(p50), "s"),
        Figure(f"{name}, p95", float(p95), "s", 15),
        Figure(f"{name}, slowest", float(most), "s"),
    ]


def _land(conn: psycopg.Connection, owner: str, number: int) -> int:
    """A lead whose e-mail and phone belong to one person, whom the sandbox's Diretrix knows."""
    person = brazilian(SandboxConfig.seed, number)
    customer = {"name": person.name, "email": person.emails[0], "phone": person.phones[0]}
    attributes = {"updated_at": "2026-03-02T12:00:00Z", "customer": customer}
    return land_event(
        conn, owner, "c2s", {"id": str(number), "hook_action": "on_create_lead", "attributes": attributes}
    )


def _seconds(conn: psycopg.Connection, drops: list[int], patience: float) -> list[float]:
    """From landing to the message, by the clocks of the tables, once all were sent."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        seconds = [float(one) for (one,) in conn.execute(_SENT, [drops]).fetchall()]
        if len(seconds) == len(drops):
            return seconds
        time.sleep(_LOOK)
    raise RuntimeError(f"not all of {len(drops)} messages were sent; see dagster.log in the benchmark's folder")
