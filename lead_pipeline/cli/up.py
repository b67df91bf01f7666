"""`lead-pipeline up`: everything for work, in one terminal; Ctrl-C ends all of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import typer

from lead_pipeline.cli.dagster_home import prepare_dagster
from lead_pipeline.cli.demo import DEMO_WORKSPACE, seed_demo
from lead_pipeline.cli.process_groups import end_group, free_port
from lead_pipeline.cli.session import migrated, settings
from lead_pipeline.cli.tables import stdout
from lead_pipeline.cli.webhook_secrets import missing_secrets, secrets_file, shared_secrets
from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.sandbox.webhook_sender import Intake
from lead_pipeline.settings import SANDBOX_KEY, Settings
from lead_pipeline.store.sealed import credential_seal

_console = stdout()
_GLANCE = 0.2
WORKSPACE = Path(__file__).resolve().parents[2] / "workspace.yaml"


def up(
    port: int = typer.Option(3000, help="Port of Dagster's UI."),
    sandbox_port: int = typer.Option(8091, help="Port of the sandbox; 0 takes a free one."),
    intake_port: int = typer.Option(None, help="Port of the intake service; PORT by default, 0 takes a free one."),
    companies: Path = typer.Option(None, help="CSV of companies behind the sandbox's search."),
) -> None:
    """Start Postgres, the sandbox, the intake service, Dagster's daemon and its UI."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)
    chosen = settings()
    taken = free_port(chosen.port if intake_port is None else intake_port)
    made = missing_secrets(chosen.var_dir, os.environ) if chosen.uses_sandbox else {}
    # Before the sandbox starts: its Clay sends webhooks to the intake, signed with these.
    intake = Intake(f"http://127.0.0.1:{taken}", shared_secrets(chosen))
    with (
        migrated(chosen) as url,
        SandboxServer(
            port=sandbox_port, companies_path=companies, key=SANDBOX_KEY, intake=intake, stripe=True
        ) as sandbox,
    ):
        environment = {**prepare_dagster(url, chosen, sandbox_url=sandbox.url), **made}
        if chosen.uses_sandbox:
            seed_demo(url, sandbox.url, credential_seal(chosen))
            environment |= {} if chosen.webhook_workspace else {"WEBHOOK_WORKSPACE": DEMO_WORKSPACE}
        lines = [
            f"Dagster  http://127.0.0.1:{port}", f"intake   {intake.url}/docs", f"sandbox  {sandbox.url}",
            f"Postgres {url}", *_hints(chosen, intake.url, sandbox.url), "Ctrl-C ends all of it.",
        ]  # fmt: skip
        _console.print("\n".join(lines), highlight=False, markup=False)
        _serve({**os.environ, **environment}, dagster_port=port, intake_port=taken)


def _hints(chosen: Settings, intake_url: str, sandbox_url: str) -> list[str]:
    """How to try it out, while every vendor is the sandbox."""
    if not chosen.uses_sandbox:
        return []
    options = "" if intake_url.endswith(f":{chosen.port}") else f" --intake {intake_url}"
    options += "" if sandbox_url == chosen.sandbox_url else f" --sandbox {sandbox_url}"
    return [
        f"secrets  {secrets_file(chosen.var_dir)} (to sign webhooks with: source it)",
        f"webhooks lead-pipeline sandbox scenario brazil-day{options}",
    ]


def _serve(environment: dict[str, str], *, dagster_port: int, intake_port: int) -> None:
    """Run both in process groups of their own until one ends or we are interrupted; then end both groups."""
    folder = Path(sys.executable).parent
    commands = {
        ("the intake service", "--intake-port", intake_port): [
            str(folder / "lead-pipeline"), "intake", "--port", str(intake_port),
        ],
        ("Dagster", "--port", dagster_port): [
            str(folder / "dagster"), "dev", "-w", str(WORKSPACE), "-h", "127.0.0.1", "-p", str(dagster_port),
            "--log-level", "warning",
        ],
    }  # fmt: skip
    running: dict[tuple[str, str, int], subprocess.Popen[bytes]] = {}
    try:
        for key, command in commands.items():
            output = subprocess.DEVNULL if key[0] != "Dagster" else None  # its address was said already
            running[key] = subprocess.Popen(  # noqa: S603
                command, env=environment, cwd=WORKSPACE.parent, stdout=output, start_new_session=True
            )
        while all(process.poll() is None for process in running.values()):
            time.sleep(_GLANCE)
    except KeyboardInterrupt:
        _console.print("\nending…")
    else:
        for (name, option, taken), process in running.items():
            if process.poll() is not None:
                raise LeadPipelineError(
                    f"{name} ended by itself (exit code {process.returncode}). Is port {taken} free? "
                    f"Choose one with {option}."
                )
    finally:
        for process in running.values():
            end_group(process)
