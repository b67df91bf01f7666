"""`lead-pipeline workspaces`: who owns leads."""

import typer
from rich.console import Console

from lead_pipeline.cli.session import migrated
from lead_pipeline.cli.tables import show
from lead_pipeline.errors import SettingsError
from lead_pipeline.store.connections import connect
from lead_pipeline.store.workspaces import save_workspace, workspace_list

app = typer.Typer(help="Workspaces: add, list.", no_args_is_help=True)
_console = Console()


@app.command()
def add(
    slug: str = typer.Argument(..., help="Short name: lower-case letters, digits and hyphens."),
    name: str = typer.Option(None, help="Name to show; the slug by default."),
    plan: str = typer.Option("free", help="free or pro."),
    country: str = typer.Option(None, help="ISO code of the country that its leads mostly come from."),
) -> None:
    """Add a workspace, or bring one of that slug up to date."""
    if plan not in ("free", "pro"):
        raise SettingsError(f"plan {plan!r} is neither free nor pro.")
    with migrated() as url, connect(url, autocommit=True) as conn:
        _console.print(f"{slug}: {save_workspace(conn, slug=slug, name=name or slug, plan=plan, country=country)}")


@app.command("list")
def list_() -> None:
    """List every workspace."""
    with migrated() as url, connect(url, autocommit=True) as conn:
        show(_console, "Workspaces", ("slug", "name", "plan", "country", "id"), workspace_list(conn))
