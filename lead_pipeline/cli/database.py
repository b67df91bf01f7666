"""`lead-pipeline db`: where the database is, its schema up and down, and away with it."""

import sys

import typer

from lead_pipeline.cli.session import settings
from lead_pipeline.cli.tables import stdout
from lead_pipeline.errors import SettingsError
from lead_pipeline.store import blobs, schema
from lead_pipeline.store.connections import database
from lead_pipeline.store.embedded import EmbeddedPostgres

app = typer.Typer(help="The database: address, migrations, reset.", no_args_is_help=True)
_console = stdout()


@app.command()
def url() -> None:
    """Print the address that psql takes. Starts the embedded server where it is not running, and leaves it running."""
    chosen = settings()
    with database(chosen) as address:
        if chosen.database_url is None:
            EmbeddedPostgres(chosen.var_dir).keep()
        sys.stdout.write(address + "\n")


@app.command()
def stop() -> None:
    """Stop the embedded server, whoever uses it."""
    chosen = settings()
    if chosen.database_url is not None:
        raise SettingsError("DATABASE_URL names an external server; stop that one where it was started.")
    _console.print("stopped" if EmbeddedPostgres(chosen.var_dir).stop() else "it was not running")


@app.command()
def migrate(revision: str = typer.Argument("head")) -> None:
    """Bring the schema up to a revision."""
    with database(settings()) as address:
        _console.print(f"schema at {schema.migrate(address, revision)}")


@app.command()
def downgrade(revision: str = typer.Argument(..., help="A revision, or base for none of it.")) -> None:
    """Take the schema down to a revision. Data of the tables that go is gone."""
    with database(settings()) as address:
        _console.print(f"schema at {schema.downgrade(address, revision)}")


@app.command()
def reset(yes: bool = typer.Option(False, "--yes", help="Do not ask.")) -> None:
    """Forget every lead, file and decision: schema down and up again, the embedded server's blobs removed."""
    if not yes:
        typer.confirm("This removes all leads, files and decisions of this database. Go on?", abort=True)
    chosen = settings()
    with database(chosen) as address:
        schema.downgrade(address, schema.NOTHING)
        reached = schema.migrate(address)
    if chosen.blob_url is None and chosen.database_url is None:  # else the blobs may be another database's too
        blobs.remove_all(chosen.blobs)
    _console.print(f"empty, schema at {reached}")
