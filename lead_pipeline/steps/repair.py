"""Waiting rows, edited, validated again and let in: a repair is itself a drop, and every row enters at most once.

One transaction locks the rows, lands the drop that holds them as they are now, decides it like any other, and settles
them. How a row is edited is said by a `Repair`, made here for recipes and retries and in `repair_file` for files.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.webhook_rows import EVENT_COLUMNS, repair_rows
from lead_pipeline.errors import ContractBroken
from lead_pipeline.steps.decide_events import decide_drops
from lead_pipeline.steps.recipes import Cells, edit_by_columns, edits_by_sql, load_recipe
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_rows import validate_rows
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Drop, Landing, land, lock_drops
from lead_pipeline.store.quarantine import (
    Key,
    QuarantinedRow,
    ReasonMatch,
    RowFilter,
    keys_by_workspace,
    lock_waiting,
    settle_repaired,
)
from lead_pipeline.store.workspaces import workspace_id

ROWS_AT_ONCE = 5_000
_SHOWN = 5
Reasons = list[dict[str, Any]]


@dataclass(frozen=True)
class Repair:
    """Rows by workspace id and how they are edited. `by` settles them; `about` goes into the drop's headers."""

    by: str
    about: Mapping[str, Any]
    keys: Mapping[str, Sequence[Key]]
    edit: Callable[[Sequence[QuarantinedRow]], list[Cells]]


@dataclass(frozen=True)
class Edited:
    """One row that passes now: its columns that changed, before and after."""

    key: Key
    changes: dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True)
class Outcome:
    """What a repair came to. `failing` still wait, with the reasons that they have now; `settled` were so before."""

    counts: Accounting = field(default_factory=Accounting)
    failing: list[tuple[Key, Reasons]] = field(default_factory=list)
    settled: list[Key] = field(default_factory=list)
    shown: list[Edited] = field(default_factory=list)
    drop_ids: list[int] = field(default_factory=list)

    @property
    def repaired(self) -> int:
        return self.counts.accepted + self.counts.duplicate

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.counts + other.counts,
            self.failing + other.failing,
            self.settled + other.settled,
            (self.shown + other.shown)[:_SHOWN],
            self.drop_ids + other.drop_ids,
        )


def by_recipe(url: str, name_or_file: str, meant: RowFilter) -> Repair:
    """The repair by a built-in recipe or a recipe file, of those of the rows meant that the recipe is for."""
    recipe, text = load_recipe(name_or_file)
    where = recipe.where
    with connect(url) as conn:
        meant &= RowFilter(
            workspace_ids=(workspace_id(conn, where.workspace),) if where.workspace else (),
            sources=(where.source,) if where.source else (),
            reasons=(ReasonMatch(where.check, where.column),),
        )
        keys = keys_by_workspace(conn, meant)
    about = {"recipe": recipe.name, "text": text}
    if recipe.columns is not None:
        changes = recipe.columns
        return Repair(f"recipe {recipe.name}", about, keys, lambda rows: edit_by_columns(changes, rows))
    edits = edits_by_sql(url, recipe, meant)
    kept = {owner: [key for key in of if key in edits] for owner, of in keys.items()}
    return Repair(f"recipe {recipe.name}", about, kept, lambda rows: [edits[row.key] for row in rows])


def as_they_are(url: str, meant: RowFilter) -> Repair:
    """The retry of rows without any edit: what refused them may be mended by now."""
    with connect(url) as conn:
        return Repair("retry", {"retry": True}, keys_by_workspace(conn, meant), lambda rows: [row.row for row in rows])


def repair(url: str, wanted: Repair, run: Run, *, dry_run: bool = False) -> Outcome:
    """Let in what passes now, ROWS_AT_ONCE of a workspace in a transaction. With `dry_run` all of it is undone."""
    outcome = Outcome()
    with connect(url) as conn:
        for owner, keys in wanted.keys.items():
            for start in range(0, len(keys), ROWS_AT_ONCE):
                with conn.transaction(force_rollback=dry_run):
                    outcome += _repair_some(conn, owner, keys[start : start + ROWS_AT_ONCE], wanted, run)
    return outcome


def _repair_some(conn: psycopg.Connection, owner: str, keys: Sequence[Key], wanted: Repair, run: Run) -> Outcome:
    rows = lock_waiting(conn, keys)
    waiting = {row.key for row in rows}
    settled = [key for key in keys if key not in waiting]
    if not rows:
        return Outcome(settled=settled)
    lines = [_line(row, cells) for row, cells in zip(rows, wanted.edit(rows), strict=True)]
    reasons = _refused(rows, lines, run)
    failing = [(rows[place].key, why) for place, why in sorted(reasons.items())]
    passing = [place for place in range(len(rows)) if place not in reasons]
    if not passing:
        return Outcome(Accounting(quarantined=len(failing)), failing, settled)
    drop_id, counts = _let_in(conn, owner, [lines[place] for place in passing], wanted, run)
    linked = settle_repaired(conn, [rows[place].key for place in passing], repair_drop=drop_id, by=wanted.by)
    if linked != len(passing):
        raise ContractBroken(
            f"{linked} of {len(passing)} repaired rows came to a lead in drop {drop_id}; none was repaired. "
            "Mend decide_drops: it refused what validate_rows had let pass."
        )
    shown = [Edited(rows[place].key, _changes(rows[place].row, lines[place])) for place in passing[:_SHOWN]]
    return Outcome(counts + Accounting(quarantined=len(failing)), failing, settled, shown, [drop_id])


def _line(row: QuarantinedRow, cells: Cells) -> bytes:
    """The row as the drop's body has it: what repairs it is on record, and a replay reads just this."""
    filled = {name: cells[name] for name in EVENT_COLUMNS if cells.get(name) is not None}
    return json.dumps({"drop_id": row.drop_id, "row_no": row.row_no, "row": filled}).encode()


def refused_after(rows: Sequence[QuarantinedRow], edited: Sequence[Cells], run: Run) -> dict[int, Reasons]:
    """Place of each row that would not pass, edited so, to why. Asks no store; workspaces may be mixed."""
    by_country: dict[str | None, list[int]] = {}
    for place, row in enumerate(rows):
        by_country.setdefault(row.workspace_country, []).append(place)
    reasons: dict[int, Reasons] = {}
    for places in by_country.values():
        some = [rows[place] for place in places]
        found = _refused(some, [_line(rows[place], edited[place]) for place in places], run)
        reasons |= {places[place]: why for place, why in found.items()}
    return reasons


def _refused(rows: Sequence[QuarantinedRow], lines: Sequence[bytes], run: Run) -> dict[int, Reasons]:
    """Place of each line that does not pass to why, read and validated just as the drop will be."""
    read = pd.DataFrame(repair_rows(b"\n".join(lines)), columns=list(EVENT_COLUMNS)).astype("str")
    numbered = read.assign(drop_id=np.int64(0), row_no=np.arange(len(read), dtype="int64"))
    refused = validate_rows(numbered, [_draft(rows[0], run)]).quarantined
    reasons: dict[int, Reasons] = {
        int(place): json.loads(why) for place, why in zip(refused["row_no"], refused["reasons"], strict=True)
    }
    blank = read.isna().all(axis="columns")
    unread = [place for place in reasons if blank[place] and set(rows[place].row) == {"text"}]
    return reasons | {place: rows[place].reasons for place in unread}  # a line that nobody has put into columns yet


def _draft(row: QuarantinedRow, run: Run) -> Drop:
    """The drop that is not landed yet, as far as validation asks about it."""
    now = run.clock()
    return Drop(
        0,
        "repair",
        "repair",
        None,
        row.workspace_id,
        row.workspace_country,
        {},
        None,
        None,
        now.date(),
        now,
        "landed",
        0,
    )


def _let_in(
    conn: psycopg.Connection, owner: str, lines: Sequence[bytes], wanted: Repair, run: Run
) -> tuple[int, Accounting]:
    body, now = b"\n".join(lines) + b"\n", run.clock()
    digest = hashlib.sha256(body).hexdigest()
    drop_id, _ = land(
        conn,
        Landing(
            source="repair",
            kind="repair",
            external_id=digest,
            workspace_id=owner,
            day=now.date(),
            received_at=now,
            body_sha256=digest,
            body=body,
            headers={"repair": dict(wanted.about), "run_id": run.run_id},
        ),
    )
    return drop_id, decide_drops(conn, lock_drops(conn, [drop_id], stage="landed"), run)


def _changes(before: Mapping[str, Any], line: bytes) -> dict[str, tuple[str | None, str | None]]:
    after = json.loads(line)["row"]
    names = [*(name for name in EVENT_COLUMNS if before.get(name) != after.get(name)), *({"text"} & set(before))]
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) or after.get(name)}
