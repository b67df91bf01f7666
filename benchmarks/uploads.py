"""Whether a large upload stays on disk: how much the service's peak memory grows by while it takes 256 MiB.

The service is a process of its own.
"""

import json
import os
import subprocess
import sys
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
from lead_pipeline.store.workspaces import save_workspace

FILE_MIB, ROWS = 255, 9_900


def run(bench: Bench) -> list[Figure]:
    """Growth over the peak of a service that has served small uploads of every kind already."""
    with bench.database("uploads", rules=20) as url:
        key = _key(url)
        with _service(bench, url) as (address, pid):
            for kept in (True, False):
                _upload(address, key, _file(bench, 1, 900), kept=kept)
            before = _peak_mib(pid)
            wide = _file(bench, FILE_MIB, ROWS)
            bench.console.print(f"  a service of {before:.0f} MiB takes {FILE_MIB} MiB")
            begin = time.perf_counter()
            for kept in (False, True):
                _upload(address, key, wide, kept=kept)
            grown, seconds = _peak_mib(pid) - before, time.perf_counter() - begin
    return [
        Figure(f"memory that previewing and taking {FILE_MIB} MiB adds", grown, "MiB", 64),
        Figure(f"previewing and taking {FILE_MIB} MiB", seconds, "s"),
    ]


def _key(url: str) -> str:
    now = datetime.now(UTC)
    with connect(url, autocommit=True) as conn:
        save_workspace(conn, slug=WORKSPACE, name="Files", plan="pro", country="US")
        return create_key(conn, workspace=WORKSPACE, name="u", scopes=["upload"], supplier=None, now=now).key


@contextmanager
def _service(bench: Bench, url: str) -> Iterator[tuple[str, int]]:
    """Its address and its process id."""
    command = [sys.executable, "-m", "benchmarks.child_intake", url, "s" * 64, WORKSPACE]
    environment = {"BLOB_URL": str(bench.folder / "blobs" / "uploads")}
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


def _peak_mib(pid: int) -> float:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024
