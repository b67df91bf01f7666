"""`lead-pipeline ledger` and the daily job: what they print, and how they end."""

import io
from datetime import timedelta

import pytest
from rich.console import Console
from typer.testing import CliRunner

from lead_pipeline.cli import app, ledger
from lead_pipeline.errors import LedgerBroken, NotFound
from lead_pipeline.steps.move_money import fund, refund
from tests.integration.ledger_books import START, open_books

pytestmark = pytest.mark.integration


@pytest.fixture
def books(database, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("LEAD_PIPELINE_VAR", str(tmp_path))
    with database.connect() as conn:
        books = open_books(conn)
        fund(conn, **books.move(0, 10_000))
        [lead] = books.charge(conn, (0, 2_500))
        books.pass_time(days=1)
        refund(conn, **books.back(0, lead))
    return books


@pytest.fixture
def run(monkeypatch):
    """Runs a command: its exit code, what it printed, and the error that becomes words in the end."""

    def invoke(*arguments):
        said = io.StringIO()
        monkeypatch.setattr(ledger, "_console", Console(file=said, width=160))
        told = CliRunner().invoke(app, ["ledger", *arguments])
        return told.exit_code, said.getvalue(), told.exception

    return invoke


def alter(database, statement):
    with database.connect() as conn, conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")
        conn.execute(statement)


def test_verify_says_what_was_proved_and_names_what_is_broken(database, books, run):
    code, output, _ = run("verify")
    assert 0 == code
    assert "proved: every entry sums to zero" in output
    assert "The ledger is whole: 3 entries, 6 postings, 5 accounts; nothing is sealed yet, 3 entries since." in output
    assert "2026-11-03 sealed: 1 entries" in run("seal", "--until", "2026-11-03")[1]
    assert "Nothing was left to seal until 2026-11-03." in run("seal", "--until", "2026-11-03")[1]
    assert "2 days sealed until 2026-11-03 with " in run("verify")[1]
    alter(database, "UPDATE market.ledger_entries SET reason = 'x' WHERE entry_id = 2")
    code, _, error = run("verify")
    assert 1 == code
    assert isinstance(error, LedgerBroken)
    assert str(error).startswith("2026-11-02: entry 2 was altered.")


def test_a_statement_is_printed_with_its_lines_and_both_balances(books, run):
    code, output, _ = run("statement", "Buyer 0", "--month", "2026-11")
    assert 0 == code
    assert "Buyer 0, November 2026: opens with 0.00 USD" in output
    assert "3 lines; closes with 100.00 USD" in output
    for amount in ("100.00", "-25.00", "75.00", "25.00"):
        assert amount in output
    assert "0 lines; closes with 100.00 USD" in run("statement", books.buyers[0], "--month", "2026-12")[1]
    code, _, error = run("statement", "nobody")
    assert 1 == code
    assert isinstance(error, NotFound)


def test_the_daily_job_seals_the_day_and_proves_the_ledger(database, books, dagster_of):
    result = dagster_of("ledger_seal", str(START.date() + timedelta(days=1)))
    assert result.success
    [seals] = result.asset_materializations_for_node("ledger_seals")
    assert [2, 3] == [seals.metadata["sealed_days"].value, seals.metadata["entries"].value]
    [check] = result.get_asset_check_evaluations()
    assert ("ledger_is_whole", True, 0) == (
        check.check_name, check.passed, check.metadata["unsealed_entries"].value
    )  # fmt: skip
    alter(database, "UPDATE market.ledger_accounts SET balance_minor = 1 WHERE kind = 'card'")
    [check] = dagster_of("ledger_seal", str(START.date())).get_asset_check_evaluations()
    assert not check.passed
    assert "2026-11-02: entry 1 is the last that moved account" in check.description


@pytest.fixture
def dagster_of(monkeypatch, tmp_path):
    """Runs a job of the pipeline for a day, without a home of Dagster's."""
    from dagster import DagsterInstance

    from lead_pipeline.orchestration.build import build_pipeline

    definitions = build_pipeline()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def execute(job, day):
        with DagsterInstance.ephemeral() as instance:
            resolved = definitions.resolve_job_def(job)
            return resolved.execute_in_process(partition_key=day, instance=instance, raise_on_error=False)

    return execute
