"""`lead-pipeline import`: a CSV file into a workspace, with its summary and its failed rows."""

import csv
import json
from pathlib import Path

import typer

from lead_pipeline.cli.session import command_run, migrated, settings
from lead_pipeline.cli.tables import share_progress, show, stdout
from lead_pipeline.errors import FileRefused
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import LandedFile, Reading, land_csv
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import read_drop
from lead_pipeline.store.leads import quarantined_of_drop
from lead_pipeline.store.upload_jobs import job_of_drop, routing_of_drop

_console = stdout()


def import_file(
    file: Path = typer.Argument(..., help="A CSV file: UTF-8, UTF-16 or latin-1; any of , ; tab |"),
    *,
    workspace: str = typer.Option(..., "--workspace", "-w", help="Slug or id of the workspace that receives it."),
    columns: list[str] = typer.Option([], "--map", help="canonical=File column, such as email='E-mail address'."),
    encoding: str = typer.Option(None, help="Found by itself where it is not given."),
    delimiter: str = typer.Option(None, help="Found by itself where it is not given."),
    failed_rows: Path = typer.Option(None, help="Write the refused rows with their reasons to this CSV file."),
) -> None:
    """Validate, de-duplicate, score and route the rows of a file. The same file twice adds nothing."""
    if failed_rows is not None and (failed_rows.is_dir() or not failed_rows.parent.is_dir()):
        raise FileRefused(f"--failed-rows {failed_rows} cannot be written. Name a file in a folder that is there.")
    reading = Reading(encoding, delimiter, _pairs(columns))
    run, chosen = command_run("import"), settings()
    with migrated(chosen) as url:
        landed = land_csv(url, chosen.blobs, file, workspace, reading=reading, run=run)
        with connect(url, autocommit=True) as conn:
            is_finished = read_drop(conn, landed.drop_id).stage == "routed"
        if not landed.is_new and is_finished:
            _console.print("This file was imported before, read in the same way: nothing was added.")
        else:
            if not landed.is_new:
                _console.print("This file was begun before: going on where that import stopped.")
            with share_progress(_console) as progress:
                task = progress.add_task(file.name, total=1.0)
                import_csv(
                    url,
                    chosen.blobs,
                    landed.drop_id,
                    run,
                    progress=lambda share: progress.update(task, completed=share),
                )
                progress.update(task, completed=1.0)
        _summarise(url, landed, failed_rows)


def _pairs(entries: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for entry in entries:
        canonical, equals, column = (part.strip() for part in entry.partition("="))
        if not equals or not canonical or not column:
            raise FileRefused(f"--map {entry!r} is not canonical=column. For example: --map email=Email")
        if canonical in pairs:
            raise FileRefused(f"--map {entry!r}: {canonical} is {pairs[canonical]!r} already. Name one column for it.")
        pairs[canonical] = column
    return pairs


def _summarise(url: str, landed: LandedFile, failed_rows: Path | None) -> None:
    with connect(url, autocommit=True) as conn:
        job, routing = job_of_drop(conn, landed.drop_id), routing_of_drop(conn, landed.drop_id)
        refused = quarantined_of_drop(conn, landed.drop_id) if failed_rows is not None else None
    columns = ", ".join(f"{canonical} <- {column}" for canonical, column in landed.match.mapping.items())
    _console.print(f"job {job.job_id}, drop {job.drop_id}. Columns: {columns}", highlight=False, markup=False)
    if landed.match.unmatched:
        _console.print(f"kept as attributes: {', '.join(landed.match.unmatched)}", highlight=False, markup=False)
    show(
        _console,
        f"Import {job.status}",
        ("total", "successful", "duplicate", "failed"),
        [(job.total_records, job.successful_records, job.duplicate_records, job.failed_records)],
    )
    show(_console, "Routing of the new leads", ("workspace", "leads"), routing.items())
    if failed_rows is not None and refused is not None:
        _write_refused(failed_rows, [tuple(row) for row in refused.itertuples(index=False)])
        _console.print(f"{len(refused)} refused rows in {failed_rows}", markup=False)
    elif job.failed_records:
        _console.print(f"To see the {job.failed_records} refused rows, run it again with --failed-rows failed.csv")


def _write_refused(path: Path, rows: list[tuple[int, str, str]]) -> None:
    """One line a row: its number in the file from 1, its reasons, then its cells. Line 1 of a file is its header."""
    cells = [json.loads(row) for _, row, _ in rows]
    names = list(dict.fromkeys(name for row in cells for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "reasons", *names])
        for (row_no, _, reasons), row in zip(rows, cells, strict=True):
            words = "; ".join(
                " ".join(str(part) for part in (r["column"], r["check"], r["value"]) if part is not None)
                for r in json.loads(reasons)
            )
            writer.writerow([row_no + 1, words, *(row.get(name, "") for name in names)])
