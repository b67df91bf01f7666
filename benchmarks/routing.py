"""A thousand rules over a hundred thousand leads: decided by the step that the graph uses, and committed."""

import time

import numpy as np
import pandas as pd

from benchmarks.bench import WORKSPACE, Bench, middle
from benchmarks.figures import Figure
from lead_pipeline.domain.identity import lead_ids
from lead_pipeline.domain.lead import validate_leads
from lead_pipeline.steps.decide import assign
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.decisions import insert_assignments
from lead_pipeline.store.workspaces import workspace_id

LEADS, RULES, ROUNDS = 100_000, 1_000, 3


def run(bench: Bench) -> list[Figure]:
    """The leads are validated beforehand; reading the rules, deciding and the COPY are measured."""
    rows = pd.read_csv(bench.csv(LEADS * 102 // 100), dtype="str")
    numbered = rows.assign(drop_id=np.int64(1), row_no=np.arange(len(rows)))
    leads = validate_leads(numbered, workspace_country=None)[0].head(LEADS)
    seconds: list[float] = []
    for turn in range(ROUNDS):
        with bench.database(f"routing_{turn}", rules=RULES) as url, connect(url) as conn:
            owned = leads.assign(
                workspace_id=workspace_id(conn, WORKSPACE), lead_id=lead_ids(turn, 1, leads["row_no"].to_numpy())
            )
            begin = time.perf_counter()
            insert_assignments(conn, assign(conn, owned, Run("benchmark")), fresh=True)
            conn.commit()
            seconds.append(time.perf_counter() - begin)
        bench.console.print(f"  round {turn + 1} of {ROUNDS}: {seconds[-1]:.2f} s")
    return [Figure(f"{len(leads):,} leads by {RULES:,} rules", middle(seconds), "s", 10)]
