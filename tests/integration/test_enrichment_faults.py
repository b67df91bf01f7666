"""Enrichment while Clay fails in every way that the sandbox can play, directly and by webhook: no lead is left over."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lead_pipeline.errors import CircuitOpen, DatabaseUnavailable
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.settle_contacts import settle_contacts
from lead_pipeline.store.connections import connect
from lead_pipeline.store.enrichment_claims import Claims
from lead_pipeline.store.pending import days_to_enrich
from tests.integration.fault_kinds import KINDS

pytestmark = pytest.mark.integration

TIMEOUT = 0.25
LEADS = 24
COUNTED = "SELECT status, count(*) FROM core.enrichments GROUP BY status"
PEOPLE = [{"full_name": f"Person {number}", "email": f"p{number}@acme.example"} for number in range(3)]


def enriched(world: Any, **how: Any) -> dict[str, int]:
    counts = world.enrich(timeout=TIMEOUT, **how)
    assert dict(world.rows(COUNTED)) == counts
    assert LEADS == sum(counts.values())
    return counts


def sent_longer_ago(world: Any, seconds: int = 1000) -> None:
    world.execute("UPDATE core.enrichments SET sent_at = sent_at - make_interval(secs => %s)", seconds)


def days(world: Any, **more: Any) -> dict[dt.date, int]:
    with connect(world.url, autocommit=True) as conn:
        return days_to_enrich(conn, "clay", world.day, **more)


def complete_by_webhook(world: Any, lead_id: str, **more: Any) -> int:
    event = {"event_type": "enrichment.completed", "lead_id": lead_id, "contacts": PEOPLE}
    return world.land("clay", {**event, **more})


def settle(world: Any) -> dict[str, int]:
    counts = settle_contacts(world.url, world.day, Run("webhooks"))
    return {name: count for name, count in counts.items() if count}


def assert_whole(world: Any) -> None:
    """Every lead is completed once, by an answer that is kept once, with the contacts that it found."""
    assert {"completed": LEADS} == dict(world.rows(COUNTED))
    assert [] == world.rows(
        "SELECT 1 FROM core.enrichments e WHERE answer_drop_id IS NULL OR contacts_found <> "
        "(SELECT count(*) FROM core.lead_contacts c WHERE c.lead_id = e.lead_id)"
    )
    kept = world.rows(
        "SELECT count(*), count(DISTINCT external_id) FROM raw.drops WHERE event_type = 'company_contacts'"
    )
    assert kept[0][0] == kept[0][1] <= LEADS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["clay", "clay-verify"])
def test_leads_that_fail_have_a_reason_and_a_later_run_asks_only_what_is_not_kept(
    world: Any, target: str, kind: str
) -> None:
    world.receive_leads(LEADS)
    world.fault(target, kind, **KINDS[kind])
    assert {"failed", "completed"} >= set(enriched(world))
    assert [] == world.rows("SELECT 1 FROM core.enrichments WHERE status = 'failed' AND reason NOT LIKE 'Clay%%'")
    kept = world.one("SELECT count(*) FROM raw.drops WHERE event_type = 'company_contacts'")
    assert (LEADS if target == "clay-verify" else 0) == kept
    world.clear_faults()
    before = world.record()["requests"]["/clay/v1/contacts/search"]
    enriched(world)
    assert_whole(world)
    assert LEADS - kept == world.record()["requests"]["/clay/v1/contacts/search"] - before


@pytest.mark.parametrize("mode", ["direct", "webhook"])
def test_a_world_where_every_fifth_call_goes_wrong_in_any_way_leaves_no_lead_pending(world: Any, mode: str) -> None:
    world.receive_leads(LEADS)
    for kind, how in KINDS.items():
        world.fault("*", kind, probability=0.2 / len(KINDS), **how)
    counts = enriched(world, mode=mode)
    if mode == "webhook":
        sent_longer_ago(world)
        counts = enriched(world, mode=mode, retry_failed=False)
    assert {"completed", "failed"} >= set(counts)
    assert [] == world.rows("SELECT 1 FROM core.enrichments WHERE status = 'failed' AND reason NOT LIKE 'Clay%%'")
    world.clear_faults()
    enriched(world)
    assert_whole(world)


def test_an_open_circuit_ends_the_run_with_what_is_done_committed_and_the_others_waiting(world: Any) -> None:
    class Opens:
        calls = 0

        def check(self) -> None:
            if self.calls >= 12:
                raise CircuitOpen("Clay is not asked", retry_after=30)

        def record(self, *, failed: bool, reason: str = "") -> None:
            self.calls += 1

    world.receive_leads(LEADS)
    with pytest.raises(CircuitOpen):
        world.enrich(wire={"circuit": Opens()}, timeout=60)  # an answer that is given up is asked for, and not kept
    counts = dict(world.rows(COUNTED))
    assert {"completed", "pending"} == set(counts)
    asked = world.record()["vendor_calls"]
    answers = "SELECT count(*) FROM raw.drops WHERE event_type = %s"
    for vendor, event in (("clay", "company_contacts"), ("clay-verify", "verify_email")):
        assert sum(asked[vendor].values()) == world.one(answers, event)
    enriched(world)
    assert_whole(world)
    assert {1} == set(world.record()["vendor_calls"]["clay"].values())


def test_a_pace_that_our_own_database_cannot_keep_fails_no_lead(world: Any) -> None:
    class Broken:
        def take(self) -> None:
            raise DatabaseUnavailable("Postgres does not answer")

    world.receive_leads(LEADS)
    with pytest.raises(DatabaseUnavailable):
        world.enrich(wire={"bucket": Broken()})
    assert {"pending": LEADS} == dict(world.rows(COUNTED))


def test_runs_at_the_same_time_share_the_leads_and_ask_about_each_once(world: Any) -> None:
    world.receive_leads(LEADS)
    world.fault("clay", "latency", seconds=0.02)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda number: world.enrich(run_id=f"run-{number}"), range(3)))
    assert_whole(world)
    assert {1} == set(world.record()["vendor_calls"]["clay"].values())


def test_a_lead_that_another_session_has_under_way_is_left_to_it(world: Any) -> None:
    world.receive_leads(LEADS)
    world.enrich(mode="webhook", answer_seconds=900)
    with connect(world.url, autocommit=True) as conn:
        claims = Claims(conn, "clay", world.day)
        taken = claims.take("pending", 5)
        assert [5, []] == [len(taken), [lead for lead in claims.take("pending", 99) if lead in taken]]
        assert {"pending": LEADS} == world.enrich()
    world.wait_until_alone()
    world.enrich()
    assert_whole(world)


def test_a_lead_is_sent_once_and_asked_about_directly_when_its_webhook_never_comes(world: Any) -> None:
    world.receive_leads(LEADS)
    for _ in range(2):
        assert {"pending": LEADS} == enriched(world, mode="webhook", answer_seconds=900)
    calls = world.record()["vendor_calls"]
    assert (LEADS, {1}) == (len(calls["clay-async"]), set(calls["clay-async"].values()))
    assert "clay" not in calls
    overdue = {"sent_by": dt.datetime.now(dt.UTC) - dt.timedelta(seconds=900)}
    assert ({world.day: LEADS}, {}) == (days(world), days(world, **overdue))
    sent_longer_ago(world)
    assert {world.day: LEADS} == days(world, **overdue)
    enriched(world, mode="webhook", answer_seconds=900)
    assert_whole(world)
    assert {} == days(world)


def test_a_webhook_that_comes_first_completes_a_lead_and_late_and_double_ones_change_nothing(world: Any) -> None:
    world.receive_leads(LEADS)
    enriched(world, mode="webhook")
    leads = [lead for (lead,) in world.rows("SELECT lead_id::text FROM core.enrichments ORDER BY 1")]
    first = complete_by_webhook(world, leads[0])
    complete_by_webhook(world, leads[0], again=True)
    assert {"completed": 1, "late": 1} == settle(world)
    world.land("clay", {"event_type": "enrichment.failed", "lead_id": leads[1], "reason": "nobody there"})
    assert {"failed": 1} == settle(world)
    sent_longer_ago(world)
    enriched(world, mode="webhook", retry_failed=False)
    assert {"completed": LEADS - 1, "failed": 1} == dict(world.rows(COUNTED))
    late = [complete_by_webhook(world, lead) for lead in leads[1:3]]
    assert {"completed": 1, "late": 1} == settle(world)
    assert_whole(world)
    by = dict(world.rows("SELECT lead_id::text, answer_drop_id FROM core.enrichments"))
    assert [first, late[0]] == [by[leads[0]], by[leads[1]]]
    assert late[1] not in by.values()
    asked = world.record()["vendor_calls"]["clay"]
    assert LEADS - 2 == sum(asked.values())


def test_an_answer_and_a_webhook_that_race_complete_a_lead_once(world: Any) -> None:
    world.receive_leads(LEADS)
    enriched(world, mode="webhook")
    leads = [lead for (lead,) in world.rows("SELECT lead_id::text FROM core.enrichments ORDER BY 1")]
    sent_longer_ago(world)
    world.fault("clay", "latency", seconds=0.03)
    over = threading.Event()
    settled: list[dict[str, int]] = []

    def send() -> None:
        for lead in reversed(leads):
            complete_by_webhook(world, lead)
            settled.append(settle(world))
        over.set()

    sender = threading.Thread(target=send)
    sender.start()
    world.enrich(mode="webhook", concurrency=4)
    sender.join()
    assert over.is_set()
    assert_whole(world)
    by_kind = (
        "SELECT d.kind, count(*) FROM core.enrichments e JOIN raw.drops d ON d.drop_id = e.answer_drop_id GROUP BY 1"
    )
    kinds = dict(world.rows(by_kind))
    assert kinds["webhook"] == sum(counts.get("completed", 0) for counts in settled)
    assert {"webhook", "vendor_answer"} == set(kinds)


@pytest.mark.parametrize("kind", ["rate_limit", "error", "truncate", "lost_answer"])
def test_what_cannot_be_sent_fails_with_its_reason_and_is_sent_again_under_the_same_key(world: Any, kind: str) -> None:
    world.receive_leads(LEADS)
    world.fault("clay-async", kind, **KINDS[kind])
    counts = enriched(world, mode="webhook")
    assert {"failed": LEADS} == counts
    world.clear_faults()
    assert {"pending": LEADS} == enriched(world, mode="webhook")
    assert 0 == world.one("SELECT count(*) FROM core.enrichments WHERE sent_at IS NULL")
    sent_longer_ago(world)
    enriched(world, mode="webhook")
    assert_whole(world)


def test_just_one_lead_is_asked_about_where_one_is_named(world: Any) -> None:
    world.receive_leads(LEADS)
    lead = world.one("SELECT lead_id::text FROM core.leads ORDER BY 1 LIMIT 1")
    assert {"completed": 1} == world.enrich(lead_id=lead)
    assert 1 == sum(world.record()["vendor_calls"]["clay"].values())
