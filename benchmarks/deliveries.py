"""Messages to receivers that take 100 ms: how much of the concurrency is used, and what a dead receiver costs others.

Receivers are a process of their own. What is sent goes the whole way: worded, fixed, each attempt written down before
it is made, signed, and its outcome written down.
"""

import statistics
import time

import httpx

from benchmarks.bench import WORKSPACE, Bench
from benchmarks.figures import Figure
from benchmarks.receiver import receiver
from lead_pipeline.channels.opening import Channels
from lead_pipeline.settings import Settings, load_settings
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.send_deliveries import send_due
from lead_pipeline.steps.ways_out import ways_out
from lead_pipeline.store.connections import connect
from lead_pipeline.store.sealed import credential_seal
from lead_pipeline.store.workspaces import workspace_id
from lead_pipeline.vendors.transport import Transport

MESSAGES, CONCURRENCY, SECONDS = 10_000, 32, 0.1
RECEIVERS, EACH, PAIRS = 50, 60, 3
LEAST_SHARE = 0.8  # of what the concurrency allows
MOST_SLOWED = 1.05


def run(bench: Bench) -> list[Figure]:
    """The second part is run alive and with one dead in turn, and compared pair by pair."""
    share = _one_receiver(bench)
    slowed = statistics.median(_with_one_dead(bench, pair) for pair in range(PAIRS))
    name = f"{MESSAGES:,} webhooks to a receiver that takes {SECONDS * 1000:g} ms, {CONCURRENCY} at a time"
    return [
        Figure(f"{name}: time against what the concurrency allows", 1 / share, "x", 1 / LEAST_SHARE),
        Figure(f"{name}: messages a second", share * CONCURRENCY / SECONDS, "messages/s"),
        Figure(f"one dead receiver of {RECEIVERS}: time of the others against all alive", slowed, "x", MOST_SLOWED),
    ]


def _one_receiver(bench: Bench) -> float:
    with bench.database("deliveries", rules=0) as url, receiver(SECONDS) as port:
        settings = _settings(url, bench, port, per_lane=CONCURRENCY)
        _destinations(settings, url, port, ["alive"])
        _messages(url, MESSAGES)
        bench.console.print(f"  {MESSAGES:,} messages to one receiver")
        seconds = _sent(settings, url)
        told = httpx.get(f"http://127.0.0.1:{port}/told").json()
        assert (told["distinct"], told["requests"]) == (MESSAGES, MESSAGES), told
        assert told["at_once"] <= CONCURRENCY, told
    return MESSAGES * SECONDS / CONCURRENCY / seconds


def _with_one_dead(bench: Bench, pair: int) -> float:
    times = {}
    for name in ("alive", "dead") if pair % 2 else ("dead", "alive"):
        with bench.database(f"deliveries_{name}_{pair}", rules=0) as url, receiver(SECONDS) as port:
            settings = _settings(url, bench, port, per_lane=8)
            _destinations(settings, url, port, ["alive"] * (RECEIVERS - 1) + [name])
            _messages(url, EACH)
            bench.console.print(f"  {RECEIVERS} receivers, the last one {name}")
            begun = time.time()
            _sent(settings, url)
            with connect(url) as conn:
                row = conn.execute(
                    "SELECT extract(epoch FROM max(d.settled_at))::float, count(*) FROM outbound.deliveries d "
                    "JOIN outbound.destinations x USING (destination_id) WHERE x.shown <> 'last' "
                    "AND d.state = 'confirmed'"
                ).fetchone()
            assert row is not None
            assert row[1] == (RECEIVERS - 1) * EACH
            times[name] = row[0] - begun
    return times["dead"] / times["alive"]


def _settings(url: str, bench: Bench, port: int, *, per_lane: int) -> Settings:
    return load_settings(
        {
            "DATABASE_URL": url,
            "LEAD_PIPELINE_VAR": str(bench.folder),
            "PRIVATE_WEBHOOK_HOSTS": f"127.0.0.1:{port}",
            "DELIVERY_CONCURRENCY": str(CONCURRENCY),
            "DELIVERIES_PER_DESTINATION": str(per_lane),
            "DELIVERY_TIMEOUT_SECONDS": "5",
        }
    )


def _destinations(settings: Settings, url: str, port: int, paths: list[str]) -> None:
    seal = credential_seal(settings)
    secret = seal.seal(b"whsec_" + b"QUJD" * 11)
    with connect(url) as conn:
        owner = workspace_id(conn, WORKSPACE)
        for number, path in enumerate(paths):
            conn.execute(
                "INSERT INTO outbound.destinations "
                "(workspace_id, channel, address_sealed, secret_sealed, shown, kinds) "
                "VALUES (%s, 'webhook', %s, %s, %s, '{manager_notice}')",
                [
                    owner,
                    seal.seal(f"http://127.0.0.1:{port}/{path}/{number}".encode()),
                    secret,
                    "last" if number and number == len(paths) - 1 else "other",
                ],
            )


def _messages(url: str, each: int) -> None:
    """So many for each destination, of a kind that reads no lead."""
    with connect(url) as conn:
        conn.execute(
            """
            INSERT INTO outbound.deliveries (delivery_id, workspace_id, destination_id, channel, kind, subject, context,
                day, run_id, intended_at, next_attempt_at)
            SELECT outbound.delivery_id('manager_notice', 'close/' || n, x.destination_id, 1), x.workspace_id,
                x.destination_id, 'webhook', 'manager_notice', 'close/' || n, jsonb_build_object(
                    'crm_lead_id', n::text, 'realtor', 'r', 'realtor_name', 'Rea', 'manager_name', 'Man',
                    'closed_at', '2026-03-02T12:00:00+00:00', 'customer', 'Cus', 'source', 'site'),
                current_date, 'benchmark', now(), now()
            FROM outbound.destinations x, generate_series(1, %s) n
            """,
            [each],
        )


def _sent(settings: Settings, url: str) -> float:
    def wire(name: str, guarded: httpx.BaseTransport | None) -> Transport:
        raise AssertionError(f"no message of this benchmark goes by {name}")

    with Channels(settings, wire) as channels:
        begun = time.perf_counter()
        send_due(url, ways_out(settings, channels), Run("benchmark"))
        return time.perf_counter() - begun
