"""Every scenario against a real intake service as quickly as it answers, faults on a real sandbox, the command."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import httpx
import pytest

from lead_pipeline.cli.webhook_secrets import VARIABLE_OF
from lead_pipeline.errors import SettingsError, VendorUnavailable
from lead_pipeline.sandbox.faults import VENDORS
from lead_pipeline.sandbox.scenarios.player import Stage, play
from lead_pipeline.sandbox.scenarios.registry import SCENARIOS
from lead_pipeline.sandbox.scenarios.scenario import HOUR, Message, Play, Scenario, Trouble
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.sandbox.webhook_sender import Intake
from lead_pipeline.service.server import IntakeServer
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
SECRETS = {source: f"{source}-" * 8 for source in VARIABLE_OF}
ENVIRONMENT = {VARIABLE_OF[source]: secret for source, secret in SECRETS.items()} | {"WEBHOOK_WORKSPACE": "seller"}
NOBODY = "http://127.0.0.1:9"
COMMAND = Path(sys.executable).with_name("lead-pipeline")


@pytest.fixture
def intake(database):
    with database.connect() as conn:
        save_workspace(conn, slug="seller", name="Seller")
    with IntakeServer(database.settings(**ENVIRONMENT), database.url) as server:
        yield Intake(server.url, SECRETS)


@pytest.fixture(scope="module")
def sandbox():
    with SandboxServer() as server:
        yield server


def script(name, seed=7):
    return Play(name, seed, date(2026, 3, 2))


def drops(database):
    with database.connect() as conn:
        rows = conn.execute("SELECT source, stage, count(*) FROM raw.drops GROUP BY 1, 2").fetchall()
    return {(source, stage): count for source, stage, count in rows}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_answered_as_expected_and_leaves_a_drop_an_event(name, database, intake, sandbox):
    stage = Stage(intake, sandbox.url, seconds=0, hold=0)
    messages = list(SCENARIOS[name].messages(script(name)))
    tally = play(SCENARIOS[name], script(name), stage)
    assert [] == tally.surprises()
    assert len(messages) == tally.sent
    kept = Counter(message.source for message in messages if message.expected in ("accepted", "quarantined"))
    landed = Counter()
    for (source, _), count in drops(database).items():
        landed[source] += count
    assert kept == landed
    assert [] == httpx.get(f"{sandbox.url}/admin/faults").json()["faults"]


def test_the_same_seed_again_is_duplicates_and_said_to_be_no_expectation(database, intake, sandbox):
    stage = Stage(intake, sandbox.url, seconds=0)
    play(SCENARIOS["brazil-day"], script("brazil-day"), stage)
    before = drops(database)
    tally = play(SCENARIOS["brazil-day"], script("brazil-day"), stage)
    assert [("c2s", "accepted", 47, 0), ("c2s", "duplicate", 0, 47)] == tally.rows()
    assert 24 == len(tally.surprises())
    assert before == drops(database)


def test_a_day_is_mapped_to_real_seconds_and_faults_lie_between_their_hours(intake, sandbox):
    seen = []

    def messages(_):
        for hour in (1, 12, 23):
            event = {"event_type": "test", "event_id": f"t{hour}"}
            yield Message(at=hour * HOUR, source="clay", event=event, about=f"t{hour}")

    def look(done, total):
        faults = httpx.get(f"{sandbox.url}/admin/faults").json()["faults"]
        seen.append((done, total, time.monotonic() - begin, {fault["target"] for fault in faults}))

    [trouble] = SCENARIOS["slow-vendor"].troubles
    made = Scenario("made", "Made up.", "here", messages, (Trouble(6 * HOUR, 14 * HOUR, trouble.faults),))
    begin = time.monotonic()
    play(made, script("made"), Stage(intake, sandbox.url, seconds=2.4, hold=0), look)
    assert [(1, 3, set()), (2, 3, set(VENDORS)), (3, 3, set())] == [(d, t, faults) for d, t, _, faults in seen]
    assert all(hour * 0.1 <= at < hour * 0.1 + 1 for hour, (_, _, at, _) in zip((1, 12, 23), seen, strict=True))
    assert [] == httpx.get(f"{sandbox.url}/admin/faults").json()["faults"]


def test_an_answer_of_nonsense_is_json_of_no_agreed_shape_and_the_work_was_done(sandbox):
    call = {"url": f"{sandbox.url}/clay/v1/contacts/search", "json": {"domain": "x.example", "limit": 5}}
    key = {"Authorization": "Bearer sandbox"}
    httpx.post(f"{sandbox.url}/admin/faults", json={"target": "clay", "kind": "nonsense", "times": 1})
    answers = [httpx.post(**call, headers=key) for _ in range(2)]
    assert [(200, False), (200, True)] == [(answer.status_code, "contacts" in answer.json()) for answer in answers]
    assert 2 == httpx.get(f"{sandbox.url}/admin/record").json()["vendor_calls"]["clay"]["x.example"]
    httpx.post(f"{sandbox.url}/admin/reset")


def test_other_secrets_are_a_surprise_for_every_message(intake, sandbox):
    others = Intake(intake.url, dict.fromkeys(SECRETS, "o" * 64))
    tally = play(SCENARIOS["audience-import"], script("audience-import"), Stage(others, sandbox.url, seconds=0))
    assert [("audience-labs", "accepted", 10, 0), ("audience-labs", "refused 401", 0, 10)] == tally.rows()
    assert "Invalid signature" in tally.surprises()[0]


def test_an_intake_without_the_secret_ends_the_play_and_says_which(database, sandbox):
    with IntakeServer(database.settings(), database.url) as server:
        stage = Stage(Intake(server.url, SECRETS), sandbox.url, seconds=0)
        with pytest.raises(SettingsError, match="AUDIENCE_LABS_WEBHOOK_SECRET is not set"):
            play(SCENARIOS["audience-import"], script("audience-import"), stage)


def test_who_is_not_there_is_named_with_what_to_do(intake, sandbox):
    with pytest.raises(VendorUnavailable, match=r"no intake service answers at .*lead-pipeline up.*--intake"):
        play(SCENARIOS["late"], script("late"), Stage(Intake(NOBODY, SECRETS), sandbox.url))
    with pytest.raises(VendorUnavailable, match=r"no sandbox answers at .*--sandbox"):
        play(SCENARIOS["slow-vendor"], script("slow-vendor"), Stage(intake, NOBODY))


class Command:
    """`lead-pipeline sandbox ...` in a folder of its own."""

    def __init__(self, folder, **environment):
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        self.folder, self.environment = folder, kept | {"LEAD_PIPELINE_VAR": str(folder)} | environment

    def start(self, *arguments):
        return subprocess.Popen(
            [str(COMMAND), "sandbox", *arguments], env=self.environment, cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments):
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=120)
        assert "Traceback" not in output + errors
        return process.returncode, output + errors


def test_the_command_plays_reports_and_says_when_it_was_not_as_expected(tmp_path, intake, sandbox):
    command = Command(tmp_path, **ENVIRONMENT)
    arguments = ("scenario", "replayed", "--intake", intake.url, "--sandbox", sandbox.url, "--seed", "3", "--fast")
    code, output = command.run(*arguments)
    assert (0, True, True) == (code, "15 sent" in output, "As expected" in output)
    code, output = command.run(*arguments)
    assert (1, True) == (code, "take another --seed" in output)


def test_the_secrets_are_those_beside_the_data_and_missing_ones_are_named(tmp_path, intake, sandbox):
    command = Command(tmp_path)
    arguments = ("scenario", "audience-import", "--intake", intake.url, "--sandbox", sandbox.url, "--fast")
    code, output = command.run(*arguments)
    assert (1, True, True) == (code, "AUDIENCE_LABS_WEBHOOK_SECRET" in output, "webhook_secrets.env" in output)
    (tmp_path / "webhook_secrets.env").write_text(f"export AUDIENCE_LABS_WEBHOOK_SECRET={'ab' * 32}\n")
    code, output = command.run(*arguments)
    assert (1, True) == (code, "The intake has other secrets" in output)


def test_wrong_input_is_one_line(tmp_path, intake):
    command = Command(tmp_path, **ENVIRONMENT)
    code, output = command.run("scenario", "nope")
    assert (1, 1, True) == (code, len(output.splitlines()), all(name in output for name in SCENARIOS))
    code, output = command.run("scenario", "late", "--intake", NOBODY)
    assert (1, True) == (code, "lead-pipeline up" in output)
    assert 0 == command.run("scenarios")[0]


def test_ctrl_c_ends_a_play_and_clears_its_faults(tmp_path, intake, sandbox):
    command = Command(tmp_path, **ENVIRONMENT)
    arguments = ("scenario", "slow-vendor", "--intake", intake.url, "--sandbox", sandbox.url, "--seconds", "8")
    process = command.start(*arguments)
    end = time.monotonic() + 30
    while not httpx.get(f"{sandbox.url}/admin/faults").json()["faults"] and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert (130, False) == (process.returncode, "Traceback" in output + errors)
    assert [] == httpx.get(f"{sandbox.url}/admin/faults").json()["faults"]


def test_the_sandbox_itself_still_starts_by_the_bare_command(tmp_path):
    process = Command(tmp_path).start("--port", "0")
    try:
        assert process.stdout.readline().startswith("sandbox at http://127.0.0.1:")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
