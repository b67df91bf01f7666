"""A lead routed to its workspace told of it, through the sensor: Dagster's daemon really runs.

Leads arrive when they like. A rule wants them told of by webhook; the receiver is a process of its own. What is
measured begins with the decision and ends with the receiver's word, both as the tables have them.
"""

import random
import time
from datetime import UTC, datetime

import numpy as np
import psycopg
from cryptography.fernet import Fernet

from benchmarks.bench import WORKSPACE, Bench
from benchmarks.dagster_daemon import running_dagster
from benchmarks.figures import Figure
from benchmarks.landing import land_event
from benchmarks.receiver import receiver
from lead_pipeline.settings import load_settings
from lead_pipeline.steps.workspace_destinations import save_workspace_destination
from lead_pipeline.store.connections import connect
from lead_pipeline.store.rules import RuleRow, save_rules
from lead_pipeline.store.sealed import credential_seal
from lead_pipeline.store.workspaces import workspace_id

LEADS, PAUSES, SEED = 30, (0.5, 4.0), 20260101
_READY, _PATIENCE, _LOOK = 180, 120, 0.2
_NOBODY = "http://127.0.0.1:9"  # the discard port: refused at once
_TOLD = """
SELECT extract(epoch FROM m.settled_at - a.decided_at)::float
FROM core.leads l JOIN core.lead_assignments a USING (lead_id)
JOIN outbound.deliveries m
    ON l.drop_id BETWEEN (m.context ->> 'drop_id')::bigint AND (m.context ->> 'last_drop_id')::bigint
WHERE m.state = 'confirmed' AND l.drop_id > %s
"""


def run(bench: Bench) -> list[Figure]:
    """The first lead warms up: the daemon, the code server and the database's caches."""
    draw = random.Random(SEED)
    with bench.database("notified", rules=0) as url, connect(url, autocommit=True) as conn, receiver(0) as port:
        key = Fernet.generate_key().decode()
        environment = {"PRIVATE_WEBHOOK_HOSTS": f"127.0.0.1:{port}", "CREDENTIAL_KEYS": key}
        owner = _told(conn, url, port, environment)
        with running_dagster(url, bench.folder / "notified", _NOBODY, environment):
            bench.console.print("  waiting for Dagster")
            first = _land(conn, owner, 0)
            _wait(conn, 0, 1, _READY)
            for number in range(1, LEADS + 1):
                _land(conn, owner, number)
                time.sleep(draw.uniform(*PAUSES))
            seconds = _wait(conn, first, LEADS, _PATIENCE)
    p50, p95, most = np.percentile(seconds, [50, 95, 100])
    return [
        Figure("lead routed to its workspace told, p50", float(p50), "s"),
        Figure("lead routed to its workspace told, p95", float(p95), "s", 10),
        Figure("lead routed to its workspace told, slowest", float(most), "s"),
    ]


def _told(conn: psycopg.Connection, url: str, port: int, environment: dict[str, str]) -> str:
    """The workspace, its one rule, and the receiver of what that rule takes."""
    owner = workspace_id(conn, WORKSPACE)
    rule = RuleRow(
        rule_name="all",
        priority=1,
        conditions={},
        destination_workspace_id=owner,
        actions={"assign_to_workspace": True, "notify_via": ["webhook"]},
        is_active=True,
    )
    save_rules(conn, owner, [rule])
    settings = load_settings({"DATABASE_URL": url, **environment})
    save_workspace_destination(
        conn,
        owner,
        "webhook",
        f"http://127.0.0.1:{port}/alive",
        kinds=["routed_leads"],
        seal=credential_seal(settings),
        settings=settings,
        now=datetime.now(UTC),
    )
    return owner


def _land(conn: psycopg.Connection, owner: str, number: int) -> int:
    """A webhook of one lead, as the intake service lands it."""
    lead = {"full_name": f"Person {number}", "email": f"p{number}@company{number}.example", "country": "US"}
    event = {"event_type": "leads.single", "event_id": str(number), "lead": lead}
    return land_event(conn, owner, "datashopper", event)


def _wait(conn: psycopg.Connection, after: int, wanted: int, patience: float) -> list[float]:
    """Seconds of each lead of drops after that one, once so many are told."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        seconds = [row[0] for row in conn.execute(_TOLD, [after])]
        if len(seconds) >= wanted:
            return seconds
        time.sleep(_LOOK)
    raise RuntimeError("not every lead was told of in time; see dagster.log in the benchmark's folder")
