"""`lead-pipeline rules`: routing rules from files."""

from pathlib import Path

import typer

from lead_pipeline.cli.session import connected
from lead_pipeline.cli.tables import stdout
from lead_pipeline.steps.load_rules import load_rules

app = typer.Typer(help="Routing rules.", no_args_is_help=True)
_console = stdout()


@app.callback()
def _group() -> None:
    """Keep `load` a sub-command while it is the only one."""


@app.command()
def load(
    file: Path = typer.Argument(..., help="YAML or JSON; see docs/rules.md."),
    workspace: str = typer.Option(None, help="Slug or id; the file's own by default."),
    replace: bool = typer.Option(False, "--replace", help="Remove rules that the file does not name."),
) -> None:
    """Check a rules file and put it in force, all of it or nothing."""
    with connected() as conn:
        loaded = load_rules(conn, file, workspace=workspace, replace=replace)
    for warning in loaded.warnings:
        _console.print(f"warning: {warning}", style="yellow", markup=False, highlight=False)
    done = loaded.changes
    _console.print(
        f"{done.added} added, {done.changed} changed, {done.removed} removed, {done.unchanged} unchanged: "
        f"rule set version {loaded.rule_set_version} is in force"
    )
