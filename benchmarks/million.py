"""A million rows from a CSV file to validated, de-duplicated, scored and routed leads, against three baselines."""

from collections.abc import Callable
from functools import partial

from benchmarks.bench import Bench, middle
from benchmarks.copy_insert import timed_copy_insert
from benchmarks.figures import Figure

ROWS, RULES, ROUNDS = 1_000_000, 20, 3
_DLT = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL"}


def run(bench: Bench) -> list[Figure]:
    """The import, two dlt merges and COPY + INSERT in turn; the order is turned round every time."""
    file = bench.csv(ROWS)
    seconds: dict[str, list[float]] = {}
    peaks: list[float] = []

    def imported(name: str) -> float:
        with bench.database(name, rules=RULES) as url:
            answer = bench.child("child_import", url, bench.folder / "blobs" / name, file)
        peaks.append(answer["peak_mib"])
        return float(answer["seconds"])

    def merged(name: str, way: str) -> float:
        with bench.database(name) as url:
            folder = str(bench.folder / "dlt" / name)
            return float(bench.child("child_dlt", url, folder, file, way, **_DLT, DLT_DATA_DIR=folder)["seconds"])

    def copied(name: str) -> float:
        with bench.database(name, rules=RULES) as url:
            return timed_copy_insert(url, file)

    ways: list[tuple[str, Callable[[str], float]]] = [
        ("import", imported),
        ("dlt merge", partial(merged, way="csv")),
        ("dlt merge, fed Arrow by hand", partial(merged, way="arrow")),
        ("COPY + INSERT", copied),
    ]
    for turn in range(ROUNDS):
        for place, (way, measure) in enumerate(ways if turn % 2 == 0 else ways[::-1]):
            seconds.setdefault(way, []).append(measure(f"million_{turn}_{place}"))
            bench.console.print(f"  round {turn + 1} of {ROUNDS}: {way} {seconds[way][-1]:.1f} s")
    took = {way: middle(values) for way, values in seconds.items()}
    return [
        *(Figure(f"1M rows: {way}", value, "s") for way, value in took.items()),
        Figure("1M rows: import / dlt merge", took["import"] / took["dlt merge"], "ratio", 0.8),
        Figure(
            "1M rows: import / dlt merge, fed Arrow by hand",
            took["import"] / took["dlt merge, fed Arrow by hand"],
            "ratio",
            0.8,
        ),
        Figure("1M rows: import / COPY + INSERT", took["import"] / took["COPY + INSERT"], "ratio", 1.6),
        Figure("1M rows: peak memory of the import", max(peaks), "MiB", 1024),
    ]
