"""`lead-pipeline deliveries`: what operators are shown, and putting back what did not arrive."""

import io

import pytest
from rich.console import Console
from typer.testing import CliRunner

from lead_pipeline.cli import app, deliveries
from lead_pipeline.errors import Conflict, NotFound
from tests.integration.ended_messages import attempt, endpoint, message

pytestmark = pytest.mark.integration


@pytest.fixture
def run(market, monkeypatch, tmp_path):
    """Runs a command: its exit code, what it printed, and the error that becomes words in the end."""
    monkeypatch.setenv("DATABASE_URL", market.database.url)
    monkeypatch.setenv("LEAD_PIPELINE_VAR", str(tmp_path))

    def invoke(*arguments):
        said = io.StringIO()
        monkeypatch.setattr(deliveries, "_console", Console(file=said, width=240))
        told = CliRunner().invoke(app, ["deliveries", *arguments])
        return told.exit_code, said.getvalue(), told.exception

    return invoke


@pytest.fixture
def ids(market):
    """A buyer's messages by state, and one that died of another workspace."""
    buyer, stranger = market.buyer(market.seller("Ada")), market.seller("Zoe")
    one = endpoint(market, buyer)
    made = {state: message(market, buyer, one, state, minutes=60) for state in ("confirmed", "failed", "skipped")}
    made["dead"] = message(market, buyer, one, "dead", minutes=30, resends=2)
    attempt(market, made["dead"], 1, status=503, seconds=0.5, error="it answered 503")
    return {**made, "theirs": message(market, stranger, endpoint(market, stranger)), "slug": buyer.slug}


def states(market):
    return sorted(state for (state,) in market.rows("SELECT state FROM outbound.deliveries"))


def test_messages_are_listed_by_workspace_state_channel_kind_and_time(run, ids):
    code, output, _ = run("list")
    assert (0, 5) == (code, output.count("lead/1"))
    for found, arguments in (
        (4, ("-w", ids["slug"])), (2, ("-s", "dead")), (1, ("-s", "dead", "-w", ids["slug"])),
        (2, ("-s", "failed", "-s", "skipped")), (0, ("--channel", "email")), (0, ("--kind", "hot_lead")),
        (1, ("--since", "2026-03-02T11:45:00")), (5, ("--since", "2026-03-02")),
    ):  # fmt: skip
        assert found == run("list", *arguments)[1].count("lead/1"), arguments
    assert "There are more than 2" in run("list", "--limit", "2")[1]


def test_one_is_shown_with_its_attempts_and_without_what_it_says(run, ids):
    code, output, _ = run("show", ids["dead"])
    assert 0 == code
    for words in ("hooks.example.com", "it answered 503", "unavailable", "0.500", ids["dead"]):
        assert words in output
    assert "new_lead" in output
    assert "type" not in output
    assert isinstance(run("show", "00000000-0000-4000-8000-000000000000")[2], NotFound)


def test_the_summary_counts_by_channel_and_state_and_what_was_resent_unknowing(run, ids):
    rows = [line.split() for line in run("summary", "-w", ids["slug"])[1].splitlines() if "webhook" in line]
    assert [["webhook", state, "1", resent] for state, resent in (
        ("confirmed", "0"), ("dead", "1"), ("failed", "0"), ("skipped", "0")
    )] == rows  # fmt: skip


def test_a_replay_counts_until_it_is_told_to_apply_and_says_who_did_it(market, run, ids):
    before = states(market)
    assert "2 fit, 0 of them have nobody to go to, 2 would be put back" in run("replay")[1]
    assert "1 fit" in run("replay", "-w", ids["slug"])[1]
    assert before == states(market)
    every = ("-s", "dead", "-s", "failed", "-s", "skipped")
    assert "3 were put back" in run("replay", "-w", ids["slug"], *every, "--apply")[1]
    assert ["confirmed", "dead", "intended", "intended", "intended"] == states(market)
    assert {("operator",)} == set(market.rows("SELECT replayed_by FROM outbound.deliveries WHERE replays = 1"))


def test_one_message_is_put_back_by_its_id(market, run, ids):
    assert f"{ids['failed']} is intended again, and due now." in run("replay", ids["failed"])[1]
    assert isinstance(run("replay", ids["confirmed"])[2], Conflict)
    assert isinstance(run("replay", "x")[2], NotFound)


@pytest.mark.parametrize("option", ["--state", "--channel", "--kind"])
def test_a_word_that_there_is_none_of_is_refused_with_those_that_there_are(run, option):
    for command in ("list", "replay"):
        error = run(command, option, "nonsense")[2]
        assert isinstance(error, NotFound)
        assert "There are: " in str(error)


def test_a_replay_takes_back_only_what_has_ended(market, run, ids):
    assert "0 fit" in run("replay", "-s", "confirmed", "--apply")[1]
