"""`lead-pipeline quarantine`: the rows that were refused, why, and letting them in once they are right."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lead_pipeline.cli.quarantine_report import show_outcome, show_retried
from lead_pipeline.cli.session import command_run, migrated, settings
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.errors import NotFound, RepairRefused
from lead_pipeline.steps.repair import as_they_are, by_recipe, repair
from lead_pipeline.steps.repair_file import by_file, export_rows, words_of
from lead_pipeline.steps.retry_drops import retry_drops
from lead_pipeline.steps.suggest_repairs import waiting_reasons
from lead_pipeline.store.connections import connect
from lead_pipeline.store.quarantine import (
    STATUSES,
    ReasonMatch,
    RowFilter,
    discard_rows,
    quarantined_rows,
)
from lead_pipeline.store.workspaces import workspace_id

app = typer.Typer(help="Rows that were refused: list, show, export, repair, discard, retry.", no_args_is_help=True)
_console = stdout()
_TAKES_MINUS_ONE = {"ignore_unknown_options": True}

Workspace = Annotated[str | None, typer.Option("--workspace", "-w", help="Slug or id of the workspace.")]
Check = Annotated[str | None, typer.Option("--check", help="How the reason begins, such as not_a_number.")]
Column = Annotated[str | None, typer.Option("--column", help="Column that the reason is about, such as revenue.")]
Source = Annotated[str | None, typer.Option("--source", help="Who sent it, such as csv or datashopper.")]
All = Annotated[bool, typer.Option("--all", help="Every waiting row, where no filter is given.")]


@app.command("list")
def list_(
    *,
    workspace: Workspace = None,
    check: Check = None,
    column: Column = None,
    source: Source = None,
    status: Annotated[str, typer.Option(help="waiting, repaired, discarded or all.")] = "waiting",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Rows to show.")] = 20,
) -> None:
    """Count the rows by reason, with the command that repairs them, then list them."""
    if status not in (*STATUSES, "all"):
        raise RepairRefused(f"status {status!r} is none of {', '.join(STATUSES)}, all.")
    with migrated() as url:
        meant = _meant(url, workspace, check, column, source, status=None if status == "all" else status)
        options = [*(["--workspace", workspace] if workspace else []), *(["--source", source] if source else [])]
        run = command_run("quarantine")
        reasons = waiting_reasons(url, meant, run, options=options, suggest=status == "waiting")
        with connect(url) as conn:
            rows = quarantined_rows(conn, meant, limit=limit)
    if not rows:
        _console.print("No such row is quarantined." if status != "waiting" else "No such row waits.")
        return
    show(
        _console,
        f"Reasons ({status})",
        ("check", "column", "rows", "oldest"),
        ((one.check, one.column, one.rows, _time(one.oldest)) for one in reasons),
    )
    for command in dict.fromkeys(command for one in reasons for command in one.commands):
        _console.print(command, markup=False, highlight=False, soft_wrap=True)
    show(
        _console,
        "Rows",
        ("drop", "row", "workspace", "source", "status", "reasons"),
        ((str(r.drop_id), str(r.row_no), r.workspace, r.source, r.status, words_of(r.reasons)[:200]) for r in rows),
    )


@app.command("show", context_settings=_TAKES_MINUS_ONE)
def show_(
    drop_id: int = typer.Argument(..., help="As in the list."),
    row_no: int = typer.Argument(..., help="As in the list; -1 where the drop was refused whole."),
) -> None:
    """Show one row whole: its cells, every reason, its drop and what became of it."""
    with migrated() as url, connect(url) as conn:
        found = quarantined_rows(conn, RowFilter(keys=((drop_id, row_no),), status=None))
    if not found:
        raise NotFound(f"no row {row_no} of drop {drop_id} is quarantined. See: lead-pipeline quarantine list")
    (row,) = found
    cells = ((name, cell if isinstance(cell, str) else json.dumps(cell)) for name, cell in row.row.items())
    show(_console, f"Row {row_no} of drop {drop_id}", ("column", "cell"), cells)
    reasons = ((reason["column"], reason["check"], reason["value"]) for reason in row.reasons)
    show(_console, "Reasons", ("column", "check", "value"), reasons)
    facts = {
        "workspace": row.workspace,
        "source": row.source,
        "status": row.status,
        "quarantined": _time(row.quarantined_at),
        "settled": _time(row.settled_at) if row.settled_at else None,
        "by": row.settled_by,
        "repair drop": row.repair_drop_id and str(row.repair_drop_id),
        "lead": row.repaired_lead_id,
    }
    show(_console, "History", ("what", "value"), ((name, value) for name, value in facts.items() if value is not None))


@app.command()
def export(
    file: Path = typer.Argument(..., help="CSV file to write."),
    *,
    workspace: Workspace = None,
    check: Check = None,
    column: Column = None,
    source: Source = None,
    force: bool = typer.Option(False, "--force", help="Replace the file where it is there."),
) -> None:
    """Write waiting rows to a CSV file, to be corrected and handed to `repair`."""
    with migrated() as url:
        rows = export_rows(url, file, _meant(url, workspace, check, column, source), force=force)
    _console.print(
        f"{rows:,} rows in {file}. Correct them, then: lead-pipeline quarantine repair {file}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command("repair")
def repair_(
    file: Path = typer.Argument(None, help="A corrected export."),
    *,
    recipe: str = typer.Option(None, help="A built-in recipe by its name, or a recipe file (.yaml)."),
    workspace: Workspace = None,
    check: Check = None,
    column: Column = None,
    source: Source = None,
    everything: All = False,
    dry_run: bool = typer.Option(False, "--dry-run", help="Show what would change, and change nothing."),
) -> None:
    """Let waiting rows in, as a corrected file or a recipe leaves them. What fails again waits on, untouched."""
    filters = (workspace, check, column, source)
    if (file is None) == (recipe is None):
        raise RepairRefused("give either a corrected FILE.csv or --recipe NAME. Recipes: docs/data-quality.md")
    if file is not None and (any(filters) or everything):
        raise RepairRefused("a file names its rows itself: leave the filters out.")
    problems: Sequence[str] = ()
    with migrated() as url:
        if file is not None:
            edited = by_file(url, file)
            wanted, problems = edited.repair, edited.problems
        else:
            wanted = by_recipe(url, recipe, _meant(url, *filters, everything=everything, needs_some=True))
        outcome = repair(url, wanted, command_run("repair"), dry_run=dry_run)
    show_outcome(_console, outcome, problems, dry_run=dry_run)


@app.command(context_settings=_TAKES_MINUS_ONE)
def discard(
    rows: list[int] = typer.Argument(None, help="DROP_ID ROW_NO...: some rows of one drop."),
    *,
    reason: str = typer.Option(..., help="Why; it is kept with the rows."),
    workspace: Workspace = None,
    check: Check = None,
    column: Column = None,
    source: Source = None,
    everything: All = False,
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
) -> None:
    """Settle waiting rows as never to be let in. They are kept, with the reason."""
    if not reason.strip():
        raise RepairRefused("--reason is blank: say why, for whoever asks later.")
    if rows and len(rows) == 1:
        raise RepairRefused("DROP_ID alone names no row: add its ROW_NO, as in the list.")
    keys = tuple((rows[0], row_no) for row_no in rows[1:]) if rows else None
    with migrated() as url:
        meant = _meant(url, workspace, check, column, source, keys=keys, everything=everything, needs_some=True)
        with connect(url) as conn:
            waiting = len(quarantined_rows(conn, meant))
        if not waiting:
            _console.print("No such row waits: nothing was discarded.")
            return
        if not yes:
            typer.confirm(f"Discard {waiting:,} waiting rows?", abort=True)
        with connect(url) as conn:
            done = discard_rows(conn, meant, reason=reason.strip())
    _console.print(f"{done:,} rows discarded: {reason.strip()}", markup=False, highlight=False)


@app.command()
def retry(
    *,
    workspace: Workspace = None,
    check: Check = None,
    column: Column = None,
    source: Source = None,
    everything: All = False,
) -> None:
    """Try rows and drops again just as they are, after what refused them was mended on our side."""
    run, chosen = command_run("retry"), settings()
    with migrated(chosen) as url:
        meant = _meant(url, workspace, check, column, source, everything=everything, needs_some=True)
        retried = retry_drops(url, meant, run, workspace=chosen.webhook_workspace)
        outcome = repair(url, as_they_are(url, meant), run)
    show_retried(_console, retried)
    show_outcome(_console, outcome, ())


def _meant(
    url: str,
    workspace: str | None,
    check: str | None,
    column: str | None,
    source: str | None,
    *,
    keys: tuple[tuple[int, int], ...] | None = None,
    status: str | None = "waiting",
    everything: bool = False,
    needs_some: bool = False,
) -> RowFilter:
    with connect(url) as conn:
        meant = RowFilter(
            workspace_ids=(workspace_id(conn, workspace),) if workspace else (),
            sources=(source,) if source else (),
            reasons=(ReasonMatch(check, column),) if check or column else (),
            keys=keys,
            status=status,
        )
    if needs_some and meant.names_nothing and not everything:
        raise RepairRefused("no filter is given: narrow it (--workspace, --check, --column, --source), or add --all.")
    return meant


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
