"""`lead-pipeline destinations`: who is told of a workspace's own leads. Addresses are read from standard input."""

import sys
from datetime import UTC, datetime

import typer

from lead_pipeline.cli.session import connected, settings
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.errors import SettingsError
from lead_pipeline.steps.workspace_destinations import save_workspace_destination
from lead_pipeline.store.destinations import Team, remove_destination
from lead_pipeline.store.operator_destinations import operator_destinations
from lead_pipeline.store.sealed import credential_seal
from lead_pipeline.store.workspaces import workspace_id

app = typer.Typer(help="Who is told of a workspace's leads: e-mail, SMS, Slack, webhooks.", no_args_is_help=True)
_console = stdout()
_COLUMNS = ("id", "channel", "address", "told of", "status", "failing since")


@app.command()
def add(
    workspace: str = typer.Argument(..., help="Slug or id."),
    channel: str = typer.Argument(..., help="email, sms, slack or webhook."),
    *,
    address: str = typer.Option(None, help="E-mail address, or number; URLs are read from standard input."),
    kinds: str = typer.Option("new_lead,hot_lead,routed_leads", help="What it is told of, commas between."),
    name: str = typer.Option("", help="Tells two of one channel apart; the same name is the same destination."),
) -> None:
    """Tell its leads to an address from now on. What was over before is not told."""
    given = address if address is not None else sys.stdin.readline().strip()
    if not given:
        raise SettingsError("no address: give --address, or write the URL to standard input.")
    chosen = settings()
    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    with connected() as conn, conn.transaction():
        saved = save_workspace_destination(
            conn,
            workspace_id(conn, workspace),
            channel,
            given,
            kinds=wanted,
            seal=credential_seal(chosen),
            settings=chosen,
            now=datetime.now(UTC),
            name=name,
        )
    _console.print(saved.destination_id, markup=False, highlight=False)
    if saved.secret is not None:
        _console.print(f"secret, shown this once: {saved.secret}", markup=False, highlight=False)


@app.command("list")
def list_(workspace: str = typer.Argument(..., help="Slug or id.")) -> None:
    """Show them, addresses masked."""
    with connected() as conn:
        found = operator_destinations(conn, workspace_id(conn, workspace))
    rows = [
        (one.destination_id, one.channel, one.shown, ", ".join(one.kinds), one.status, one.failing_since)
        for one in found
    ]
    show(_console, f"Destinations of {workspace}", _COLUMNS, rows)


@app.command()
def remove(
    workspace: str = typer.Argument(..., help="Slug or id."),
    destination: str = typer.Argument(..., help="Id, as `list` shows it."),
) -> None:
    """Tell it nothing more. What it was told stays in the history."""
    with connected() as conn:
        remove_destination(conn, Team(workspace_id(conn, workspace), None), destination, datetime.now(UTC))
    _console.print("It is told nothing more.")
