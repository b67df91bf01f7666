"""`lead-pipeline up`: everything for work, in one terminal; Ctrl-C ends all of it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import typer

from lead_pipeline.cli.dagster_home import prepare_dagster
from lead_pipeline.cli.demo import seed_demo
from lead_pipeline.cli.session import migrated, settings
from lead_pipeline.cli.tables import stdout
from lead_pipeline.cli.webhook_secrets import missing_secrets, secrets_file
from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.settings import SANDBOX_KEY

_console = stdout()
_PATIENCE = 20
_GLANCE = 0.2
DEMO_WORKSPACE = "lead-factory"
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
    with (
        migrated(chosen) as url,
        SandboxServer(port=sandbox_port, companies_path=companies, key=SANDBOX_KEY) as sandbox,
    ):
        environment = prepare_dagster(url, chosen, sandbox_url=sandbox.url)
        lines = []
        if chosen.uses_sandbox:
            seed_demo(url, sandbox.url)
            environment |= missing_secrets(chosen.var_dir, os.environ)
            environment |= {} if chosen.webhook_workspace else {"WEBHOOK_WORKSPACE": DEMO_WORKSPACE}
            lines.append(f"secrets  {secrets_file(chosen.var_dir)} (to sign webhooks with: source it)")
        taken = free_port(chosen.port if intake_port is None else intake_port)
        lines = [
            f"Dagster  http://127.0.0.1:{port}", f"intake   http://127.0.0.1:{taken}/docs", f"sandbox  {sandbox.url}",
            f"Postgres {url}", *lines, "Ctrl-C ends all of it.",
        ]  # fmt: skip
        _console.print("\n".join(lines), highlight=False, markup=False)
        _serve({**os.environ, **environment}, dagster_port=port, intake_port=taken)


def free_port(port: int) -> int:
    """The port, or one that is free where it is 0."""
    if port:
        return port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
        return number


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
            _end_group(process)


def _end_group(leader: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(leader.pid, sign)
            leader.wait(_PATIENCE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
