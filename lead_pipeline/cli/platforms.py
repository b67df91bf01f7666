"""`lead-pipeline platforms`: where a workspace's leads are uploaded. Credentials come in by stdin or a variable."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from lead_pipeline.channels.platforms.opening import open_platform
from lead_pipeline.channels.platforms.port import Platform
from lead_pipeline.cli.session import connected, settings
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.contracts.platform_accounts import CREDENTIALS, PlatformAccount, read_account
from lead_pipeline.domain.provider_limits import limits_of
from lead_pipeline.errors import LeadPipelineError, SettingsError
from lead_pipeline.steps.adopt_platform_settings import adopt_platform_settings
from lead_pipeline.steps.save_platform_account import put_account
from lead_pipeline.store.platform_accounts import account_at, shown_accounts
from lead_pipeline.store.sealed import credential_seal
from lead_pipeline.store.workspaces import workspace_id, workspace_list
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Timeouts, Transport

app = typer.Typer(help="Accounts at sales platforms: list, set, check, adopt.", no_args_is_help=True)
_console = stdout()
_BY = "command line"


@app.command("list")
def list_(workspace: str = typer.Argument(None, help="Slug or id; every workspace by default.")) -> None:
    """List accounts, without their credentials."""
    with connected() as conn:
        slugs = {row[4]: row[0] for row in workspace_list(conn)}
        accounts = shown_accounts(conn, None if workspace is None else workspace_id(conn, workspace))
    columns = ("workspace", "platform", "provider", "url", "fields", "version", "saved by", "saved at")
    rows = [
        (
            slugs[one.workspace_id], one.platform, one.provider, one.url, len(one.mapping), one.version, one.updated_by,
            f"{one.updated_at:%Y-%m-%d %H:%M}",
        )
        for one in accounts
    ]  # fmt: skip
    show(_console, "Platform accounts", columns, rows)


@app.command("set")
def set_(
    workspace: str = typer.Argument(..., help="Slug or id."),
    platform: str = typer.Argument(..., help="Such as tech-platform."),
    *,
    provider: str = typer.Option(..., help="http, salesforce or hubspot."),
    url: str = typer.Option(..., help="Its address; of Salesforce the domain of the org."),
    option: list[str] = typer.Option([], "--option", help="NAME=VALUE; may be given several times."),
    mapping: Path = typer.Option(None, help="JSON file: field of the platform to a path of the upload body."),
    credentials_env: str = typer.Option(None, help="Variable that holds the credentials; standard input by default."),
    keep_credentials: bool = typer.Option(False, help="Leave the credentials as they are."),
) -> None:
    """Save an account. Credentials are a JSON object; where there is but one of them, the bare value will do."""
    options = dict(one.partition("=")[::2] for one in option)
    body: dict[str, Any] = {"provider": provider, "url": url, "options": options}
    if not keep_credentials:
        body["credentials"] = _credentials(provider, credentials_env)
    text = json.dumps(body)
    if mapping is not None:  # as it stands, so that a field that is named twice is seen
        text = f'{text[:-1]}, "mapping": {mapping.read_text()}}}'
    with connected() as conn:
        owner, seal = workspace_id(conn, workspace), credential_seal(settings())
        with conn.transaction():
            saved = put_account(
                conn, seal, owner, platform, read_account(text.encode()), updated_by=_BY, now=datetime.now(UTC)
            )
    _console.print(f"{workspace} {platform}: {saved.provider}, version {saved.version}", markup=False, highlight=False)


@app.command()
def check(
    workspace: str = typer.Argument(..., help="Slug or id."),
    platform: str = typer.Argument(None, help="Such as tech-platform; all of them by default."),
) -> None:
    """Ask each account whether it lets us in. Nothing is sent to it."""
    chosen, failures = settings(), 0
    with connected() as conn:
        owner, seal = workspace_id(conn, workspace), credential_seal(chosen)
        for shown in shown_accounts(conn, owner, platform):
            try:
                account = account_at(conn, seal, owner, shown.platform)
                assert account is not None
                with _opened(account, chosen.vendor_timeout_seconds) as opened:
                    said = opened.check()
            except LeadPipelineError as error:
                said, failures = str(error), failures + 1
            _console.print(f"{shown.platform} ({shown.provider}): {said}", markup=False, highlight=False)
    raise typer.Exit(code=int(failures > 0))


@app.command()
def adopt() -> None:
    """Take platforms' keys that stand in workspaces' settings in plain into sealed accounts, and remove them there."""
    with connected() as conn:
        done = adopt_platform_settings(conn, credential_seal(settings()), datetime.now(UTC))
    for one in done:
        what = "is an account now, its key sealed" if one.fault is None else f"stays in the settings: {one.fault}"
        _console.print(f"{one.workspace} {one.platform}: {what}", markup=False, highlight=False, soft_wrap=True)
    if not done:
        _console.print("No workspace keeps platforms' keys in its settings.")
    raise typer.Exit(code=int(any(one.fault is not None for one in done)))


def _credentials(provider: str, variable: str | None) -> object:
    """What was handed in: the object, or the one value that a provider has."""
    if variable is not None and not os.environ.get(variable):
        raise SettingsError(f"the variable {variable} is not set: put the credentials there, or on standard input.")
    text = (sys.stdin.read() if variable is None else os.environ[variable]).strip()
    names: tuple[str, ...] = {str(name): wanted for name, wanted in CREDENTIALS.items()}.get(provider, ())
    if len(names) == 1 and not text.startswith("{"):
        return {names[0]: text}
    try:
        read: object = json.loads(text)
    except ValueError:
        raise SettingsError(f"credentials are no JSON object: send {', '.join(names) or 'them'} as one.") from None
    return read


@contextmanager
def _opened(account: PlatformAccount, timeout: float) -> Iterator[Platform]:
    limits = limits_of(account.platform, account.provider)
    with Transport(
        account.platform,
        credential=f"the account's credentials, with: lead-pipeline platforms set SLUG {account.platform}",
        bucket=TokenBucket(limits.per_second, limits.burst),
        timeouts=Timeouts(read=timeout),
    ) as wire:
        yield open_platform(account, wire)
