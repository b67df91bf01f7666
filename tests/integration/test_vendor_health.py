"""How people see the vendors: the command, the asset check, and what a run of the whole pipeline counts."""

import io
import os
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from lead_pipeline.cli import app
from lead_pipeline.cli import vendors as command
from lead_pipeline.errors import CircuitOpen, LeadPipelineError, NotFound
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.store.circuits import circuits, open_circuit
from lead_pipeline.store.connections import connect

pytestmark = pytest.mark.integration
VENDORS = {"datashopper", "clay", "audience_labs", "diretrix", "work_api", "c2s"}


@pytest.fixture
def typed(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Types `lead-pipeline vendors ...` and reads what it says."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> str:
        said = io.StringIO()
        monkeypatch.setattr(command, "_console", Console(file=said, width=220))
        done = CliRunner().invoke(app, ["vendors", *arguments])
        if isinstance(done.exception, LeadPipelineError):
            raise done.exception
        assert 0 == done.exit_code, done.output
        return said.getvalue()

    return run


def fail(world: Any, vendor: str) -> None:
    with connect(world.url, autocommit=True) as conn:
        open_circuit(conn, vendor, wait=30, calls=12, failures=11, error=f"{vendor} answered 500")


def lines(said: str) -> dict[str, str]:
    """Each vendor's line of the table."""
    return {words[0]: line for line in said.splitlines() if (words := line.split()) and words[0] in VENDORS}


def test_the_command_names_every_vendor_with_its_circuit_calls_and_pace(world: Any, typed: Any) -> None:
    fail(world, "clay")
    world.execute(
        "INSERT INTO raw.vendor_calls VALUES ('clay', 'ok', now(), 6, 3), ('clay', 'unavailable', now(), 2, 1), "
        "('clay', 'circuit_open', now(), 5, 0), ('c2s', 'unknown', now() - interval '2 hours', 9, 9)"
    )
    table = lines(typed())

    assert VENDORS == set(table)
    assert "clay answered 500" in table["clay"]
    assert ["open", "8", "2", "5", "0.500"] == [
        word for word in table["clay"].split() if word in {"open", "8", "2", "5", "0.500"}
    ]
    assert "1000 a second, 1000 at once" in table["clay"]
    assert "closed" in table["c2s"]
    assert "7 a minute, 3 at once" in table["c2s"]


def test_a_circuit_is_closed_by_hand_and_an_unknown_vendor_is_refused(world: Any, typed: Any) -> None:
    fail(world, "clay")

    assert "clay is asked again" in typed("close", "clay")
    assert "is not open" in typed("close", "clay")
    assert "is not open" in typed("close", "c2s")
    with pytest.raises(NotFound, match="no vendor acme"):
        typed("close", "acme")
    with connect(world.url) as conn:
        assert [("clay", "closed")] == [(one.vendor, one.state) for one in circuits(conn)]


def test_the_check_warns_of_an_open_circuit_with_the_command_that_closes_it(world: Any, dagster: Any) -> None:
    fail(world, "c2s")
    result = world.run_job(dagster, name="lead_enrichment")
    [seen] = [check for check in result.get_asset_check_evaluations() if check.check_name == "vendors_answer"]

    assert (False, "WARN", "clay_contacts") == (seen.passed, seen.severity.name, seen.asset_key.to_user_string())
    assert "c2s" in seen.description
    [record] = seen.metadata["circuits"].records
    assert "lead-pipeline vendors close c2s" == record.data["command"]
    assert "c2s answered 500" == record.data["last_error"]


@pytest.fixture
def pipeline(world: Any, hurried: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The resource as a run gets it, without the pauses between attempts."""
    monkeypatch.setattr(os, "environ", {**os.environ, **world.environment})
    with Pipeline().yield_for_execution(None) as opened:
        yield opened


def test_a_run_counts_what_the_sandbox_was_asked(world: Any, pipeline: Pipeline) -> None:
    clay = pipeline.clay()
    assert clay._transport is pipeline.clay()._transport, "one transport a vendor"
    for number in range(5):
        clay.verify_email(f"n{number}@acme.example.com")
    assert 0 == world.one("SELECT count(*) FROM raw.vendor_calls")
    pipeline._open.close()

    assert [("clay", "ok", 5)] == world.rows("SELECT vendor, outcome, calls FROM raw.vendor_calls")
    assert 5 == sum(world.record()["vendor_calls"]["clay-verify"].values())


def test_every_vendor_has_a_client_with_its_own_pace_and_circuit(world: Any, pipeline: Pipeline) -> None:
    made = [
        pipeline.datashopper(), pipeline.clay(), pipeline.audience_labs(), pipeline.diretrix(), pipeline.work_api(),
        pipeline.contact2sale(),
    ]  # fmt: skip
    assert 6 == len({id(client._transport) for client in made})
    for vendor in VENDORS - {"c2s"}:
        fail(world, vendor)
    with pytest.raises(CircuitOpen, match="datashopper answered 500"):
        pipeline.datashopper().search({}, None)
    pipeline.contact2sale().lead("l-1")
    assert [("vendor/c2s",)] == world.rows("SELECT scope FROM core.rate_limits")


def test_a_vendor_that_fails_in_a_run_is_not_asked_by_the_next(world: Any, pipeline: Pipeline) -> None:
    world.fault("clay-verify", "error")
    client = pipeline.clay()
    for number in range(10):
        with pytest.raises(LeadPipelineError):
            client.verify_email(f"n{number}@acme.example.com")
    asked = world.record()["requests"]["/clay/v1/emails/verify"]
    world.clear_faults()

    with Pipeline().yield_for_execution(None) as another, pytest.raises(CircuitOpen):
        another.clay().verify_email("a@acme.example.com")
    assert 10 == asked == world.record()["requests"]["/clay/v1/emails/verify"]
