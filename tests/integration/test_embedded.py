"""The embedded server: started, found again, shared, killed, damaged. Real processes, real signals."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from lead_pipeline.errors import DatabaseUnavailable, DataFolderError
from lead_pipeline.store.connections import connect, ensure_database, with_database
from lead_pipeline.store.embedded import EmbeddedPostgres

pytestmark = pytest.mark.integration
USER = """
import sys
from pathlib import Path
from lead_pipeline.store.connections import connect, ensure_database
from lead_pipeline.store.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    ensure_database(server.url)
    with connect(server.url) as conn:
        print(conn.execute("SELECT count(*) FROM pg_class").fetchone()[0], flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def pristine():
    """A folder with a server made, used and stopped, to be copied: making one takes seconds."""
    folder = Path(tempfile.mkdtemp(prefix="lp"))
    with EmbeddedPostgres(folder) as server, postgres(server.url) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        conn.execute("CHECKPOINT")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def var(pristine):
    """A copy of a server's folder with the table `kept` in it."""
    with short_folder() as folder:
        subprocess.run(["cp", "-a", str(pristine / "postgres"), str(folder)], check=True)
        yield folder


@pytest.fixture
def fresh():
    with short_folder() as folder:
        yield folder


@contextmanager
def short_folder():
    folder = Path(tempfile.mkdtemp(prefix="lp")).resolve()
    yield folder
    for process in processes(folder):
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres(url):
    with connect(with_database(url, "postgres"), autocommit=True) as conn:
        yield conn


def server_of(folder):
    """The process of the server itself; others of it come and go with connections."""
    return psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]))


def processes(folder, word=""):
    """The server's processes that work under a folder and have a word in their command line, less those just ending."""
    found = []
    for process in psutil.process_iter():
        try:
            works_here = "postgres" in process.name() and Path(process.cwd()).is_relative_to(folder)
            if works_here and word in " ".join(process.cmdline()):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def user(folder):
    """Another process that uses the server until its input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def answer(url):
    with postgres(url) as conn:
        return conn.execute("SELECT answer FROM kept").fetchone()[0]


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def listing(folder):
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*")}


def test_a_server_is_made_started_used_and_stopped_without_leaving_a_process(fresh):
    with EmbeddedPostgres(fresh) as server:
        ensure_database(server.url)
        with connect(server.url) as conn:
            assert ("UTC",) == conn.execute("SHOW timezone").fetchone()
        assert processes(fresh)
    assert [] == processes(fresh)
    assert {"postgres", "postgres.start", "postgres.users"} == {path.name for path in fresh.iterdir()}


def test_a_running_server_is_found_again_and_its_last_user_stops_it(var):
    with EmbeddedPostgres(var) as first:
        leader = server_of(var)
        with EmbeddedPostgres(var) as second:
            assert first.url == second.url
        assert leader == server_of(var)
        assert 42 == answer(first.url)
    assert [] == processes(var)


def test_a_server_that_runs_as_another_user_is_found_by_its_command(var, monkeypatch):
    def denied(process):
        raise psutil.AccessDenied(process.pid)

    with EmbeddedPostgres(var) as first:
        monkeypatch.setattr(psutil.Process, "cwd", denied)
        with EmbeddedPostgres(var) as second:
            assert first.url == second.url
            assert 42 == answer(second.url)
        monkeypatch.undo()
    assert [] == processes(var)


def test_the_address_is_asked_for_within_the_context_only(var):
    with pytest.raises(DatabaseUnavailable, match="not started"):
        _ = EmbeddedPostgres(var).url


def test_keep_leaves_it_up_until_stop_is_asked_for(var):
    with EmbeddedPostgres(var) as server:
        server.keep()
    assert processes(var)
    with EmbeddedPostgres(var) as again:
        assert 42 == answer(again.url)
    assert processes(var)
    assert EmbeddedPostgres(var).stop()
    assert [] == processes(var)
    assert not EmbeddedPostgres(var).stop()
    with EmbeddedPostgres(var):
        pass
    assert [] == processes(var), "stop also takes back what keep asked for"


def test_stop_ends_it_under_a_user_and_the_next_one_starts_it(var):
    with EmbeddedPostgres(var):
        assert EmbeddedPostgres(var).stop()
        assert [] == processes(var)
        with EmbeddedPostgres(var) as server:
            assert 42 == answer(server.url)
    assert [] == processes(var)


def test_eight_processes_that_start_it_at_once_all_get_it_and_leave_nothing(fresh):
    users = [user(fresh) for _ in range(8)]
    assert all(one.stdout.readline().strip().isdigit() for one in users)
    assert 1 == len(processes(fresh, " -D "))
    for one in users:
        one.communicate(timeout=60)
    assert [0] * 8 == [one.returncode for one in users]
    assert [] == processes(fresh)


def test_users_that_come_and_go_at_once_always_find_a_server(var):
    for _ in range(2):
        users = [user(var) for _ in range(4)]
        for one in users:
            output, _ = one.communicate(timeout=60)
            assert output.strip().isdigit()
    assert [] == processes(var)


def test_a_killed_user_does_not_keep_it_up(var):
    killed = user(var)
    assert killed.stdout.readline()
    killed.kill()
    killed.wait()
    assert processes(var), "nobody was there to stop it"
    with EmbeddedPostgres(var) as server:
        assert 42 == answer(server.url)
    assert [] == processes(var)


@pytest.mark.parametrize("every_process", [True, False], ids=["with its children", "alone"])
def test_after_a_killed_server_the_next_start_recovers_what_was_committed(var, every_process):
    with EmbeddedPostgres(var) as server:
        with postgres(server.url) as conn:
            conn.execute("INSERT INTO kept SELECT 43")
        leader = server_of(var)
        for process in [leader, *leader.children()] if every_process else [leader]:
            process.send_signal(signal.SIGKILL)
        with EmbeddedPostgres(var) as again, postgres(again.url) as conn:
            assert [(42,), (43,)] == conn.execute("SELECT answer FROM kept ORDER BY 1").fetchall()
    assert [] == processes(var)


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 - 1], ids=["this process", "nobody"])
def test_a_stale_pid_file_that_names_another_process_is_seen_through(var, pid):
    lines = [pid, var / "postgres", int(time.time()), 5432, var / "postgres", "", "  1234567  65536", "ready   "]
    (var / "postgres" / "postmaster.pid").write_text("".join(f"{line}\n" for line in lines))
    (var / "postgres" / ".s.PGSQL.5432.lock").write_text("".join(f"{line}\n" for line in lines[:5]))
    with EmbeddedPostgres(var) as server:
        assert 42 == answer(server.url)


def test_a_pid_file_that_names_the_server_of_another_folder_is_seen_through(var, pristine):
    with EmbeddedPostgres(pristine) as other:
        shutil.copy(pristine / "postgres" / "postmaster.pid", var / "postgres")
        with EmbeddedPostgres(var) as server:
            assert other.url != server.url
            assert 42 == answer(server.url)
        assert 42 == answer(other.url)


@pytest.mark.parametrize("content", ["", "12\n"])
def test_a_pid_file_that_was_not_finished_is_seen_through(var, content):
    (var / "postgres" / "postmaster.pid").write_text(content)
    with EmbeddedPostgres(var) as server:
        assert 42 == answer(server.url)


@pytest.mark.parametrize("missing", ["PG_VERSION", "global/pg_control"])
def test_a_half_written_data_folder_is_refused_and_left_as_it_is(var, missing):
    (var / "postgres" / missing).unlink()
    before = listing(var / "postgres")
    with pytest.raises(DataFolderError, match=r"not a whole Postgres data folder.*Move it away"), EmbeddedPostgres(var):
        pass
    assert before == listing(var / "postgres")
    assert not EmbeddedPostgres(var).stop()


def test_a_folder_of_other_things_and_a_file_in_its_place_are_refused(fresh):
    (fresh / "postgres").mkdir()
    (fresh / "postgres" / "thesis.txt").write_text("all of it")
    with pytest.raises(DataFolderError), EmbeddedPostgres(fresh):
        pass
    assert "all of it" == (fresh / "postgres" / "thesis.txt").read_text()
    shutil.rmtree(fresh / "postgres")
    (fresh / "postgres").write_text("a file")
    with pytest.raises(DataFolderError), EmbeddedPostgres(fresh):
        pass
    assert "a file" == (fresh / "postgres").read_text()


def test_a_data_folder_that_cannot_be_started_is_refused_with_the_servers_words(var):
    with (var / "postgres" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(DataFolderError, match="configuration file"), EmbeddedPostgres(var):
        pass
    assert [] == processes(var)


def test_a_refused_start_holds_no_lock(var):
    control = var / "postgres" / "PG_VERSION"
    version = control.read_text()
    control.unlink()
    refused = EmbeddedPostgres(var)
    with pytest.raises(DataFolderError), refused:
        pass
    control.write_text(version)
    with EmbeddedPostgres(var):
        pass
    assert [] == processes(var)


def test_what_a_crash_left_of_making_the_folder_is_cleared_away(fresh):
    (fresh / "postgres.new" / "global").mkdir(parents=True)
    (fresh / "postgres.new" / "PG_VERSION").write_text("18")
    with EmbeddedPostgres(fresh) as server, postgres(server.url) as conn:
        assert (1,) == conn.execute("SELECT 1").fetchone()
    assert not (fresh / "postgres.new").exists()


def test_a_path_that_is_too_long_for_a_socket_works(fresh, pristine):
    deep = fresh / ("a" * 100) / "var"
    deep.mkdir(parents=True)
    subprocess.run(["cp", "-a", str(pristine / "postgres"), str(deep)], check=True)
    with EmbeddedPostgres(deep) as server:
        assert len(server.url) < 107
        assert 42 == answer(server.url)
    assert [] == processes(fresh)


@pytest.mark.parametrize("name", ["with space", "dollar$HOME"])
def test_a_path_that_pg_ctl_cannot_take_is_refused_by_name(fresh, name):
    with pytest.raises(DataFolderError, match="LEAD_PIPELINE_VAR"), EmbeddedPostgres(fresh / name):
        pass
    assert not (fresh / name).exists()


def test_a_connection_to_a_stopped_server_says_so(var):
    with EmbeddedPostgres(var) as server:
        url = with_database(server.url, "postgres")
    with pytest.raises(DatabaseUnavailable, match="Postgres does not answer"):
        connect(url)
