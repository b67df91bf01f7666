"""Signed webhooks, durable before their answer, against an empty route of the same application in the same process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.bench import ROOT, WORKSPACE, Bench, middle
from benchmarks.figures import Figure
from lead_pipeline.store.connections import connect

ROUNDS, WARM_UP = 5, 2000
WEBHOOKS, EMPTY = 10_000, 20_000
LEAST_RATIO, MOST_P99_MS = 0.5, 50
SECRET = "0123456789abcdef" * 4


def run(bench: Bench) -> list[Figure]:
    """In turns, the order turned round from one round to the next; at the end every 2xx has its drop."""
    empty: list[dict[str, Any]] = []
    landed: list[dict[str, Any]] = []
    first, accepted = 0, 0
    with bench.database("webhooks", rules=1) as url, _service(bench, url) as address:

        def load(kind: str, count: int) -> dict[str, Any]:
            nonlocal first, accepted
            done = bench.child("child_load", address, kind, SECRET, str(first), str(count))
            if kind == "webhook":
                first += count
                accepted += done["statuses"].get("200", 0)
            return done

        for kind in ("empty", "webhook"):
            load(kind, WARM_UP)
        for turn in range(ROUNDS):
            for kind, count, results in [("empty", EMPTY, empty), ("webhook", WEBHOOKS, landed)][
                :: 1 if turn % 2 else -1
            ]:
                results.append(load(kind, count))
            one, two = empty[-1], landed[-1]
            bench.console.print(
                f"  round {turn + 1} of {ROUNDS}: empty {one['per_second']:,.0f}/s, "
                f"webhooks {two['per_second']:,.0f}/s, p50 {two['p50_ms']:.1f} ms, p99 {two['p99_ms']:.1f} ms"
            )
        with connect(url, autocommit=True) as conn:
            [drops] = conn.execute("SELECT count(*) FROM raw.drops WHERE source = 'datashopper'").fetchone() or [0]
    ratio = middle([two["per_second"] / one["per_second"] for one, two in zip(empty, landed, strict=True)])
    return [
        Figure("empty route, requests", middle([one["per_second"] for one in empty]), "/s"),
        Figure("signed webhooks, durable", middle([one["per_second"] for one in landed]), "/s"),
        Figure("empty route / signed webhooks", 1 / ratio, "ratio", 1 / LEAST_RATIO),
        Figure("signed webhooks, p50", middle([one["p50_ms"] for one in landed]), "ms"),
        Figure("signed webhooks, p99", middle([one["p99_ms"] for one in landed]), "ms", MOST_P99_MS),
        Figure("2xx answers without a drop, or drops without one", abs(accepted - drops), "drops", 0),
    ]


@contextmanager
def _service(bench: Bench, url: str) -> Iterator[str]:
    """The service in a process of its own, its log in a file."""
    command = [sys.executable, "-m", "benchmarks.child_intake", url, SECRET, WORKSPACE]
    with (bench.folder / "intake.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"]
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)
