"""`lead-pipeline managers`: who is told when a realtor closes a lead of the CRM, and how."""

from datetime import UTC, datetime

import typer

from lead_pipeline.cli.session import command_run, connected, settings
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.steps.save_manager import NewManager, save_manager
from lead_pipeline.store.managers import list_managers, remove_manager
from lead_pipeline.store.sealed import credential_seal
from lead_pipeline.store.workspaces import workspace_id

app = typer.Typer(help="Managers of realtors: add, list, remove.", no_args_is_help=True)
_console = stdout()


@app.command()
def add(
    workspace: str = typer.Argument(..., help="Slug or id."),
    realtor: str = typer.Argument(..., help="The realtor's e-mail or id at the CRM."),
    *,
    realtor_name: str = typer.Option(..., help="The realtor's name, as the manager is told it."),
    manager_name: str = typer.Option(..., help="The manager's name."),
    email: str = typer.Option(None, help="Tell the manager by e-mail, at this address."),
    phone: str = typer.Option(None, help="Tell the manager by SMS, at this number with its country."),
    slack: str = typer.Option(None, help="Tell the manager in Slack, by this address of an incoming webhook."),
    sms_opt_in: bool = typer.Option(False, "--sms-opt-in", help="The manager has agreed to be sent SMS."),
) -> None:
    """Add a manager of a realtor, or bring the one of that name up to date: told in these ways and no others."""
    seal = credential_seal(settings())
    sent = NewManager(realtor, realtor_name, manager_name, email, phone, slack, sms_opt_in)
    with connected() as conn:
        saved = save_manager(conn, seal, workspace_id(conn, workspace), sent, command_run("managers"))
    _console.print(f"{manager_name}: {saved}", markup=False, highlight=False)


@app.command("list")
def list_(workspace: str = typer.Argument(None, help="Slug or id; every workspace by default.")) -> None:
    """List managers by realtor, with how each is told."""
    with connected() as conn:
        managers = list_managers(conn, None if workspace is None else workspace_id(conn, workspace))
    rows = [
        (
            one.workspace,
            one.realtor,
            one.realtor_name,
            one.manager_name,
            ", ".join(one.told_by),
            one.manager_id,
        )
        for one in managers
    ]
    show(_console, "Managers", ("workspace", "realtor", "realtor's name", "manager", "told by", "id"), rows)


@app.command()
def remove(manager: str = typer.Argument(..., help="The manager's id.")) -> None:
    """Tell a manager no more about a realtor."""
    with connected() as conn:
        removed = remove_manager(conn, manager, datetime.now(UTC))
    _console.print(
        f"{removed.manager_name} is told no more about {removed.realtor_name}.", markup=False, highlight=False
    )
