"""The command `lead-pipeline`: one file a group of commands, and the boundary at which errors become words."""

import signal
import sys

import typer
from rich.console import Console

from lead_pipeline.cli import (
    c2s,
    credentials,
    database,
    deliveries,
    demo,
    destinations,
    drift,
    imports,
    intake,
    keys,
    ledger,
    managers,
    platforms,
    preview,
    quarantine,
    replay,
    rules,
    runs,
    sandbox,
    suppliers,
    trace,
    up,
    vendors,
    workspaces,
)
from lead_pipeline.errors import LeadPipelineError

INTERRUPTED = 128 + signal.SIGINT
app = typer.Typer(
    help="Leads from vendors and files: validated, scored, routed, enriched and uploaded.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("import")(imports.import_file)
app.command("trace")(trace.trace)
app.command("replay")(replay.replay)
app.command("runs")(runs.runs)
app.command("drift")(drift.drift)
app.command("intake")(intake.intake)
app.command("preview")(preview.preview)
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(rules.app, name="rules")
app.add_typer(workspaces.app, name="workspaces")
app.add_typer(suppliers.app, name="suppliers")
app.add_typer(keys.app, name="keys")
app.add_typer(destinations.app, name="destinations")
app.add_typer(ledger.app, name="ledger")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(managers.app, name="managers")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(vendors.app, name="vendors")
app.add_typer(c2s.app, name="c2s")
app.add_typer(platforms.app, name="platforms")
app.add_typer(credentials.app, name="credentials")
app.add_typer(database.app, name="db")


def main() -> None:
    """Run a command. Our own errors are one message and exit code 1; Ctrl-C is 130, with nothing lost."""
    words = Console(stderr=True, soft_wrap=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leaves every context on the way out
    try:
        app()
    except LeadPipelineError as error:
        words.print(f"{type(error).__name__}: {error}", style="red", markup=False, highlight=False)
        sys.exit(1)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # how typer ends a command at Ctrl-C
            words.print("Stopped. What was committed stays; run the same command again to go on.")
        raise
