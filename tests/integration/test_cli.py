"""The command as a person runs it: a process of its own, its words, its exit code, and Ctrl-C in the middle."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from lead_pipeline.store.schema import newest_version
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
COMMAND = Path(sys.executable).with_name("lead-pipeline")
RULES = Path(__file__).parents[1] / "data" / "rules"
CHUNK = 50_000
SAMPLE = (
    "full_name,email,company_name,company_industry,company_location_state,job_title\n"
    "Jane Doe,jane@acme.example,Acme HVAC,HVAC,NY,Owner\n"
    "John Roe,john@roe.example,Roe Legal,Legal Services,TX,Partner\n"
    "No Mail,no-at-sign,Firm,HVAC,NY,Owner\n"
    "too,short\n"
)


class Cli:
    """Runs commands with an environment of its own and nothing of ours from outside."""

    def __init__(self, folder, **environment):
        self.folder = folder
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        self.environment = inherited | {"LEAD_PIPELINE_VAR": str(folder / "var")} | environment

    def start(self, *arguments):
        return subprocess.Popen(
            [str(COMMAND), *map(str, arguments)],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, code=0):
        """Output of a command that ends with `code`: its words, or those on stderr where it fails."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=120)
        assert code == process.returncode, output + errors
        assert "Traceback" not in output + errors
        return errors if code else output

    def refused(self, *arguments):
        """The one line that says why."""
        (line,) = self.run(*arguments, code=1).splitlines()
        return line


@pytest.fixture
def cli(database, tmp_path):
    return Cli(tmp_path, DATABASE_URL=database.url)


@pytest.fixture
def acme(cli, database):
    with database.connect() as conn:
        save_workspace(conn, slug="acme", name="Acme [West]", country="US")
    return cli


def sums(output):
    """Total, successful, duplicate, failed of an import's summary."""
    lines = output.splitlines()
    place = next(number for number, line in enumerate(lines) if "successful" in line)
    return [int(word.replace(",", "")) for word in lines[place + 2].split()]


def write(cli, name, content):
    path = cli.folder / name
    path.write_text(content)
    return path


def test_the_embedded_server_is_kept_by_url_and_ended_by_stop():
    folder = Path(tempfile.mkdtemp(prefix="lp"))
    cli = Cli(folder)
    try:
        url = cli.run("db", "url")
        assert 1 == len(url.splitlines())
        with psycopg.connect(url.strip()) as conn:
            assert ("lead_pipeline",) == conn.execute("SELECT current_database()").fetchone()
        cli.run("workspaces", "add", "acme")
        write(cli, "leads.csv", SAMPLE)
        assert [4, 2, 0, 2] == sums(cli.run("import", "leads.csv", "-w", "acme"))
        assert 1 == len(list((folder / "var" / "blobs").iterdir()))
        assert "empty, schema at" in cli.run("db", "reset", "--yes")
        assert not (folder / "var" / "blobs").exists()
        with psycopg.connect(url.strip()) as conn:
            assert (0,) == conn.execute("SELECT count(*) FROM raw.drops").fetchone()
    finally:
        assert "stopped" == cli.run("db", "stop").strip()
    shutil.rmtree(folder)


def test_the_schema_goes_up_and_down_and_a_wrong_version_is_one_line(cli):
    assert "schema at 20260101000004" in cli.run("db", "downgrade", "20260101000004")
    assert f"schema at {newest_version()}" in cli.run("db", "migrate")
    assert "20990101" in cli.refused("db", "migrate", "20990101")
    assert f"empty, schema at {newest_version()}" in cli.run("db", "reset", "--yes")
    assert "external server" in cli.refused("db", "stop")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:hunter2@127.0.0.1:1/leads", "DatabaseUnavailable: Postgres does not answer"),
        ("me and hunter2", "SettingsError: DATABASE_URL is not a libpq address"),
    ],
)
def test_a_wrong_database_is_one_line_without_its_password(tmp_path, url, words):
    line = Cli(tmp_path, DATABASE_URL=url).refused("workspaces", "list")
    assert line.startswith(words)
    assert "hunter2" not in line


def test_a_wrong_setting_and_a_broken_data_folder_are_one_line(tmp_path):
    assert "CLAY_BURST" in Cli(tmp_path, CLAY_BURST="many").refused("workspaces", "list")
    (tmp_path / "var" / "postgres").mkdir(parents=True)
    (tmp_path / "var" / "postgres" / "thesis.txt").write_text("all of it")
    assert "not a whole Postgres data folder" in Cli(tmp_path).refused("workspaces", "list")
    assert (tmp_path / "var" / "postgres" / "thesis.txt").exists()


def test_workspaces_are_added_brought_up_to_date_and_listed(acme):
    acme.run("workspaces", "add", "acme", "--plan", "pro", "--name", "Acme [West]", "--country", "US")
    listed = acme.run("workspaces", "list")
    assert 1 == listed.count("acme ")
    assert "Acme [West]" in listed
    assert "pro" in listed
    assert "slug" in acme.refused("workspaces", "add", "Not A Slug")
    assert "free nor pro" in acme.refused("workspaces", "add", "other", "--plan", "gold")
    assert "ISO code" in acme.refused("workspaces", "add", "other", "--country", "USA")


def test_rules_are_loaded_once_and_every_problem_of_a_bad_file_is_named(cli, database):
    with database.connect() as conn:
        for slug in ("master", "service-industry", "real-estate-northeast"):
            save_workspace(conn, slug=slug, name=slug)
    good = RULES / "service-industry.yaml"
    assert "2 added, 0 changed, 0 removed, 0 unchanged" in cli.run("rules", "load", good)
    assert "0 added, 0 changed, 0 removed, 2 unchanged" in cli.run("rules", "load", good)
    bad = write(
        cli,
        "bad.yaml",
        "workspace: master\nrules:\n"
        "  - {rule_name: one, priority: high, destination: master}\n"
        "  - {rule_name: two, destinatoin: master}\n",
    )
    words = cli.run("rules", "load", bad, code=1)
    assert words.startswith("RulesRefused")
    for problem in ("priority", "destinatoin"):
        assert problem in words


def test_an_import_says_what_became_of_every_row_and_the_second_time_adds_nothing(acme):
    file = write(acme, "leads.csv", SAMPLE)
    first = acme.run("import", file, "--workspace", "acme")
    assert [4, 2, 0, 2] == sums(first)
    assert "email <- email" in first
    assert "--failed-rows" in first
    second = acme.run("import", file, "--workspace", "acme", "--failed-rows", "failed [1].csv")
    assert "nothing was added" in second
    assert [4, 2, 0, 2] == sums(second)
    with (acme.folder / "failed [1].csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert ["3", "4"] == [row["row"] for row in rows]
    assert "email invalid_email" in rows[0]["reasons"]
    assert ("no-at-sign", "Firm") == (rows[0]["email"], rows[0]["company_name"])
    assert ("expected 6 fields, found 2", "too,short") == (rows[1]["reasons"], rows[1]["text"])


def test_columns_are_mapped_by_hand_and_a_wrong_mapping_is_one_line(acme):
    file = write(acme, "leads.csv", "Kontakt;Firma\njane@acme.example;Acme\n")
    mapped = ("import", file, "-w", "acme", "--map", "email=Kontakt", "--map", "company_name = Firma")
    assert [1, 1, 0, 0] == sums(acme.run(*mapped))
    for wrong, words in (
        ("email", "is not canonical=column"),
        ("email=Contact", "the file has no such column. It has 'Kontakt', 'Firma'"),
    ):
        assert words in acme.refused("import", file, "-w", "acme", "--map", wrong)
    twice = ("--map", "email=Kontakt", "--map", "email=Firma")
    assert "already" in acme.refused("import", file, "-w", "acme", *twice)


def test_what_cannot_be_imported_is_one_line(acme):
    file = write(acme, "leads.csv", SAMPLE)
    gzip = acme.folder / "leads.csv.gz"
    gzip.write_bytes(b"\x1f\x8b\x08" + bytes(40))
    assert "this is gzip" in acme.refused("import", gzip, "-w", "acme")
    assert "There are: acme" in acme.refused("import", file, "-w", "nobody")
    assert "cannot be written" in acme.refused("import", file, "-w", "acme", "--failed-rows", "no/such/folder.csv")
    assert "Usage" in acme.run("import", file, code=2)


def test_a_lead_is_traced_and_nonsense_is_not(acme, database):
    acme.run("import", write(acme, "leads.csv", SAMPLE), "-w", "acme")
    with database.connect() as conn:
        (lead,) = conn.execute("SELECT lead_id::text FROM core.leads WHERE email = 'jane@acme.example'").fetchone()
    story = acme.run("trace", lead)
    for word in ("jane@acme.example", "received", "scored", "routed", "Acme HVAC"):
        assert word in story
    assert "NotFound: no lead 'nonsense'" in acme.refused("trace", "nonsense")


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_import_that_is_stopped_goes_on_to_the_end_when_it_is_run_again(acme, database, sign, code):
    rows = 3 * CHUNK
    file = write(acme, "many.csv", "email\n" + "".join(f"p{number}@firm{number}.example\n" for number in range(rows)))
    process = acme.start("import", file, "-w", "acme")
    with database.connect() as conn:
        deadline = time.monotonic() + 60
        while process.poll() is None and not committed(conn) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(sign)
        _, errors = process.communicate(timeout=60)
        assert code == process.returncode, errors
        assert "Traceback" not in errors
        assert ("run the same command again" in errors) == (sign == signal.SIGINT)
        assert 0 < committed(conn) < rows
        again = acme.run("import", file, "-w", "acme")
        assert "going on where that import stopped" in again
        assert [rows, rows, 0, 0] == sums(again)
        assert ("completed", rows) == conn.execute(
            "SELECT status, successful_records FROM core.bulk_upload_jobs"
        ).fetchone()


def committed(conn):
    return conn.execute("SELECT coalesce(sum(received_rows), 0)::bigint FROM raw.drops").fetchone()[0]
