"""Routing decided again from the rules of its version: the stored winner must come out. Writes nothing."""

from datetime import date

import pandas as pd

from lead_pipeline.domain.routing import route_leads
from lead_pipeline.store.connections import connect
from lead_pipeline.store.day_checks import assigned_leads
from lead_pipeline.store.rules import rules_at

SAMPLE = 10_000
_DECIDED = ["destination_id", "rule_id", "rule_version", "reason"]


def recompute_routing(url: str, day: date) -> tuple[int, pd.DataFrame]:
    """How many assignments of a day were decided again, and those that came out otherwise."""
    with connect(url, autocommit=True) as conn:
        stored = assigned_leads(conn, day, SAMPLE)
        parts = [
            route_leads(leads, rules_at(conn, str(workspace), int(str(version))))
            for (workspace, version), leads in stored.groupby(["workspace_id", "rule_set_version"])
        ]
    if not parts:
        return 0, stored
    again = pd.concat(parts).reindex(stored.index)
    same = pd.Series(True, index=stored.index)
    for column in _DECIDED:
        same &= _text(stored[column]).eq(_text(again[column]))
    return len(stored), stored[~same]


def _text(column: pd.Series) -> pd.Series:
    """Values to compare: a version is an integer on one side, and a float on the other where some are missing."""
    is_number = pd.api.types.is_numeric_dtype(column)
    return (column.astype("Int64") if is_number else column).astype("str").fillna("")
