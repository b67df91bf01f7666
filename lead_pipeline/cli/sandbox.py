"""`lead-pipeline sandbox`: the stand-in for every vendor and platform, by itself, or the webhooks that it sends."""

from pathlib import Path

import typer

from lead_pipeline.cli.scenarios import scenario, scenarios
from lead_pipeline.cli.session import settings
from lead_pipeline.cli.tables import stdout
from lead_pipeline.cli.webhook_secrets import shared_secrets
from lead_pipeline.sandbox.server import serve
from lead_pipeline.sandbox.webhook_sender import Intake

app = typer.Typer(invoke_without_command=True)
app.command("scenario")(scenario)
app.command("scenarios")(scenarios)
_console = stdout()


@app.callback()
def sandbox(
    context: typer.Context,
    port: int = typer.Option(8091, help="0 takes a free one."),
    companies: Path = typer.Option(None, help="CSV of companies; generated ones by default."),
    seed: int = typer.Option(7, help="Decides signals and people."),
    intake: str = typer.Option(None, help="Intake service that gets Clay's webhooks; none are sent by default."),
) -> None:
    """Serve the sandbox on loopback until Ctrl-C. Faults on demand: POST /admin/faults. Webhooks: `scenario`."""
    if context.invoked_subcommand is None:
        serve(
            port=port,
            companies_path=companies,
            seed=seed,
            stripe=True,
            intake=Intake(intake, shared_secrets(settings())) if intake else None,
            on_ready=lambda url: _console.print(f"sandbox at {url}"),
        )
