"""`lead-pipeline up`: everything for work, in one terminal; Ctrl-C ends all of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import typer

from lead_pipeline.cli.dagster_home import prepare_dagster
from lead_pipeline.cli.demo import seed_demo
from lead_pipeline.cli.session import migrated, settings
from lead_pipeline.cli.tables import stdout
from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.settings import SANDBOX_KEY

_console = stdout()
_PATIENCE = 20
WORKSPACE = Path(__file__).resolve().parents[2] / "workspace.yaml"


def up(
    port: int = typer.Option(3000, help="Port of Dagster's UI."),
    sandbox_port: int = typer.Option(8091, help="Port of the sandbox; 0 takes a free one."),
    companies: Path = typer.Option(None, help="CSV of companies behind the sandbox's search."),
) -> None:
    """Start Postgres, the sandbox, Dagster's daemon and its UI."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)
    chosen = settings()
    with (
        migrated(chosen) as url,
        SandboxServer(port=sandbox_port, companies_path=companies, key=SANDBOX_KEY) as sandbox,
    ):
        if chosen.uses_sandbox:
            seed_demo(url, sandbox.url)
        environment = prepare_dagster(url, chosen, sandbox_url=sandbox.url)
        _console.print(
            f"Dagster  http://127.0.0.1:{port}\nsandbox  {sandbox.url}\nPostgres {url}\nCtrl-C ends all of it.",
            highlight=False, markup=False,
        )  # fmt: skip
        _serve_dagster({**os.environ, **environment}, port)


def _serve_dagster(environment: dict[str, str], port: int) -> None:
    """Run Dagster in a process group of its own until it ends or we are interrupted; then end the whole group."""
    command = [
        str(Path(sys.executable).with_name("dagster")), "dev", "-w", str(WORKSPACE), "-h", "127.0.0.1", "-p", str(port),
        "--log-level", "warning",
    ]  # fmt: skip
    dagster = subprocess.Popen(command, env=environment, cwd=WORKSPACE.parent, start_new_session=True)  # noqa: S603
    try:
        code = dagster.wait()
    except KeyboardInterrupt:
        _console.print("\nending…")
    else:
        raise LeadPipelineError(
            f"Dagster ended by itself (exit code {code}). Is port {port} free? Choose one with --port."
        )
    finally:
        _end_group(dagster)


def _end_group(leader: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(leader.pid, sign)
            leader.wait(_PATIENCE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
