"""Rows of any origin to leads and quarantined rows: validated, identified, committed. Reads no body and no file."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.contracts.leads import RawRows, ValidatedLeads, check_contract
from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.identity import lead_ids
from lead_pipeline.domain.lead import validate_leads
from lead_pipeline.store import leads as lead_store
from lead_pipeline.store.drops import Drop, count_rows

CONTRACT_VERSION = "1"
_QUARANTINE_COLUMNS = ["drop_id", "row_no", "row", "reasons", "contract_version"]


@dataclass(frozen=True)
class ValidatedRows:
    """`leads`: the columns of core.leads. `quarantined`: those of core.quarantined_rows."""

    leads: pd.DataFrame
    quarantined: pd.DataFrame


@dataclass(frozen=True)
class CommittedRows:
    """`new`: the rows of `leads` that their workspace did not know; `counts`: what became of all of them."""

    new: pd.DataFrame
    counts: Accounting


def validate_rows(rows: pd.DataFrame, drop: Drop) -> ValidatedRows:
    """Canonical text rows of one drop, with drop_id and row_no, to what can be committed. Pure.

    Leads come in fingerprint order, in which they are inserted; alike ones in the order of their rows.
    """
    leads, failures = validate_leads(check_contract(RawRows, rows), workspace_country=drop.workspace_country)
    leads = check_contract(ValidatedLeads, leads)
    received_ms = np.full(len(leads), int(drop.received_at.timestamp() * 1000))
    leads = leads.assign(
        lead_id=lead_ids(received_ms, leads["drop_id"].to_numpy(), leads["row_no"].to_numpy()),
        workspace_id=pd.Series(drop.workspace_id, index=leads.index, dtype="str"),
        received_at=pd.Series(drop.received_at.isoformat(), index=leads.index, dtype="str"),
        day=pd.Series(drop.day.isoformat(), index=leads.index, dtype="str"),
    )
    return ValidatedRows(leads.sort_values("fingerprint", kind="stable"), _quarantined(rows, failures))


def refused_rows(drop_id: int, rows: list[tuple[int, str, str]]) -> pd.DataFrame:
    """Lines that no row could be read from, as quarantined rows: (row_no, reason, text) each."""
    return pd.DataFrame(
        [
            {
                "drop_id": drop_id,
                "row_no": row_no,
                "row": json.dumps({"text": text}),
                "reasons": json.dumps([{"column": None, "check": reason, "value": None}]),
                "contract_version": CONTRACT_VERSION,
            }
            for row_no, reason, text in rows
        ],
        columns=_QUARANTINE_COLUMNS,
    )


def commit_rows(conn: psycopg.Connection, rows: ValidatedRows) -> CommittedRows:
    """Insert leads, sightings and quarantined rows and count them on their drops, in the caller's transaction."""
    is_new = lead_store.insert_leads(conn, rows.leads)
    duplicates = rows.leads[~is_new]
    lead_store.insert_sightings(conn, duplicates)
    lead_store.insert_quarantined(conn, rows.quarantined)
    new = rows.leads[is_new]
    counts = pd.DataFrame(
        {
            "accepted": new["drop_id"].value_counts(),
            "duplicate": duplicates["drop_id"].value_counts(),
            "quarantined": rows.quarantined["drop_id"].value_counts(),
        }
    )
    counts = counts.fillna(0).astype("int64").rename_axis("drop_id").reset_index()
    count_rows(conn, counts)
    return CommittedRows(new, Accounting(len(new), len(duplicates), len(rows.quarantined)))


def _quarantined(rows: pd.DataFrame, failures: pd.DataFrame) -> pd.DataFrame:
    if failures.empty:
        return pd.DataFrame(columns=_QUARANTINE_COLUMNS)
    reasons: dict[int, list[dict[str, Any]]] = {}
    for row in failures.astype(object).where(failures.notna(), None).to_dict("records"):
        reason = {"column": row["column"], "check": row["check"], "value": row["value"]}
        reasons.setdefault(row["row_no"], []).append(reason)
    refused = rows[rows["row_no"].isin(reasons.keys())].set_index("row_no", drop=False)
    cells = refused.drop(columns=["drop_id", "row_no"]).astype(object)
    records = cells.where(cells.notna(), None).to_dict("records")
    return pd.DataFrame(
        {
            "drop_id": refused["drop_id"].to_numpy(),
            "row_no": refused["row_no"].to_numpy(),
            "row": [json.dumps({k: v for k, v in record.items() if v is not None}) for record in records],
            "reasons": [json.dumps(reasons[row_no], default=str) for row_no in refused["row_no"]],
            "contract_version": CONTRACT_VERSION,
        }
    )
