"""`lead-pipeline credentials`: what is sealed with CREDENTIAL_KEYS, sealed anew after a new key was put in front."""

import typer

from lead_pipeline.cli.session import connected, settings
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.store.resealing import SEALED, reseal
from lead_pipeline.store.sealed import credential_seal

app = typer.Typer(help="Sealed credentials, addresses and secrets: rotate.", no_args_is_help=True)
_console = stdout()


@app.callback()
def _group() -> None:
    """One command today; its name is said all the same."""


@app.command()
def rotate() -> None:
    """Seal everything with the first of CREDENTIAL_KEYS. Runs may go on meanwhile; a second time changes nothing."""
    with connected() as conn:
        seal = credential_seal(settings())
        rows = [(which.table, which.column, reseal(conn, seal, which)) for which in SEALED]
    show(_console, "Sealed anew", ("table", "column", "changed"), rows)
    _console.print("The keys behind the first open nothing any more, once every process has the new setting.")
