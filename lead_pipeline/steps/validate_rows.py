"""Rows of any origin to leads and quarantined rows: validated, identified, committed. Reads no body and no file."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    """`new`: the rows of `leads` that their workspace did not know; `counts`: what became of all of them.

    `rows_by_drop`: accepted, duplicate and quarantined to how many rows of each drop.
    """

    new: pd.DataFrame
    counts: Accounting
    rows_by_drop: Mapping[str, Mapping[int, int]]


def validate_rows(rows: pd.DataFrame, drops: Sequence[Drop]) -> ValidatedRows:
    """Canonical text rows with drop_id and row_no, of drops whose workspace is known, to what can be committed. Pure.

    Leads come in fingerprint order, in which they are inserted; alike ones in the order of their rows.
    """
    rows = check_contract(RawRows, rows)
    parts = [_of_country(part, country) for country, part in _by_country(rows, drops)]
    leads = _stamp(_put_together([part.leads for part in parts]), drops)
    quarantined = _put_together([part.quarantined for part in parts])
    return ValidatedRows(leads.sort_values("fingerprint", kind="stable"), quarantined)


def refused_rows(rows: Sequence[tuple[int, int, str, str]]) -> pd.DataFrame:
    """What no row could be read from, as quarantined rows: (drop_id, row_no, reason, text) each."""
    return pd.DataFrame(
        [
            {
                "drop_id": drop_id,
                "row_no": row_no,
                "row": json.dumps({"text": text}),
                "reasons": json.dumps([{"column": None, "check": reason, "value": None}]),
                "contract_version": CONTRACT_VERSION,
            }
            for drop_id, row_no, reason, text in rows
        ],
        columns=_QUARANTINE_COLUMNS,
    )


def commit_rows(conn: psycopg.Connection, rows: ValidatedRows) -> CommittedRows:
    """Insert leads, sightings and quarantined rows and count them on their drops, in the caller's transaction."""
    is_new = lead_store.insert_leads(conn, rows.leads)
    duplicates = rows.leads.iloc[:0] if is_new.all() else rows.leads[~is_new]
    lead_store.insert_sightings(conn, duplicates)
    lead_store.insert_quarantined(conn, rows.quarantined)
    new = rows.leads if is_new.all() else rows.leads[is_new]
    outcomes = {"accepted": new, "duplicate": duplicates, "quarantined": rows.quarantined}
    found = {name: Counter(of["drop_id"].tolist()) for name, of in outcomes.items()}
    ids = sorted(set().union(*found.values()))
    count_rows(conn, pd.DataFrame({"drop_id": ids, **{name: [of[one] for one in ids] for name, of in found.items()}}))
    return CommittedRows(new, Accounting(len(new), len(duplicates), len(rows.quarantined)), found)


def _put_together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _by_country(rows: pd.DataFrame, drops: Sequence[Drop]) -> list[tuple[str | None, pd.DataFrame]]:
    """The rows by their workspace's country, which decides how a national phone is read."""
    countries = {drop.workspace_country for drop in drops}
    if len(countries) == 1:
        return [(countries.pop(), rows)]
    ids = {country: [drop.drop_id for drop in drops if drop.workspace_country == country] for country in countries}
    ordered = sorted(ids.items(), key=lambda entry: entry[0] or "")
    return [(country, rows[rows["drop_id"].isin(of)]) for country, of in ordered]


def _of_country(rows: pd.DataFrame, country: str | None) -> ValidatedRows:
    leads, failures = validate_leads(rows, workspace_country=country)
    return ValidatedRows(check_contract(ValidatedLeads, leads), _quarantined(rows, failures))


def _stamp(leads: pd.DataFrame, drops: Sequence[Drop]) -> pd.DataFrame:
    """The columns that a lead has of its drop."""
    received_ms = {drop.drop_id: int(drop.received_at.timestamp() * 1000) for drop in drops}
    return leads.assign(
        lead_id=lead_ids(
            _of_drop(leads, received_ms, "int64").to_numpy(), leads["drop_id"].to_numpy(), leads["row_no"].to_numpy()
        ),
        workspace_id=_of_drop(leads, {drop.drop_id: drop.workspace_id for drop in drops}, "str"),
        received_at=_of_drop(leads, {drop.drop_id: drop.received_at.isoformat() for drop in drops}, "str"),
        day=_of_drop(leads, {drop.drop_id: drop.day.isoformat() for drop in drops}, "str"),
    )


def _of_drop(leads: pd.DataFrame, values: Mapping[int, object], dtype: Any) -> pd.Series:
    of_all = len(values) == 1  # one drop, and maybe fifty thousand rows
    found = next(iter(values.values())) if of_all else [values[drop_id] for drop_id in leads["drop_id"].tolist()]
    column: pd.Series = pd.Series(found, index=leads.index, dtype=dtype)
    return column


def _quarantined(rows: pd.DataFrame, failures: pd.DataFrame) -> pd.DataFrame:
    if failures.empty:
        return pd.DataFrame(columns=_QUARANTINE_COLUMNS)
    reasons: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in failures.astype(object).where(failures.notna(), None).to_dict("records"):
        reason = {"column": row["column"], "check": row["check"], "value": row["value"]}
        reasons.setdefault((row["drop_id"], row["row_no"]), []).append(reason)
    keys = pd.MultiIndex.from_frame(rows[["drop_id", "row_no"]])
    refused = rows[keys.isin(reasons.keys())]
    cells = refused.drop(columns=["drop_id", "row_no"]).astype(object)
    records = cells.where(cells.notna(), None).to_dict("records")
    return pd.DataFrame(
        {
            "drop_id": refused["drop_id"].to_numpy(),
            "row_no": refused["row_no"].to_numpy(),
            "row": [json.dumps({k: v for k, v in record.items() if v is not None}) for record in records],
            "reasons": [
                json.dumps(reasons[key], default=str) for key in zip(refused["drop_id"], refused["row_no"], strict=True)
            ],
            "contract_version": CONTRACT_VERSION,
        }
    )
