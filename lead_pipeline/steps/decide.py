"""Score and route leads that are in hand: the one way to a decision, for a live lead and for a million in a file."""

import pandas as pd
import psycopg

from lead_pipeline.domain.intent import score_signals
from lead_pipeline.domain.routing import route_leads
from lead_pipeline.steps.run import Run
from lead_pipeline.store.decisions import ASSIGNMENT_COLUMNS, SCORE_COLUMNS
from lead_pipeline.store.rules import current_rules


def score(leads: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Columns SCORE_COLUMNS of core.intent_scores, one row a lead. Needs lead_id, drop_id, signals."""
    scored = score_signals(leads["signals"])
    return pd.concat([leads[["lead_id", "drop_id"]], scored], axis=1).assign(
        run_id=run.run_id, scored_at=run.clock().isoformat()
    )[list(SCORE_COLUMNS)]


def assign(conn: psycopg.Connection, leads: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Columns ASSIGNMENT_COLUMNS of core.lead_assignments by the rules in force now, one row a lead."""
    rules, versions = current_rules(conn, leads["workspace_id"].unique().tolist())
    routed = route_leads(leads, rules)
    return routed.assign(
        lead_id=leads["lead_id"],
        destination_kind="workspace",
        rule_set_version=leads["workspace_id"].map(versions).fillna(0).astype("int64"),
        run_id=run.run_id,
        decided_at=run.clock().isoformat(),
    )[list(ASSIGNMENT_COLUMNS)]
