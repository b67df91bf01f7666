"""The command `lead-pipeline`: one file a group of commands, and the boundary at which errors become words."""

import signal
import sys
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from lead_pipeline.errors import LeadPipelineError

INTERRUPTED = 128 + signal.SIGINT
COMMANDS = {
    "demo": "demo:demo",
    "up": "up:up",
    "import": "imports:import_file",
    "trace": "trace:trace",
    "replay": "replay:replay",
    "runs": "runs:runs",
    "drift": "drift:drift",
    "intake": "intake:intake",
    "preview": "preview:preview",
    "sandbox": "sandbox:app",
    "rules": "rules:app",
    "workspaces": "workspaces:app",
    "suppliers": "suppliers:app",
    "keys": "keys:app",
    "destinations": "destinations:app",
    "ledger": "ledger:app",
    "deliveries": "deliveries:app",
    "managers": "managers:app",
    "quarantine": "quarantine:app",
    "vendors": "vendors:app",
    "c2s": "c2s:app",
    "platforms": "platforms:app",
    "credentials": "credentials:app",
    "db": "database:app",
}
"""Where each command is: the file, and what in it: a function, or a group of commands."""


class _OnDemand(TyperGroup):
    """Imports the file of the command that is asked for: all of them together take seconds.

    Contexts and commands are typer's own copy of click's, which has no public name.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        file, _, what = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"lead_pipeline.cli.{file}"), what)
        around = typer.Typer(add_completion=False)
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=cmd_name)
        else:
            around.command(cmd_name)(found)
        return typer.main.get_group(around).commands[cmd_name]


app = typer.Typer(
    cls=_OnDemand,
    help="Leads from vendors and files: validated, scored, routed, enriched and uploaded.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    callback=lambda: None,  # typer makes no group of an app that has neither commands nor this
)


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
