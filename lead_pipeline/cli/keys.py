"""`lead-pipeline keys`: API keys of workspaces and suppliers."""

from datetime import UTC, datetime

import typer

from lead_pipeline.cli.session import connected
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.steps.keys import create_key, revoke_key
from lead_pipeline.store.api_keys import ApiKey, list_keys
from lead_pipeline.store.workspaces import workspace_id

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)
_console = stdout()


@app.command()
def create(
    workspace: str = typer.Argument(..., help="Slug or id."),
    name: str = typer.Option(None, help="What it is for; its scopes by default."),
    scope: list[str] = typer.Option(..., "--scope", help="upload, ingest or admin; may be given several times."),
    supplier: str = typer.Option(None, help="Supplier that it belongs to; needed for ingest."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print the key and nothing else."),
) -> None:
    """Make a key. It is shown this once; only its hash is kept."""
    with connected() as conn:
        made = create_key(
            conn,
            workspace=workspace,
            name=name or ", ".join(scope),
            scopes=scope,
            supplier=supplier,
            now=datetime.now(UTC),
        )
    _console.print(made.key, markup=False, highlight=False, soft_wrap=True)
    if not quiet:
        _console.print(f"key {made.key_id}. It is not shown again: keep it where secrets are kept.", highlight=False)


@app.command("list")
def list_(workspace: str = typer.Argument(None, help="Slug or id; every workspace by default.")) -> None:
    """List keys by their first characters, with what they may do and when they were last used."""
    with connected() as conn:
        keys = list_keys(conn, None if workspace is None else workspace_id(conn, workspace))
    columns = ("key", "name", "workspace", "supplier", "scopes", "status", "last used", "id")
    show(_console, "API keys", columns, map(_row, keys))


@app.command()
def revoke(key: str = typer.Argument(..., help="The key's id, or its first characters.")) -> None:
    """End a key for ever, from its next request on."""
    with connected() as conn:
        ended = revoke_key(conn, key, now=datetime.now(UTC))
    _console.print(f"{ended.prefix}… ({ended.name}, {ended.workspace}) is revoked.", markup=False, highlight=False)


def _row(key: ApiKey) -> tuple[str | None, ...]:
    return (
        f"{key.prefix}…",
        key.name,
        key.workspace,
        key.supplier,
        " ".join(key.scopes),
        "active" if key.revoked_at is None else f"revoked {key.revoked_at:%Y-%m-%d %H:%M}",
        None if key.last_used_at is None else f"{key.last_used_at:%Y-%m-%d %H:%M}",
        key.key_id,
    )
