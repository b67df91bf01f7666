"""The C2S chain as Dagster runs it: one run from event to message, a sensor for what it left, and the subscription."""

import datetime as dt
import io
import json
from typing import Any

import httpx
import pytest
from dagster import DagsterEventType
from rich.console import Console
from typer.testing import CliRunner

from lead_pipeline.cli import app, c2s
from lead_pipeline.settings import load_settings
from tests.integration.crm_days import CrmDays, contacts, person
from tests.integration.test_sensors import passed, requests, run, tick

pytestmark = pytest.mark.integration
TODAY = dt.datetime.now(dt.UTC).date()
WAITING = ("no_party_enrichment_waits_too_long", "no_message_is_in_doubt", "most_parties_are_found")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    from lead_pipeline.orchestration import sensors

    monkeypatch.setattr(sensors, "LISTEN_SECONDS", 0)


@pytest.fixture
def crm(world: Any, dagster: Any) -> CrmDays:
    return CrmDays(world)


def age(crm: CrmDays, seconds: int = 21) -> None:
    """Let everything be so much older."""
    for table, columns in {
        "raw.drops": ("settled_at",),
        "core.party_enrichments": ("requested_at", "next_attempt_at"),
    }.items():
        older = ", ".join(f"{column} = {column} - make_interval(secs => {seconds})" for column in columns)
        crm.world.execute(f"UPDATE {table} SET {older}")


def test_one_run_goes_from_the_event_to_the_message_and_leaves_nothing_to_do(crm: CrmDays, dagster: Any) -> None:
    crm.event("L1", day=TODAY, **contacts(person(3)))
    [request] = requests(tick("webhook_drops", dagster))
    result = run(dagster, request)
    assert passed(result)
    assert {"L1": 1} == crm.messages()
    shown = result.asset_materializations_for_node("party_enrichments")[0].metadata
    assert (1, 1) == (shown["dagster/partition_row_count"].value, shown["enrichments_completed"].value)
    age(crm)
    assert [] == requests(tick("c2s_events", dagster))
    told = [event.message for event in dagster.all_logs(result.run_id)]
    assert any("lead L1: message sent" in line for line in told)
    assert not any(person(3).cpf in line or person(3).emails[0] in line for line in told)


def test_what_the_run_left_is_asked_for_after_a_grace_and_retried_when_it_is_due(crm: CrmDays, dagster: Any) -> None:
    crm.world.fault("diretrix", "error")
    crm.event("L1", day=TODAY, **contacts(person(3)))
    assert run(dagster, requests(tick("webhook_drops", dagster))[0]).success
    assert [("pending", 1)] == crm.world.rows("SELECT status, attempts FROM core.party_enrichments")
    age(crm)
    assert [] == requests(tick("c2s_events", dagster)), "half a minute has not passed"
    age(crm)
    crm.world.clear_faults()
    crm.world.execute("DELETE FROM core.vendor_circuits")
    [request] = requests(tick("c2s_events", dagster))
    assert ("party_enrichment", "1") == (request.job_name, request.tags["lead_pipeline/count"])
    assert passed(run(dagster, request))
    assert {"L1": 1} == crm.messages()
    assert [] == requests(tick("c2s_events", dagster))


def test_more_leads_than_the_crm_takes_at_once_are_left_to_a_run_of_their_own(
    crm: CrmDays, dagster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lead_pipeline.orchestration.assets import parties

    assert 6 == parties.few(load_settings({})), "three at once, and seven a minute"
    monkeypatch.setattr(parties, "few", lambda settings: 1)
    for number in range(3):
        crm.event(f"L{number}", day=TODAY, **contacts(person(number)))
    assert passed(run(dagster, requests(tick("webhook_drops", dagster))[0]))
    assert {} == crm.messages()
    assert [] == requests(tick("c2s_events", dagster)), "the grace has not passed"
    age(crm)
    [request] = requests(tick("c2s_events", dagster))
    assert passed(run(dagster, request))
    assert {"L0": 1, "L1": 1, "L2": 1} == crm.messages()


def test_a_refused_key_holds_up_no_lead_and_is_seen_on_a_run_of_its_own(
    crm: CrmDays, dagster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORK_API", "wrong")
    monkeypatch.setenv("WORK_API_URL", f"{crm.world.sandbox}/work-api/v1")
    crm.event("L1", day=TODAY, **contacts(person(3)))
    assert run(dagster, requests(tick("webhook_drops", dagster))[0]).success
    assert 1 == crm.world.one("SELECT count(*) FROM core.lead_assignments")
    age(crm)
    [request] = requests(tick("c2s_events", dagster))
    failed = run(dagster, request)
    assert not failed.success
    [event] = [one for one in failed.all_events if one.event_type == DagsterEventType.STEP_FAILURE]
    assert "WORK_API" in event.event_specific_data.error_display_string
    assert [("pending", 0)] == crm.world.rows("SELECT status, attempts FROM core.party_enrichments")


def test_the_checks_name_who_waits_and_what_failed(crm: CrmDays, dagster: Any) -> None:
    crm.world.fault("c2s", "error")
    for number in range(2):
        crm.event(f"L{number}", day=TODAY, **contacts(person(number)))
    for number in range(2, 22):
        crm.event(f"L{number}", day=TODAY, email=f"nobody{number}@nowhere.example")
    crm.decide(TODAY)
    crm.enrich(TODAY, backoff=(dt.timedelta(hours=1),) * 2)
    age(crm, 16 * 60)
    crm.world.execute("UPDATE outbound.crm_messages SET attempted_at = attempted_at - interval '16 minutes'")
    result = crm.world.run_job(dagster, name="party_enrichment", day=TODAY)
    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert dict.fromkeys(WAITING, False) == {name: checks[name].passed for name in WAITING}
    assert 2 == checks[WAITING[0]].metadata["waiting"].value
    assert ["L0", "L1"] == sorted(checks[WAITING[1]].metadata["leads"].value)
    assert {"Could not find CPF via Diretrix": 20} == checks[WAITING[2]].metadata["outcomes"].value


def test_the_crm_is_subscribed_with_the_secret_and_unsubscribed(crm: CrmDays, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(c2s, "_console", Console(file=said))
    monkeypatch.setenv("WEBHOOK_SECRET", "ab" * 32)
    runner = CliRunner()
    done = runner.invoke(app, ["c2s", "subscribe", "--hook-url", "https://leads.example/api/v1/webhooks/c2s"])
    assert (0, "Subscribed successfully\n") == (done.exit_code, said.getvalue())
    asked = {"Authorization": "Bearer sandbox"}
    found = httpx.get(f"{crm.world.sandbox}/c2s/v1/subscriptions", headers=asked).json()["subscriptions"]
    assert {"on_create_lead", "on_update_lead", "on_close_lead"} == {one["hook_action"] for one in found}
    assert [["X-Webhook-Token"]] * 3 == [one["headers"] for one in found]
    runner.invoke(app, ["c2s", "unsubscribe", "--action", "on_close_lead"])
    assert "on_close_lead: Unsubscribed" in said.getvalue()
    left = httpx.get(f"{crm.world.sandbox}/c2s/v1/subscriptions", headers=asked).json()["subscriptions"]
    assert 2 == len(left)
    assert "ab" * 32 not in json.dumps(found)


def test_a_subscription_without_a_secret_or_to_no_event_is_refused(crm: CrmDays) -> None:
    runner = CliRunner()
    hook = ["c2s", "subscribe", "--hook-url", "https://leads.example"]
    assert "WEBHOOK_SECRET is not set" in str(runner.invoke(app, hook).exception)
    done = runner.invoke(app, ["c2s", "unsubscribe", "--action", "on_nothing"])
    assert "no action on_nothing" in str(done.exception)
