"""Score and route leads that are in hand: the one way to a decision, for a live lead and for a million in a file."""

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.domain.intent import score_signals
from lead_pipeline.domain.routing import route_leads
from lead_pipeline.steps.run import Run
from lead_pipeline.store.decisions import ASSIGNMENT_COLUMNS, SCORE_COLUMNS
from lead_pipeline.store.rule_sets import current_rules


def score(leads: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Columns SCORE_COLUMNS of core.intent_scores, one row a lead. Needs lead_id, drop_id, signals."""
    columns = {
        **{name: leads[name] for name in ("lead_id", "drop_id")},
        **score_signals(leads["signals"]),
        "run_id": run.run_id,
        "scored_at": run.clock().isoformat(),
    }
    return pd.DataFrame({name: columns[name] for name in SCORE_COLUMNS}, index=leads.index, copy=False)


def assign(conn: psycopg.Connection, leads: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Columns ASSIGNMENT_COLUMNS of core.lead_assignments by the rules in force now, one row a lead."""
    rules, versions = current_rules(conn, leads["workspace_id"].unique().tolist())
    owners, names = pd.factorize(leads["workspace_id"])
    columns = {
        **route_leads(leads, rules),
        "lead_id": leads["lead_id"],
        "destination_kind": "workspace",
        "rule_set_version": np.array([versions.get(name, 0) for name in names], dtype="int64")[owners],
        "run_id": run.run_id,
        "decided_at": run.clock().isoformat(),
    }
    return pd.DataFrame({name: columns[name] for name in ASSIGNMENT_COLUMNS}, index=leads.index, copy=False)
