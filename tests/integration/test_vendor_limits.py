"""What all processes share about a vendor: its pace and its circuit, in Postgres, with the sandbox as the witness."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from lead_pipeline.errors import CircuitOpen, DatabaseUnavailable, LimitReached, VendorUnavailable
from lead_pipeline.orchestration.vendor_health import VendorHealth
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.store.circuits import circuits, close_circuit, open_circuit, reopen_circuit, take_probe
from lead_pipeline.store.rate_limits import reserve
from lead_pipeline.store.vendor_calls import calls_since
from lead_pipeline.vendors.accounts import Account
from lead_pipeline.vendors.clay import Clay
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport

pytestmark = pytest.mark.integration

CHILD = Path(__file__).with_name("vendor_children.py")
FAULTS = [
    {"kind": "error"},
    {"kind": "reset"},
    {"kind": "truncate"},
    {"kind": "lost_answer"},
    {"kind": "latency", "seconds": 0.4},
]
KINDS = [fault["kind"] for fault in FAULTS]
FAST = Account("clay", "Clay", "CLAY_API_KEY", 1000, 1000)


@pytest.fixture(scope="module")
def running() -> Any:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running: SandboxServer) -> str:
    httpx.post(f"{running.url}/admin/reset").raise_for_status()
    return running.url


@pytest.fixture
def conn(database: Any) -> Any:
    with database.connect() as opened:
        yield opened


@pytest.fixture
def health(database: Any) -> Any:
    opened = VendorHealth(database.url)
    yield opened
    opened.close()


@pytest.fixture
def clay(health: VendorHealth, sandbox: str) -> Any:
    """A client whose calls are one attempt each."""
    with Transport(
        "Clay",
        credential="CLAY_API_KEY",
        bucket=health.pace(FAST),
        circuit=health.circuit(FAST, timeout=1),
        observe=health.counts.of("clay"),
        timeouts=Timeouts(read=0.2),
        patience=Patience(attempts=1),
    ) as transport:
        yield Clay(transport, f"{sandbox}/clay/v1", "sandbox")


def fault(sandbox: str, **spec: Any) -> None:
    httpx.post(f"{sandbox}/admin/faults", json={"target": "clay-verify", **spec}).raise_for_status()


def asked(sandbox: str) -> int:
    return httpx.get(f"{sandbox}/admin/record").json()["requests"].get("/clay/v1/emails/verify", 0)


def outcomes_of(clay: Clay, calls: int) -> list[str]:
    def call(number: int) -> str:
        try:
            clay.verify_email(f"n{number}@acme.example.com")
        except VendorUnavailable as error:
            return type(error).__name__
        return "ok"

    return [call(number) for number in range(calls)]


def children(count: int, *arguments: Any) -> list[dict[str, Any]]:
    """What so many processes came back with that began at the same moment."""
    command = [sys.executable, str(CHILD), *map(str, arguments)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
    ]
    for child in started:
        assert "ready\n" == child.stdout.readline()
    for child in started:
        child.stdin.write("go\n")
        child.stdin.flush()
    return [json.loads(child.communicate(timeout=60)[0].splitlines()[-1]) for child in started]


def test_processes_share_one_pace(database, sandbox):
    rate, burst, calls = 40, 10, 40
    told = children(3, database.url, sandbox, calls, 8, rate, burst)

    assert [{"ok": calls}] * 3 == [child["outcomes"] for child in told]
    assert 3 * calls == asked(sandbox)
    ended = sorted(time for child in told for time in child["ended"])
    due = (3 * calls - burst) / rate
    assert due * 0.95 - 0.1 < ended[-1] - ended[0] < due * 3


def test_places_are_given_out_one_step_apart_whoever_asks(database):
    def ask(_: int) -> list[tuple[float, float]]:
        with database.connect() as conn:
            return [(reserve(conn, "vendor/acme", per_second=20, burst=5), clock(conn)) for _ in range(25)]

    with ThreadPoolExecutor(4) as pool:
        places = sorted(at + wait for taken in pool.map(ask, range(4)) for wait, at in taken if wait > 0)

    assert len(places) >= 90
    steps = [later - earlier for earlier, later in pairwise(places)]
    assert pytest.approx(0.05, abs=0.02) == sum(steps) / len(steps)


def clock(conn: psycopg.Connection) -> float:
    return conn.execute("SELECT extract(epoch FROM statement_timestamp())::float").fetchone()[0]


def test_a_queue_is_ten_seconds_long_at_most_and_an_abandoned_one_is_over_after_that(conn):
    taken = []
    with pytest.raises(LimitReached) as full:
        for _ in range(200):
            taken.append(reserve(conn, "vendor/acme", per_second=10, burst=5))

    assert 105 <= len(taken) <= 110
    assert 9 < max(taken) <= 10
    assert 4.5 < full.value.retry_after < 5.5
    shift(conn, -10)
    assert reserve(conn, "vendor/acme", per_second=10, burst=5) < 1


def test_a_slow_vendor_has_two_places_in_its_queue(conn):
    waits = [reserve(conn, "vendor/slow", per_second=1 / 60, burst=1) for _ in range(3)]

    assert pytest.approx([0, 60, 120], abs=1) == waits
    with pytest.raises(LimitReached) as full:
        reserve(conn, "vendor/slow", per_second=1 / 60, burst=1)
    assert pytest.approx(120, abs=1) == full.value.retry_after


@pytest.mark.parametrize("ahead", [12, 3600, 86_400 * 365])
def test_a_clock_that_was_set_back_locks_nobody_out(conn, ahead):
    reserve(conn, "vendor/acme", per_second=10, burst=5)
    shift(conn, ahead)

    assert 0 == reserve(conn, "vendor/acme", per_second=10, burst=5)


def test_a_clock_that_jumped_ahead_gives_no_more_than_a_burst(conn):
    for _ in range(15):
        reserve(conn, "vendor/acme", per_second=1, burst=5)
    shift(conn, -86_400)

    waits = [reserve(conn, "vendor/acme", per_second=1, burst=5) for _ in range(7)]
    assert [0] * 5 == waits[:5]
    assert pytest.approx([1, 2], abs=0.2) == waits[5:]


def shift(conn: psycopg.Connection, seconds: float) -> None:
    conn.execute("UPDATE core.rate_limits SET full_at = full_at + make_interval(secs => %s)", [seconds])


def test_a_reservation_waits_for_no_disk_and_leaves_the_session_as_it_was(conn):
    shown = "SHOW synchronous_commit"
    with conn.transaction():
        reserve(conn, "vendor/acme", per_second=1, burst=5)
        assert ("off",) == conn.execute(shown).fetchone()
    assert ("on",) == conn.execute(shown).fetchone()


def test_a_database_that_does_not_answer_is_told_as_such(tmp_path):
    health = VendorHealth(f"postgresql://nobody@/nothing?host={tmp_path}")
    with pytest.raises(DatabaseUnavailable):
        health.pace(FAST).take()
    with pytest.raises(DatabaseUnavailable):
        health.circuit(FAST, timeout=1).check()
    health.counts.add("clay", "ok", 1)
    health.close()


def test_a_connection_that_broke_is_made_anew(database, conn, health):
    pace = health.pace(FAST)
    pace.take()
    conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )
    pace.take()


def test_a_circuit_that_a_process_opened_is_open_for_the_others(database, sandbox, clay):
    fault(sandbox, kind="error")
    [told] = children(1, database.url, sandbox, 30, 1, 1000, 1000)
    assert {"VendorUnavailable": 10, "CircuitOpen": 20} == told["outcomes"]

    assert ["CircuitOpen"] * 5 == outcomes_of(clay, 5)
    assert 10 == asked(sandbox)


def test_a_try_is_taken_once(database, conn):
    open_circuit(conn, "clay", wait=30, calls=10, failures=10, error="down")
    make_due(conn)
    together = threading.Barrier(8)

    def take(_: int) -> datetime | None:
        with database.connect() as own:
            together.wait()
            return take_probe(own, "clay", lease=60)

    with ThreadPoolExecutor(8) as pool:
        taken = [probe for probe in pool.map(take, range(8)) if probe is not None]
    assert 1 == len(taken)
    assert 55 < circuits(conn)[0].retry_in <= 60


def test_a_try_that_failed_doubles_the_wait_and_an_old_one_changes_nothing(conn):
    open_circuit(conn, "clay", wait=30, calls=10, failures=9, error="down")
    first = circuits(conn)[0]
    open_circuit(conn, "clay", wait=500, calls=99, failures=99, error="too late")
    assert (first.retry_at, 10, 9) == (circuits(conn)[0].retry_at, circuits(conn)[0].calls, circuits(conn)[0].failures)

    for wait in (60, 120, 240, 480, 600, 600):
        make_due(conn)
        old = take_probe(conn, "clay", lease=0.0001)
        probe = take_probe(conn, "clay", lease=60)
        reopen_circuit(conn, "clay", old, longest=600, error="somebody else's")
        reopen_circuit(conn, "clay", probe, longest=600, error="still down")
        assert pytest.approx(wait, abs=1) == circuits(conn)[0].retry_in
    known = circuits(conn)[0]
    assert (first.changed_at, "still down", 16, 15) == (
        known.changed_at,
        known.last_error,
        known.calls,
        known.failures,
    )

    assert close_circuit(conn, "clay")
    assert not close_circuit(conn, "clay")
    assert ("closed", None) == (circuits(conn)[0].state, circuits(conn)[0].retry_at)
    open_circuit(conn, "clay", wait=30, calls=10, failures=10, error="again")
    assert pytest.approx(30, abs=1) == circuits(conn, ["clay"])[0].retry_in


def test_a_circuit_of_a_clock_that_was_set_back_is_tried_at_once(conn):
    open_circuit(conn, "clay", wait=86_400 * 365, calls=10, failures=10, error="down")

    assert 0 == circuits(conn)[0].retry_in
    assert take_probe(conn, "clay", lease=60) is not None


def make_due(conn: psycopg.Connection) -> None:
    conn.execute("UPDATE core.vendor_circuits SET retry_at = statement_timestamp()")


@pytest.mark.parametrize("broken", FAULTS, ids=KINDS)
def test_a_vendor_that_is_down_is_asked_ten_times_and_again_once_it_answers(conn, sandbox, clay, health, broken):
    fault(sandbox, **broken)
    assert ["VendorUnavailable"] * 10 + ["CircuitOpen"] * 10 == outcomes_of(clay, 20)
    assert 10 == asked(sandbox)
    [known] = circuits(conn)
    assert ("clay", "open", 10, 10) == (known.vendor, known.state, known.calls, known.failures)
    assert "Clay /clay/v1/emails/verify" in known.last_error

    make_due(conn)
    health.counts.flush()
    fresh = health.circuit(FAST, timeout=1)
    httpx.delete(f"{sandbox}/admin/faults").raise_for_status()
    fresh.check()
    fresh.record(failed=False)
    assert "closed" == circuits(conn)[0].state
    counted = calls_since(conn, datetime.now(UTC) - timedelta(hours=1))["clay"]
    assert (10, 10, 10) == (counted.calls, counted.failures, counted.not_asked)


def test_a_vendor_that_asks_for_patience_or_refuses_is_not_down(conn, sandbox, clay):
    fault(sandbox, kind="rate_limit", retry_after=0.01)

    assert ["RateLimited"] * 20 == outcomes_of(clay, 20)
    assert [] == circuits(conn)


@pytest.mark.parametrize("broken", FAULTS, ids=KINDS)
def test_a_vendor_of_which_one_call_in_five_fails_is_asked_on(conn, sandbox, clay, broken):
    fault(sandbox, probability=0.2, **broken)

    outcomes = outcomes_of(clay, 60)
    assert 60 == asked(sandbox)
    assert {"ok", "VendorUnavailable"} == set(outcomes)
    assert [] == circuits(conn)


def test_what_is_counted_is_what_the_sandbox_was_asked(conn, sandbox, clay, health):
    outcomes_of(clay, 25)
    health.counts.flush()
    outcomes_of(clay, 5)
    health.counts.flush()

    counted = calls_since(conn, datetime.now(UTC) - timedelta(hours=1))["clay"]
    assert (30, 0) == (counted.calls, counted.failures)
    assert asked(sandbox) == counted.calls
    assert 0 < counted.seconds < 1


def test_a_wait_for_a_turn_ends_with_the_run(database):
    slow, health = Account("slow", "Slow", "KEY", 1 / 60, 1), VendorHealth(database.url)
    pace = health.pace(slow)
    pace.take()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pace.take)
        health.close()
        with pytest.raises(Exception, match="the run has ended"):
            waiting.result(timeout=5)


def test_an_open_circuit_costs_the_caller_nothing_but_the_error(conn, clay):
    open_circuit(conn, "clay", wait=30, calls=10, failures=10, error="down")

    with pytest.raises(CircuitOpen) as caught:
        clay.verify_email("a@acme.example.com")
    assert 25 < caught.value.retry_after <= 30
