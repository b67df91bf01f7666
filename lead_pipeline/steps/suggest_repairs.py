"""Why rows wait, and the command that repairs them: the built-in recipes are tried on a sample. Repairs nothing."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.contracts.recipes import Recipe
from lead_pipeline.steps.recipes import Cells, built_in_recipes, edit_by_columns, edits_by_sql
from lead_pipeline.steps.repair import refused_after
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.quarantine import (
    QuarantinedRow,
    ReasonCount,
    ReasonMatch,
    RowFilter,
    quarantined_rows,
    reason_counts,
)

SAMPLE = 100
_WHOLE = -1
_COMMAND = "lead-pipeline quarantine"


@dataclass(frozen=True)
class WaitingReason:
    """Rows that wait for one reason. `commands` repair them, the best first; a row may be in several reasons."""

    check: str
    column: str | None
    rows: int
    oldest: datetime
    commands: tuple[str, ...]


def waiting_reasons(
    url: str, meant: RowFilter, run: Run, *, options: Sequence[str] = (), suggest: bool = True
) -> list[WaitingReason]:
    """The reasons of the rows meant, most frequent first. `options` (--workspace ...) go into the commands."""
    with connect(url) as conn:
        return [
            WaitingReason(
                reason.check,
                reason.column,
                reason.rows,
                reason.oldest,
                _commands(url, conn, meant & _about(reason), run, _options(reason, options)) if suggest else (),
            )
            for reason in reason_counts(conn, meant)
        ]


def _about(reason: ReasonCount) -> RowFilter:
    return RowFilter(reasons=(ReasonMatch(reason.check, reason.column),))


def _options(reason: ReasonCount, options: Sequence[str]) -> str:
    return shlex.join(["--check", reason.check, *(["--column", reason.column] if reason.column else []), *options])


def _commands(url: str, conn: psycopg.Connection, meant: RowFilter, run: Run, options: str) -> tuple[str, ...]:
    sample = quarantined_rows(conn, meant, limit=SAMPLE)
    conn.commit()
    if any(row.row_no == _WHOLE for row in sample):
        return (f"{_COMMAND} retry {options}",)
    passing: Counter[str] = Counter()
    left = sample
    for recipe, rows, cells in _tries(url, meant, sample):
        still = {row.key for row in left}
        both = [(row, edited) for row, edited in zip(rows, cells, strict=True) if row.key in still]
        refused = refused_after([row for row, _ in both], [edited for _, edited in both], run)
        mended = {row.key for place, (row, _) in enumerate(both) if place not in refused}
        passing[recipe.name] += len(mended)
        left = [row for row in left if row.key not in mended]
    found = [f"{_COMMAND} repair --recipe {name} {options}" for name, rows in passing.most_common() if rows]
    by_hand = f"{_COMMAND} export rows.csv {options} && {_COMMAND} repair rows.csv"
    return (*found, by_hand) if left or not found else tuple(found)


def _tries(
    url: str, meant: RowFilter, sample: Sequence[QuarantinedRow]
) -> list[tuple[Recipe, list[QuarantinedRow], list[Cells]]]:
    """Each recipe that is for some of the rows, with those rows and what it makes of them."""
    tries = []
    for recipe in built_in_recipes():
        rows = [row for row in sample if _is_for(recipe, row)]
        if not rows:
            continue
        if recipe.columns is not None:
            tries.append((recipe, rows, edit_by_columns(recipe.columns, rows)))
        else:
            edits = edits_by_sql(url, recipe, meant & RowFilter(keys=tuple(row.key for row in rows)))
            edited = [row for row in rows if row.key in edits]
            tries.append((recipe, edited, [edits[row.key] for row in edited]))
    return tries


def _is_for(recipe: Recipe, row: QuarantinedRow) -> bool:
    where = recipe.where
    return any(
        (where.check is None or str(reason["check"]).startswith(where.check))
        and (where.column is None or reason["column"] == where.column)
        for reason in row.reasons
    )
