"""A thousand refused rows repaired by a built-in recipe: edited, validated, scored, routed, inserted and linked."""

import time

from benchmarks.bench import WORKSPACE, Bench, middle
from benchmarks.figures import Figure
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.repair import by_recipe, repair
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.quarantine import RowFilter

ROWS, WANTED, RULES, ROUNDS = 110_000, 1_000, 20, 3
_RECIPE = "spelled-out-at"  # one generated row in a hundred has " at " for its @


def run(bench: Bench) -> list[Figure]:
    """The file is imported beforehand; finding the rows, editing, validating and the commit are measured."""
    path, blobs, seconds = bench.csv(ROWS), str(bench.folder / "blobs"), []
    for turn in range(ROUNDS):
        with bench.database(f"repair_{turn}", rules=RULES) as url:
            landed = land_csv(url, blobs, path, WORKSPACE, reading=Reading(), run=Run("benchmark"))
            import_csv(url, blobs, landed.drop_id, Run("benchmark"))
            with connect(url, autocommit=True) as conn:  # exactly so many wait
                conn.execute(
                    "DELETE FROM core.quarantined_rows WHERE row_no NOT IN "
                    "(SELECT row_no FROM core.quarantined_rows ORDER BY row_no LIMIT %s)",
                    [WANTED],
                )
            begin = time.perf_counter()
            outcome = repair(url, by_recipe(url, _RECIPE, RowFilter()), Run("benchmark"))
            seconds.append(time.perf_counter() - begin)
            assert outcome.repaired == WANTED, outcome.counts
        bench.console.print(f"  round {turn + 1} of {ROUNDS}: {seconds[-1]:.2f} s")
    return [Figure(f"{WANTED:,} quarantined rows repaired", middle(seconds), "s", 10)]
