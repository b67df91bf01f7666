"""Whether a large upload stays on disk: how much the service's peak memory grows by while it takes 256 MiB.

And what a supplier waits for a decided lead at 16 connections. The service is a process of its own.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.bench import ROOT, WORKSPACE, Bench
from benchmarks.figures import Figure
from lead_pipeline.steps.keys import create_key
from lead_pipeline.store.connections import connect
from lead_pipeline.store.suppliers import save_supplier
from lead_pipeline.store.workspaces import save_workspace, workspace_id

FILE_MIB, ROWS = 255, 9_900
CONNECTIONS, SECONDS, WARM_UP = 16, 12.0, 3.0


def run(bench: Bench) -> list[Figure]:
    """Growth over the peak of a service that has served small uploads of every kind already."""
    with bench.database("uploads", rules=20) as url:
        keys = _keys(url)
        with _service(bench, url) as (address, pid):
            for kept in (True, False):
                _upload(address, keys["upload"], _file(bench, 1, 900), kept=kept)
            before = _peak_mib(pid)
            wide = _file(bench, FILE_MIB, ROWS)
            bench.console.print(f"  a service of {before:.0f} MiB takes {FILE_MIB} MiB")
            begin = time.perf_counter()
            for kept in (False, True):
                _upload(address, keys["upload"], wide, kept=kept)
            grown, seconds = _peak_mib(pid) - before, time.perf_counter() - begin
        with _service(bench, url) as (address, _):
            waits = _ingest(address, keys["ingest"])
    waits.sort()
    return [
        Figure(f"memory that previewing and taking {FILE_MIB} MiB adds", grown, "MiB", 64),
        Figure(f"previewing and taking {FILE_MIB} MiB", seconds, "s"),
        Figure(f"supplier lead decided, p50 at {CONNECTIONS} connections", _at(waits, 0.5) * 1000, "ms"),
        Figure(f"supplier lead decided, p95 at {CONNECTIONS} connections", _at(waits, 0.95) * 1000, "ms", 100),
        Figure("supplier leads decided a second", len(waits) / (SECONDS - WARM_UP), "leads/s"),
    ]


def _keys(url: str) -> dict[str, str]:
    now = datetime.now(UTC)
    with connect(url, autocommit=True) as conn:
        save_workspace(conn, slug=WORKSPACE, name="Files", plan="pro", country="US")
        save_supplier(conn, workspace_id=workspace_id(conn, WORKSPACE), name="s", categories=["life"])
        return {
            scope: create_key(conn, workspace=WORKSPACE, name=scope, scopes=[scope], supplier="s", now=now).key
            for scope in ("upload", "ingest")
        }


@contextmanager
def _service(bench: Bench, url: str) -> Iterator[tuple[str, int]]:
    """Its address and its process id."""
    command = [sys.executable, "-m", "benchmarks.child_intake", url, "s" * 64, WORKSPACE]
    environment = {"BLOB_URL": str(bench.folder / "blobs" / "uploads"), "INGEST_PER_MINUTE": "1000000"}
    with (
        (bench.folder / "intake.log").open("w") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield json.loads(child.stdout.readline())["url"], child.pid
        finally:
            child.stdin.close()


def _file(bench: Bench, mib: int, rows: int) -> Path:
    """So many rows, made long by a column of notes."""
    path = bench.folder / f"wide_{mib}.csv"
    note = "note " * (mib * (1 << 20) // rows // 5)
    with path.open("w") as file:
        file.write("email,company_name,note\n")
        file.writelines(f"p{number}@firm{number}.example,Firm {number},{note}\n" for number in range(rows))
    return path


def _upload(address: str, key: str, path: Path, *, kept: bool) -> None:
    with path.open("rb") as file:
        answer = httpx.post(
            f"{address}/api/leads/bulk-upload",
            params={} if kept else {"dry_run": "true"},
            headers={"Authorization": f"Bearer {key}"},
            files={"file": (path.name, file)},
            timeout=600,
        )
    answer.raise_for_status()


def _ingest(address: str, key: str) -> list[float]:
    """Seconds that each lead waited, after the warm-up."""
    waits: list[float] = []
    begin = time.perf_counter()

    def send(worker: int) -> None:
        number = 0
        with httpx.Client(headers={"X-API-Key": key}, timeout=30) as client:
            while (start := time.perf_counter()) - begin < SECONDS:
                number += 1
                data = {"firstName": "Ada", "lastName": "Example", "email": f"p{worker}x{number}@firm{number}.example"}
                lead = {"campaignId": "c", "categoryId": "life", "state": "CA", "quality": "HOT", "data": data}
                answer = client.post(f"{address}/api/leads/ingest", json=lead)
                assert answer.status_code in (200, 201), answer.text
                if start - begin >= WARM_UP:
                    waits.append(time.perf_counter() - start)

    threads = [threading.Thread(target=send, args=[worker]) for worker in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


def _at(waits: list[float], share: float) -> float:
    return waits[int(len(waits) * share)]


def _peak_mib(pid: int) -> float:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024
