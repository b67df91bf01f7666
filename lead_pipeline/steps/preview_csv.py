"""What a file would bring into a workspace, by the very decisions of an import. Reads only: nothing is written.

A row is new, the same as a lead that is known, changed, or refused. An import keeps a known lead as it is and records
that it was seen again, so `changed` says what the file knows otherwise.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.domain.csv_rows import CsvChunk, read_chunks
from lead_pipeline.domain.headers import to_canonical
from lead_pipeline.steps.decide import assign
from lead_pipeline.steps.land_csv import ReadableFile
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_rows import refused_rows, validate_rows
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Drop
from lead_pipeline.store.known_leads import CONTACT_COLUMNS, known_leads
from lead_pipeline.store.workspaces import workspace_list

SHOWN = 20
_CHUNK_ROWS, _SMALLEST_CHUNK, _CHUNK_BYTES = 2_000, 20, 1 << 20


@dataclass
class Preview:
    """Rows by what would become of them: total = new + same + changed + refused.

    `routing`: new leads per destination workspace (slug). `errors`: the first SHOWN refused rows, each `row` (from 1)
    and `reasons`; `changes`: the first SHOWN changed ones, each `row` and `columns`.
    """

    new: int = 0
    same: int = 0
    changed: int = 0
    refused: int = 0
    routing: dict[str, int] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.new + self.same + self.changed + self.refused


def preview_csv(url: str, file: ReadableFile, workspace: str, country: str | None, run: Run) -> Preview:
    """What importing the file into a workspace (id, country) would do now."""
    done, known, destinations = Preview(), _no_leads(), pd.Series(dtype="int64")
    drop = _drop(workspace, country, run.clock())
    with connect(url) as conn:
        conn.read_only = True
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for chunk in _chunks(file):
            rows = to_canonical(chunk.rows, file.match).assign(drop_id=np.int64(drop.drop_id), row_no=chunk.row_no)
            valid = validate_rows(rows, [drop])
            bad = refused_rows([(drop.drop_id, row.row_no, row.reason, row.text) for row in chunk.bad])
            _refuse(done, pd.concat([valid.quarantined, bad]))
            known = pd.concat([known, _unseen(conn, workspace, valid.leads, known)])
            leads = valid.leads
            is_new = ~(leads["fingerprint"].isin(known.index) | leads["fingerprint"].duplicated())
            new = leads[is_new]
            known = pd.concat([known, _contacts(new).set_index(new["fingerprint"])])
            _compare(done, leads[~is_new], known)
            done.new += len(new)
            sent = assign(conn, new, run)["destination_id"].value_counts()
            destinations = destinations.add(sent, fill_value=0)
        slugs = {row[4]: row[0] for row in workspace_list(conn)}
    counts = destinations.astype("int64").rename(slugs).sort_index().sort_values(ascending=False, kind="stable")
    done.routing = {str(slug): int(count) for slug, count in counts.items()}
    return done


def _chunks(file: ReadableFile) -> Iterator[CsvChunk]:
    """Few rows at a time where they are long, so that memory is bounded by bytes."""
    size = file.stream.seek(0, 2)
    fitting = _CHUNK_BYTES * (file.rows or 1) // max(1, size)
    return read_chunks(
        file.stream, file.dialect, chunk_rows=min(_CHUNK_ROWS, max(_SMALLEST_CHUNK, fitting)), start_row=0
    )


def _drop(workspace: str, country: str | None, now: datetime) -> Drop:
    """The drop that the file would become, for what validation reads of it."""
    return Drop(0, "csv", "csv", None, workspace, country, {}, None, None, now.date(), now, "landed", 0)


def _refuse(done: Preview, quarantined: pd.DataFrame) -> None:
    done.refused += len(quarantined)
    shown = quarantined.sort_values("row_no").head(SHOWN - len(done.errors))
    done.errors += [
        {"row": int(row_no) + 1, "reasons": json.loads(reasons)}
        for row_no, reasons in zip(shown["row_no"], shown["reasons"], strict=True)
    ]


def _unseen(conn: psycopg.Connection, workspace: str, leads: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Those of the leads that the store knows and no earlier chunk has met."""
    fingerprints = leads["fingerprint"].drop_duplicates()
    return known_leads(conn, workspace, fingerprints[~fingerprints.isin(known.index)].tolist())


def _compare(done: Preview, leads: pd.DataFrame, known: pd.DataFrame) -> None:
    """Count known leads as same or changed. A cell that is empty in the file says nothing."""
    if leads.empty:
        return
    given = _contacts(leads)
    stored = known.loc[leads["fingerprint"]].set_axis(leads.index)
    differs = given.notna() & (given.fillna("") != stored.fillna(""))
    is_changed = differs.any(axis="columns")
    done.changed += int(is_changed.sum())
    done.same += int((~is_changed).sum())
    shown = leads[is_changed].sort_values("row_no").head(SHOWN - len(done.changes))
    done.changes += [
        {"row": int(row_no) + 1, "columns": [name for name in CONTACT_COLUMNS if differs.at[index, name]]}
        for index, row_no in shown["row_no"].items()
    ]


def _contacts(leads: pd.DataFrame) -> pd.DataFrame:
    return leads[list(CONTACT_COLUMNS)].astype("str")


def _no_leads() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in CONTACT_COLUMNS}, index=pd.Index([], dtype="str"))
