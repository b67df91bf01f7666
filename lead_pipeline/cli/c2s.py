"""`lead-pipeline c2s`: have Contact2Sale send its events to the intake service, or stop."""

import typer

from lead_pipeline.cli.session import settings
from lead_pipeline.cli.tables import stdout
from lead_pipeline.errors import SettingsError
from lead_pipeline.vendors.accounts import accounts
from lead_pipeline.vendors.contact2sale import Contact2Sale
from lead_pipeline.vendors.transport import Timeouts, Transport

TOKEN_HEADER = "X-Webhook-Token"  # noqa: S105 - its name
ACTIONS = ("on_create_lead", "on_update_lead", "on_close_lead")
app = typer.Typer(help="Contact2Sale's webhooks: subscribe, unsubscribe.", no_args_is_help=True)
_console = stdout()


@app.command()
def subscribe(
    hook_url: str = typer.Option(..., help="Address of the intake's /api/v1/webhooks/c2s, as the CRM reaches it."),
    action: list[str] = typer.Option(list(ACTIONS), help="An event that is sent; may be given several times."),
) -> None:
    """Have the CRM post its events, with WEBHOOK_SECRET as their X-Webhook-Token."""
    chosen = settings()
    secrets = chosen.webhook_secrets("c2s")
    if not secrets:
        raise SettingsError("WEBHOOK_SECRET is not set: the intake would refuse every event. Set it, then subscribe.")
    with _transport() as opened:
        crm = Contact2Sale(opened, *chosen.vendor("c2s"))
        said = crm.subscribe(hook_url, _known(action), {TOKEN_HEADER: secrets[0]})
    _console.print(said, markup=False, highlight=False)


@app.command()
def unsubscribe(action: list[str] = typer.Option(list(ACTIONS), help="An event; may be given several times.")) -> None:
    """Have the CRM post these events no longer."""
    with _transport() as opened:
        crm = Contact2Sale(opened, *settings().vendor("c2s"))
        for name in _known(action):
            _console.print(f"{name}: {crm.unsubscribe(name)}", markup=False, highlight=False)


def _known(actions: list[str]) -> list[str]:
    unknown = [name for name in actions if name not in ACTIONS]
    if unknown:
        raise SettingsError(f"no action {', '.join(unknown)}. There are: {', '.join(ACTIONS)}")
    return actions


def _transport() -> Transport:
    chosen = settings()
    account = accounts(chosen)["c2s"]
    timeouts = Timeouts(read=chosen.vendor_timeout_seconds)
    return Transport(account.label, credential=account.credential, timeouts=timeouts)
