"""`lead-pipeline workspaces`: who owns leads."""

import re

import typer

from lead_pipeline.cli.session import connected
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.domain.geography import is_country_code
from lead_pipeline.errors import SettingsError
from lead_pipeline.store.workspaces import save_workspace, workspace_list

app = typer.Typer(help="Workspaces: add, list.", no_args_is_help=True)
_console = stdout()


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
    if not re.fullmatch("[a-z0-9]+(?:-[a-z0-9]+)*", slug):
        raise SettingsError(f"slug {slug!r} is not lower-case letters, digits and single hyphens, such as acme-west.")
    if country is not None and not is_country_code(country):
        raise SettingsError(f"country {country!r} is not a two-letter ISO code, such as US.")
    with connected() as conn:
        _console.print(f"{slug}: {save_workspace(conn, slug=slug, name=name or slug, plan=plan, country=country)}")


@app.command("list")
def list_() -> None:
    """List every workspace."""
    with connected() as conn:
        show(_console, "Workspaces", ("slug", "name", "plan", "country", "id"), workspace_list(conn))
