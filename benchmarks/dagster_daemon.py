"""Dagster as `lead-pipeline up` runs it: daemon, code server and UI over a benchmark's database, ended as a group."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench import ROOT
from lead_pipeline.cli.dagster_home import prepare_dagster
from lead_pipeline.cli.process_groups import end_group, free_port
from lead_pipeline.settings import load_settings


@contextmanager
def running_dagster(url: str, folder: Path, sandbox_url: str, more: Mapping[str, str] | None = None) -> Iterator[None]:
    """Runs while the context is open; what it says is in `folder`/dagster.log. `more`: variables of its environment."""
    folder.mkdir(parents=True)
    chosen = load_settings({"DATABASE_URL": url, "LEAD_PIPELINE_VAR": str(folder), "DAGSTER_DATABASE": "dagster_bench"})
    environment = {**os.environ, **prepare_dagster(url, chosen, sandbox_url=sandbox_url), **(more or {})}
    command = [
        str(Path(sys.executable).with_name("dagster")), "dev", "-w", str(ROOT / "workspace.yaml"),
        "-h", "127.0.0.1", "-p", str(free_port()), "--log-level", "warning",
    ]  # fmt: skip
    with (
        (folder / "dagster.log").open("wb") as log,
        subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True) as process,
    ):
        try:
            yield
        finally:
            end_group(process)
