"""`lead-pipeline suppliers`: who may send leads to a seller, and to which categories."""

import typer

from lead_pipeline.cli.session import connected
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.errors import SettingsError
from lead_pipeline.store.suppliers import list_suppliers, save_supplier
from lead_pipeline.store.workspaces import workspace_id

app = typer.Typer(help="Suppliers of leads: add, list.", no_args_is_help=True)
_console = stdout()


@app.command()
def add(
    workspace: str = typer.Argument(..., help="Slug or id of the seller."),
    name: str = typer.Argument(..., help="The supplier's name."),
    category: list[str] = typer.Option([], help="Id of a category that it may send to; may be given several times."),
    active: bool = typer.Option(True, help="Whether its keys are taken."),
) -> None:
    """Add a supplier, or bring the one of that name up to date: to these categories and no others."""
    if not name.strip() or not all(one.strip() for one in category):
        raise SettingsError("a supplier's name and its categories are not empty.")
    with connected() as conn:
        owner = workspace_id(conn, workspace)
        saved = save_supplier(conn, workspace_id=owner, name=name, categories=category, is_active=active)
    _console.print(f"{name}: {saved}", markup=False, highlight=False)
    if not category:
        _console.print("It may not send to any category yet: run this again with --category ID.")


@app.command("list")
def list_(workspace: str = typer.Argument(None, help="Slug or id; every workspace by default.")) -> None:
    """List suppliers with their categories."""
    with connected() as conn:
        suppliers = list_suppliers(conn, None if workspace is None else workspace_id(conn, workspace))
    rows = [
        (
            one.workspace,
            one.name,
            ", ".join(one.permitted_categories),
            "yes" if one.is_active else "no",
            one.supplier_id,
        )
        for one in suppliers
    ]
    show(_console, "Suppliers", ("workspace", "name", "categories", "active", "id"), rows)
