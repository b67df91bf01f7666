"""`lead-pipeline sandbox`: the stand-in for every vendor and platform, by itself."""

from pathlib import Path

import typer

from lead_pipeline.cli.tables import stdout
from lead_pipeline.sandbox.server import serve

_console = stdout()


def sandbox(
    port: int = typer.Option(8091, help="0 takes a free one."),
    companies: Path = typer.Option(None, help="CSV of companies; generated ones by default."),
    seed: int = typer.Option(7, help="Decides signals and people."),
) -> None:
    """Serve the sandbox on loopback until Ctrl-C. Faults on demand: POST /admin/faults."""
    serve(port=port, companies_path=companies, seed=seed, on_ready=lambda url: _console.print(f"sandbox at {url}"))
