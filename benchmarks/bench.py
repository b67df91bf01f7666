"""What every benchmark is handed: a Postgres server of its own, fresh databases, generated files, a place to report.

The server is the project's embedded one with the project's settings, in a temporary folder. It is ended and the
folder removed at the end, on Ctrl-C and on SIGTERM too.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg import sql
from rich.console import Console

from benchmarks.generate import generate
from benchmarks.rules import save_bench_rules
from lead_pipeline.store.connections import connect, ensure_database, with_database
from lead_pipeline.store.embedded import EmbeddedPostgres
from lead_pipeline.store.schema import migrate
from lead_pipeline.store.workspaces import save_workspace

ROOT = Path(__file__).resolve().parents[1]
REAL_DATA = ROOT.parent / "shared" / "data"
WORKSPACE = "files"


class Bench:
    """`folder` holds everything that a benchmark writes; `console` is where it says how far it is."""

    def __init__(self, server_url: str, folder: Path, console: Console) -> None:
        self.folder, self.console = folder, console
        self._server = server_url

    def csv(self, rows: int, seed: int = 20260101) -> Path:
        """A generated file of that many rows, made once."""
        path = self.folder / f"leads_{rows}_{seed}.csv"
        if not path.exists():
            self.console.print(f"  generating {rows:,} rows")
            generate(path, rows, seed)
        return path

    @contextmanager
    def database(self, name: str, rules: int | None = None) -> Iterator[str]:
        """An empty database, dropped at the end; with `rules`, migrated and with a workspace that has so many."""
        url, admin = with_database(self._server, name), with_database(self._server, "postgres")
        ensure_database(url)
        try:
            if rules is not None:
                migrate(url)
                with connect(url) as conn:
                    save_bench_rules(conn, save_workspace(conn, slug=WORKSPACE, name="Files"), rules)
            with connect(admin, autocommit=True) as conn:
                conn.execute("CHECKPOINT")  # nobody pays for the pages that somebody else wrote
            yield url
        finally:
            with connect(admin, autocommit=True) as conn:
                conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def child(self, module: str, *arguments: str | Path, **environment: str) -> dict[str, Any]:
        """Run `python -m benchmarks.<module>` in a process of its own. Returns the JSON object that it prints."""
        command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
        )
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


@contextmanager
def open_bench(console: Console) -> Iterator[Bench]:
    """Start the server, and end it whatever happens."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="lb"))  # short: a socket's path holds 107 characters
    try:
        with EmbeddedPostgres(folder) as server:
            yield Bench(server.url, folder, console)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def middle(values: Sequence[float]) -> float:
    """The median: one disturbed run in three changes nothing."""
    return statistics.median(values)
