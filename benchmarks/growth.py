"""Whether a file costs more where many leads are: 10,000 rows into an empty store and into one with a million."""

from benchmarks.bench import Bench, middle
from benchmarks.child_import import timed_import
from benchmarks.figures import Figure
from lead_pipeline.store.connections import connect

STORED, ROWS, RULES, ROUNDS = 1_060_000, 10_000, 20, 7  # 1.06 million rows are a little over a million leads


def run(bench: Bench) -> list[Figure]:
    """The same file into both stores, in turn; a new file and a new empty store every round."""
    blobs = str(bench.folder / "blobs" / "growth")
    empty: list[float] = []
    full: list[float] = []
    with bench.database("full_store", rules=RULES) as store:
        bench.console.print(f"  filling a store from {STORED:,} rows")
        leads = bench.child("child_import", store, blobs, bench.csv(STORED, seed=1))["rows"]
        with connect(store, autocommit=True) as conn:
            conn.execute("VACUUM ANALYZE")  # as autovacuum leaves a store that has been in use
        for turn in range(ROUNDS + 1):  # the first round only warms up
            file = bench.csv(ROWS, seed=100 + turn)
            with bench.database(f"empty_{turn}", rules=RULES) as fresh:
                for url, seconds in [(fresh, empty), (store, full)][:: 1 if turn % 2 else -1]:
                    seconds.append(timed_import(url, blobs, file)[0])
            bench.console.print(f"  round {turn} of {ROUNDS}: empty {empty[-1]:.3f} s, full {full[-1]:.3f} s")
    few, many = middle(empty[1:]), middle(full[1:])
    return [
        Figure("10k rows into an empty store", few, "s"),
        Figure(f"10k rows into {leads:,} leads", many, "s"),
        Figure("growth: full / empty", many / few, "ratio", 1.3),
    ]
