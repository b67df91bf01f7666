"""Waiting rows as a CSV file for a person to correct, and the corrected file as a repair. Decides nothing."""

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lead_pipeline.domain.csv_dialect import dialect_of
from lead_pipeline.domain.csv_rows import read_chunks, read_header
from lead_pipeline.domain.lead_columns import RAW_JSON, RAW_TEXT
from lead_pipeline.domain.spreadsheet import fence, unfence
from lead_pipeline.errors import RepairRefused
from lead_pipeline.steps.recipes import Cells
from lead_pipeline.steps.repair import Repair
from lead_pipeline.store.connections import connect
from lead_pipeline.store.quarantine import Key, QuarantinedRow, RowFilter, quarantined_rows

KEYS = ("drop_id", "row_no")
READ_ONLY = ("reasons", "text")
EDITABLE = (*RAW_TEXT, *RAW_JSON)
_CHUNK_ROWS = 10_000


@dataclass(frozen=True)
class EditedFile:
    """`repair` of the rows that are waiting; what else stands in the file, each with what is the matter with it."""

    repair: Repair
    problems: list[str]


def words_of(reasons: Sequence[dict[str, Any]]) -> str:
    """A row's reasons on one line."""
    parts = ((r.get("column"), r.get("check"), r.get("value")) for r in reasons)
    return "; ".join(" ".join(str(part) for part in one if part is not None) for one in parts)


def export_rows(url: str, path: Path, meant: RowFilter, *, force: bool = False) -> int:
    """Write the rows to a new CSV file (UTF-8 with a mark, as spreadsheets want it). Returns how many."""
    with connect(url) as conn:
        rows = [row for row in quarantined_rows(conn, meant) if row.row_no >= 0]
    if not rows:
        raise RepairRefused("no such row: nothing was written. See: lead-pipeline quarantine list")
    try:
        with path.open("w" if force else "x", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file)
            writer.writerow([*KEYS, *READ_ONLY, *EDITABLE])
            writer.writerows(_cells(row) for row in rows)
    except FileExistsError:
        raise RepairRefused(f"{path} is there already. Name another file, or add --force to replace it.") from None
    except OSError as error:
        raise RepairRefused(
            f"{path} cannot be written: {error.strerror}. Name a file in a folder that is there."
        ) from error
    return len(rows)


def by_file(url: str, path: Path) -> EditedFile:
    """The repair by an edited export: a cell counts as it stands, an empty one as missing.

    A column that the file does not have keeps the row's own cells. Raises RepairRefused for columns that are not ours
    and for a row that stands twice; rows that do not wait and lines that cannot be read are in `problems`.
    """
    frame, numbers, problems, digest = _read(path)
    edits: dict[Key, Cells] = {}
    named = [name for name in EDITABLE if name in frame]
    for number, cells in zip(numbers, frame.to_dict("records"), strict=True):
        drop_id, row_no = (str(cells[name]).strip() for name in KEYS)
        if not all(text.isascii() and text.isdigit() and len(text) <= 18 for text in (drop_id, row_no)):
            problems.append(f"line {number}: drop_id {drop_id!r}, row_no {row_no!r} are no numbers; both are needed")
            continue
        key = int(drop_id), int(row_no)
        if key in edits:
            raise RepairRefused(
                f"{path.name}: row {row_no} of drop {drop_id} stands twice. Keep one; none was repaired."
            )
        edits[key] = {name: unfence(str(cells[name])) or None for name in named}
    with connect(url) as conn:
        known = {row.key: row for row in quarantined_rows(conn, RowFilter(keys=tuple(edits), status=None))}
    keys: dict[str, list[Key]] = {}
    for key in sorted(edits):
        row = known.get(key)
        if row is None or row.status != "waiting" or row.workspace_id is None:
            problems.append(f"row {key[1]} of drop {key[0]}: {_why_not(row)}")
        else:
            keys.setdefault(row.workspace_id, []).append(key)
    return EditedFile(
        Repair(
            f"file {path.name}",
            {"file": path.name, "sha256": digest},
            keys,
            lambda rows: [{**row.row, **edits[row.key]} for row in rows],
        ),
        problems,
    )


def _cells(row: QuarantinedRow) -> list[object]:
    own = (row.row.get(name) for name in ("text", *EDITABLE))
    texts = [cell if isinstance(cell, str) else "" if cell is None else json.dumps(cell) for cell in own]
    return [row.drop_id, row.row_no, *map(fence, [words_of(row.reasons), *texts])]


def _why_not(row: QuarantinedRow | None) -> str:
    if row is None:
        return "no such row is quarantined"
    if row.status != "waiting":
        return f"{row.status} already, by {row.settled_by}"
    return "its drop has no workspace yet: use lead-pipeline quarantine retry"


def _read(path: Path) -> tuple[pd.DataFrame, list[int], list[str], str]:
    """The file's rows by lower-case label, their lines as a spreadsheet counts, what does not fit, and its SHA-256."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            dialect = dialect_of(stream)
            labels = [label.lower() for label in read_header(stream, dialect)]
            _check_labels(path, labels)
            chunks = list(read_chunks(stream, dialect, chunk_rows=_CHUNK_ROWS))
    except OSError as error:
        raise RepairRefused(f"{path} cannot be read: {error.strerror}. Name the file that was exported.") from error
    bad = [f"line {row.row_no + 2}: {row.reason}" for chunk in chunks for row in chunk.bad]
    frames = [chunk.rows.set_axis(labels, axis="columns") for chunk in chunks]
    numbers = [int(row_no) + 2 for chunk in chunks for row_no in chunk.row_no]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=labels)
    return rows, numbers, bad, digest


def _check_labels(path: Path, labels: Sequence[str]) -> None:
    missing = [name for name in KEYS if name not in labels]
    if missing:
        raise RepairRefused(
            f"{path.name} has no column {' and no column '.join(missing)}: it says which row is meant. "
            "Begin with: lead-pipeline quarantine export FILE.csv"
        )
    known = {*KEYS, *READ_ONLY, *EDITABLE}
    unknown = [label for label in labels if label not in known]
    if unknown or len(set(labels)) < len(labels):
        raise RepairRefused(
            f"{path.name} has columns that are not ours or stand twice: {', '.join(unknown or labels)}. "
            f"There are {', '.join((*KEYS, *EDITABLE))}; reasons and text may stay. No row was changed."
        )
