"""The C2S chain many times at once, and killed at any point: one event, one effect; one enrichment, one message.

LEAD_PIPELINE_KILLS says how many runs are killed (30), each after another commit or answer.
"""

import datetime as dt
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lead_pipeline.sandbox.server import SandboxServer
from tests.integration.crm_days import CrmDays, contacts, person
from tests.integration.intake_children import WEBHOOKS, WORKSPACE, add_workspace, children, signed

pytestmark = pytest.mark.integration
KILLS = int(os.environ.get("LEAD_PIPELINE_KILLS", "30"))
DELIVERIES, AT_ONCE = 100, 6


@pytest.fixture
def crm(world_at: Any) -> Iterator[CrmDays]:
    with SandboxServer(c2s_per_minute=None) as sandbox:
        yield CrmDays(world_at(sandbox.url))


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What so many threads came back with that began at the same moment."""
    start, answers = threading.Barrier(count), []

    def begin(number: int) -> None:
        start.wait()
        answers.append(work(number))

    threads = [threading.Thread(target=begin, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == len(answers), "a thread failed; its words are above"
    return answers


def test_a_hundred_concurrent_deliveries_of_one_event_have_one_effect(crm: CrmDays, tmp_path: Path) -> None:
    url, who = crm.world.url, person(3)
    add_workspace(url)
    attributes = {"updated_at": "2026-03-02T12:00:00Z", "customer": contacts(who)}
    body = json.dumps({"id": "L1", "hook_action": "on_create_lead", "attributes": attributes}).encode()
    with children(url, tmp_path, 2) as services:
        addresses = [service.url + WEBHOOKS["c2s"] for service in services]
        answers = at_once(
            DELIVERIES,
            lambda number: httpx.post(
                addresses[number % 2], content=body, headers=signed(body, source="c2s"), timeout=60
            ).json(),
        )
    assert {"accepted": 1, "duplicate": DELIVERIES - 1} == Counter(answer["status"] for answer in answers)
    [day] = crm.world.rows("SELECT day FROM raw.drops WHERE kind = 'webhook'")[0]
    at_once(AT_ONCE, lambda _: (crm.decide(day), crm.enrich(day)))
    crm.until_settled(day)
    assert {"L1": 1} == crm.messages()
    assert [(WORKSPACE, "L1", "completed", "enrich")] == crm.world.rows(
        "SELECT w.slug, crm_lead_id, status, verdict FROM core.party_enrichments "
        "JOIN core.workspaces w USING (workspace_id) JOIN core.crm_events USING (enrichment_id)"
    )
    assert {1} == {*crm.calls("diretrix").values(), *crm.calls("work-api").values()}


def test_of_many_runs_at_one_pile_of_events_each_lead_is_told_once_about_each_change(crm: CrmDays) -> None:
    for number in range(12):
        crm.event(f"L{number}", **contacts(person(number)))
        crm.event(f"L{number}", "on_update_lead", minute=1, **contacts(person(number)))
        crm.event(f"L{number}", "on_update_lead", minute=2, **contacts(person(100 + number)))
    crm.decide()
    crm.world.fault("c2s", "latency", seconds=0.05)
    at_once(AT_ONCE, lambda _: crm.enrich(concurrency=2))
    assert {"completed": 24} == crm.until_settled()
    assert {f"L{number}": 2 for number in range(12)} == crm.messages()
    assert {1} == {*crm.calls("diretrix").values(), *crm.calls("work-api").values()}
    assert [("enrich", 24), ("unchanged", 12)] == crm.world.rows(
        "SELECT verdict, count(*) FROM core.crm_events GROUP BY verdict ORDER BY verdict"
    )


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_point_leaves_one_message_after_the_next(crm: CrmDays, nursery: Any) -> None:
    leads = 0

    def order() -> dict[str, Any]:
        """A day with one new lead, decided."""
        nonlocal leads
        day = crm.world.day + dt.timedelta(days=leads)
        crm.event(f"L{leads}", day=day, **contacts(person(leads)))
        crm.decide(day)
        leads += 1
        return {"url": crm.world.url, "sandbox": crm.world.sandbox, "var": str(crm.world.var), "day": str(day)}

    whole = nursery.run("parties", **order())
    assert 0 == whole["code"]
    points = whole["points"]
    assert 20 < points
    states = set()
    for turn in range(min(KILLS, points)):
        piece = order()
        killed = nursery.run("parties", kill_at=1 + turn * points // min(KILLS, points), **piece)
        assert killed["killed"]
        states |= set(
            crm.world.rows(
                "SELECT m.state FROM core.party_enrichments JOIN outbound.crm_messages m USING (enrichment_id) "
                "WHERE day = %s", piece["day"],
            )
        )  # fmt: skip
        crm.world.wait_until_alone()
        assert {"completed": 1} == crm.until_settled(dt.date.fromisoformat(piece["day"]))
    assert dict.fromkeys([f"L{number}" for number in range(leads)], 1) == crm.messages()
    assert set(crm.calls("diretrix").values()) <= {1, 2}, "only an answer that was not kept yet is asked for again"
    if points <= KILLS:
        assert {("intended",), ("unknown",), ("sent",)} == states
