"""`make demo` as a newcomer runs it: on a fresh clone, and once more. What is committed is measured, nothing else."""

import os
import signal
import subprocess
import time
from pathlib import Path

from benchmarks.bench import ROOT, Bench
from benchmarks.figures import Figure

_OWN = ("DATABASE_URL", "LEAD_PIPELINE_VAR", "DAGSTER_HOME", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")


def run(bench: Bench) -> list[Figure]:
    """Clone HEAD, run twice, stop the clone's server. pip takes packages from where this machine is set to."""
    clone = bench.folder / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    try:
        first = _make_demo(clone)
        bench.console.print(f"  first run {first:.1f} s")
        later = _make_demo(clone)
        bench.console.print(f"  second run {later:.1f} s")
    finally:
        command = clone / ".venv" / "bin" / "lead-pipeline"
        if command.exists():
            subprocess.run(
                [command, "db", "stop"], cwd=clone, env=_environment(), check=False, stdout=subprocess.DEVNULL
            )
    return [
        Figure("make demo on a fresh clone", first, "s", 180),
        Figure("make demo, second run", later, "s", 60),
    ]


def _make_demo(clone: Path) -> float:
    begin = time.perf_counter()
    with (
        (clone / "demo.log").open("ab") as log,
        subprocess.Popen(
            ["make", "demo"], cwd=clone, env=_environment(), stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            code = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGINT)
            raise
    if code:
        raise RuntimeError(f"make demo failed:\n{(clone / 'demo.log').read_text()[-2000:]}")
    return time.perf_counter() - begin


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OWN}
