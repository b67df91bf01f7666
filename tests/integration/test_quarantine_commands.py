"""`lead-pipeline quarantine` as it is typed, drops that were refused whole, and the check that names a command."""

import io
import json
from datetime import UTC, date, datetime

import pytest
from rich.console import Console
from typer.testing import CliRunner

from lead_pipeline.cli import app
from lead_pipeline.cli import quarantine as command
from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.run import Run
from lead_pipeline.store import day_checks
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROWS = """full_name,email,company_name,revenue
Jane Doe,jane at acme.com,Acme,
John Roe,john@roe.com,Roe,confidential
No Mail,no-at-sign,Firm,
"""


class Commands:
    def __init__(self, database, folder, monkeypatch):
        self.database, self.folder, self.monkeypatch = database, folder, monkeypatch

    def run(self, *arguments, answer=None):
        said = io.StringIO()
        self.monkeypatch.setattr(command, "_console", Console(file=said, width=160))
        done = CliRunner().invoke(app, ["quarantine", *map(str, arguments)], input=answer)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert 0 == done.exit_code, done.output
        return said.getvalue()

    def refused(self, *arguments):
        with pytest.raises(LeadPipelineError) as refusal:
            self.run(*arguments)
        return str(refusal.value)

    def statuses(self):
        with self.database.connect() as conn:
            return [s for (s,) in conn.execute("SELECT status FROM core.quarantined_rows ORDER BY drop_id, row_no")]

    def land(self, body, external_id="e1", source="datashopper"):
        """A webhook that names a workspace, as the intake service lands it, read by the next run."""
        with self.database.connect() as conn:
            drop_id, _ = land(
                conn,
                Landing(
                    source=source, kind="webhook", external_id=external_id, workspace_id=None, day=DAY,
                    received_at=NOW, body_sha256="0" * 64, body=json.dumps(body).encode(),
                ),
            )  # fmt: skip
        decide_pending_events(self.database.url, DAY, Run("test", clock=lambda: NOW))
        return drop_id


@pytest.fixture
def commands(database, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("LEAD_PIPELINE_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("WEBHOOK_WORKSPACE", raising=False)
    with database.connect() as conn:
        save_workspace(conn, slug="acme", name="Acme")
    return Commands(database, tmp_path, monkeypatch)


@pytest.fixture
def refused(commands):
    file = commands.folder / "leads.csv"
    file.write_text(ROWS)
    done = CliRunner().invoke(app, ["import", str(file), "-w", "acme"])
    assert 0 == done.exit_code, done.output
    return commands


def test_the_list_gives_the_commands_that_repair_and_they_do(refused):
    listed = refused.run("list", "--workspace", "acme")
    given = [line for line in listed.splitlines() if line.startswith("lead-pipeline quarantine repair --recipe")]
    assert 3 == len(given)
    assert all(line.endswith("--workspace acme") for line in given)
    for line in given:
        assert "Repaired" in refused.run(*line.split()[2:])
    assert ["repaired"] * 3 == refused.statuses()
    assert "No such row waits" in refused.run("list")
    assert "recipe" not in refused.run("list", "--status", "repaired", "--check", "invalid_email")
    assert "is none of" in refused.refused("list", "--status", "lost")


def test_a_row_is_shown_whole_before_and_after_its_repair(refused):
    before = refused.run("show", 1, 1)
    assert "confidential" in before
    assert "waiting" in before
    dry = refused.run("repair", "--recipe", "clear-revenue", "--all", "--dry-run")
    assert "Would be repaired" in dry
    assert "Nothing was changed" in dry
    assert ["waiting"] * 3 == refused.statuses()
    refused.run("repair", "--recipe", "clear-revenue", "--column", "revenue")
    after = refused.run("show", 1, 1)
    assert "recipe clear-revenue" in after
    assert "repair drop" in after
    assert "no row 7" in refused.refused("show", 1, 7)


def test_an_exported_file_is_corrected_and_repaired(refused):
    file = refused.folder / "rows.csv"
    assert "2 rows in" in refused.run("export", file, "--check", "invalid_email")
    assert "--force" in refused.refused("export", file)
    file.write_text(file.read_text().replace("no-at-sign", "no@mail.com", 1).replace("no-at-sign", "no@mail.com"))
    said = refused.run("repair", file)
    assert "Still waiting" in said
    assert ["waiting", "waiting", "repaired"] == refused.statuses()
    assert "left out: row 2 of drop 1: repaired already" in refused.run("repair", file)
    assert "no such row" in refused.refused("export", file, "--source", "c2s")


def test_what_cannot_be_meant_is_refused_in_words(refused):
    for arguments, words in (
        (("repair",), "either a corrected FILE.csv or --recipe"),
        (("repair", "rows.csv", "--all"), "leave the filters out"),
        (("repair", "rows.csv"), "cannot be read"),
        (("repair", "--recipe", "clear-revenue"), "add --all"),
        (("repair", "--recipe", "clear-revenu", "--all"), "Did you mean clear-revenue?"),
        (("repair", "--recipe", "clear-revenue", "-w", "nobody"), "no workspace 'nobody'"),
        (("retry",), "add --all"),
        (("discard", "--reason", "old"), "add --all"),
        (("discard", 1, "--reason", "old"), "ROW_NO"),
        (("discard", 1, 2, "--reason", " "), "blank"),
    ):
        assert words in refused.refused(*arguments), arguments


def test_rows_are_discarded_only_after_a_yes(refused):
    said = CliRunner().invoke(app, ["quarantine", "discard", "1", "2", "--reason", "junk"], input="n\n")
    assert 1 == said.exit_code
    assert ["waiting"] * 3 == refused.statuses()
    assert "1 rows discarded: junk" in refused.run("discard", 1, 2, 9, "--reason", "junk", answer="y\n")
    assert "2 rows discarded" in refused.run("discard", "--source", "csv", "--reason", "old", "--yes")
    assert ["discarded"] * 3 == refused.statuses()
    assert "nothing was discarded" in refused.run("discard", "--all", "--reason", "old", "--yes")


def test_a_drop_that_was_refused_whole_is_read_again_once_its_workspace_is_there(commands):
    leads = [{"email": "a@b.com", "name": "Ann Bee"}, {"email": "junk", "name": "Ann"}]
    body = {"event_type": "leads.batch", "workspace_id": "late", "leads": leads}
    drop_id = commands.land(body)
    assert "retry --check" in commands.run("list")
    assert "no workspace 'late'" in commands.run("show", drop_id, "-1")
    assert "no workspace 'late'" in commands.run("retry", "--all")
    assert ["waiting"] == commands.statuses()
    with commands.database.connect() as conn:
        save_workspace(conn, slug="late", name="Late")
    assert "read again" in commands.run("retry", "--source", "datashopper")
    assert ["repaired", "waiting"] == commands.statuses()
    with connect(commands.database.url) as conn:
        row = conn.execute(
            "SELECT stage, received_rows, accepted_rows, quarantined_rows, error FROM raw.drops WHERE drop_id = %s",
            [drop_id],
        ).fetchone()
        assert ("routed", 3, 1, 2, None) == row
        assert day_checks.unaccounted_drops(conn, DAY).empty
    assert ["repaired", "waiting"] == commands.statuses()


def test_a_drop_of_one_lead_names_it_and_others_that_fail_hold_it_up_no_more(commands):
    body = {"event_type": "leads.single", "workspace_id": "late", "lead": {"email": "a@b.com"}}
    first, second = commands.land(body), commands.land({**body, "event_type": "leads.new"}, "e2")
    with commands.database.connect() as conn:
        save_workspace(conn, slug="late", name="Late")
    said = commands.run("retry", "--all")
    assert f"drop {second} waits: unknown event_type 'leads.new'" in said
    with commands.database.connect() as conn:
        found = conn.execute(
            "SELECT q.drop_id, q.status, l.email FROM core.quarantined_rows q "
            "LEFT JOIN core.leads l ON l.lead_id = q.repaired_lead_id ORDER BY 1"
        ).fetchall()
    assert [(first, "repaired", "a@b.com"), (second, "waiting", None)] == found


def test_a_drop_that_is_refused_again_later_waits_again_and_is_counted_once(commands):
    body = {"event_type": "leads.single", "workspace_id": "late", "lead": {"email": "a@b.com"}}
    drop_id = commands.land(body)
    with commands.database.connect() as conn:  # put back by hand, its reason still there
        conn.execute("UPDATE raw.drops SET stage = 'landed' WHERE drop_id = %s", [drop_id])
        conn.execute("UPDATE core.quarantined_rows SET status = 'repaired', settled_at = now()")
    decide_pending_events(commands.database.url, DAY, Run("again"))
    assert ["waiting"] == commands.statuses()
    with connect(commands.database.url) as conn:
        assert day_checks.unaccounted_drops(conn, DAY).empty


def test_the_check_warns_while_a_row_waits_and_names_the_command(refused):
    from dagster import asset, materialize

    from lead_pipeline.orchestration.quarantine_checks import no_row_waits
    from lead_pipeline.orchestration.resources import Pipeline

    @asset
    def quarantined_rows() -> None:
        """Stands in for the one of the graph."""

    def evaluated():
        done = materialize([quarantined_rows, no_row_waits], resources={"pipeline": Pipeline()})
        [evaluation] = done.get_asset_check_evaluations()
        return evaluation

    warned = evaluated()
    assert not warned.passed
    assert "WARN" == warned.severity.name
    assert 3 == warned.metadata["waiting"].value
    records = warned.metadata["reasons"].records
    assert any("--recipe clear-revenue" in record.data["command"] for record in records)
    refused.run("discard", "--all", "--reason", "old", "--yes")
    assert evaluated().passed
