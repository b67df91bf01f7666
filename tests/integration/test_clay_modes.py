"""The loop with Clay closed in mode webhook: a lead is sent, the intake takes the answer, a sensor has it settled."""

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest
from dagster import RunRequest, SkipReason, build_sensor_context

from lead_pipeline.orchestration import sensors
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.sandbox.webhook_sender import Intake
from lead_pipeline.service.server import IntakeServer
from lead_pipeline.settings import load_settings

pytestmark = pytest.mark.integration
TODAY = dt.datetime.now(dt.UTC).date()
SECRET = "a secret of at least thirty-two bytes"
LEADS = 6
BY = """
SELECT e.status, d.kind, count(*) FROM core.enrichments e LEFT JOIN raw.drops d ON d.drop_id = e.answer_drop_id
GROUP BY 1, 2 ORDER BY 1, 2
"""


@pytest.fixture
def looped(world: Any, dagster: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A world whose Clay has an intake service to send its answers to."""
    environment = {"CLAY_MODE": "webhook", "CLAY_WEBHOOK_SECRET": SECRET, "WEBHOOK_WORKSPACE": "seller"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with (
        IntakeServer(load_settings({**world.environment, **environment}), world.url) as intake,
        SandboxServer(intake=Intake(intake.url, {"clay": SECRET})) as sandbox,
    ):
        monkeypatch.setenv("SANDBOX_URL", sandbox.url)
        world.receive_leads(LEADS, day=TODAY)
        yield world


def wanted(instance: Any) -> list[RunRequest]:
    resource = Pipeline()
    with build_sensor_context(instance=instance, resources={"pipeline": resource}) as context:
        told = sensors.leads_to_enrich(context)
    return [] if isinstance(told, SkipReason) or told is None else list(told.run_requests or [])


def landed(world: Any, count: int) -> bool:
    end = time.monotonic() + 20
    query = "SELECT count(*) FROM raw.drops WHERE source = 'clay' AND kind = 'webhook'"
    while (found := world.one(query)) < count and time.monotonic() < end:
        time.sleep(0.05)
    return bool(found == count)


def test_leads_are_sent_and_their_webhooks_complete_them_without_a_question(looped: Any, dagster: Any) -> None:
    assert [TODAY.isoformat()] == [request.partition_key for request in wanted(dagster)]
    assert looped.run_job(dagster, name="lead_enrichment", day=TODAY).success
    assert [("pending", None, LEADS)] == looped.rows(BY)
    assert landed(looped, LEADS)
    [request] = wanted(dagster)
    assert str(LEADS) == request.tags["lead_pipeline/count"]
    assert looped.run_job(dagster, name="lead_enrichment", day=request.partition_key).success
    assert [("completed", "webhook", LEADS)] == looped.rows(BY)
    assert [] == wanted(dagster)
    assert 0 == looped.one("SELECT count(*) FROM raw.drops WHERE kind = 'vendor_answer'")


def test_leads_whose_webhooks_never_come_wait_for_no_run_until_they_are_overdue(
    looped: Any, dagster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_URL", looped.sandbox)  # a Clay that sends nothing
    assert looped.run_job(dagster, name="lead_enrichment", day=TODAY).success
    assert [] == wanted(dagster)
    looped.execute("UPDATE core.enrichments SET sent_at = sent_at - interval '1 hour'")
    assert [str(LEADS)] == [request.tags["lead_pipeline/count"] for request in wanted(dagster)]
    assert looped.run_job(dagster, name="lead_enrichment", day=TODAY).success
    assert [("completed", "vendor_answer", LEADS)] == looped.rows(BY)
