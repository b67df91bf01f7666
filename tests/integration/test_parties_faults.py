"""Vendors of the C2S chain that fail in every way: every lead ends with a reason or a message, and none with two.

LEAD_PIPELINE_PARTIES says how many leads are enriched while a fifth of all calls fails (24).
"""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet

from lead_pipeline.errors import CircuitOpen, SettingsError, VendorRefused
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.steps.enrich_parties import enrich_parties
from lead_pipeline.steps.run import Run
from lead_pipeline.store.party_enrichments import MAX_ATTEMPTS
from lead_pipeline.store.sealed import KEY_FILE, Seal
from tests.integration.crm_days import CrmDays, contacts, opened_chain, person
from tests.integration.fault_kinds import KINDS

pytestmark = pytest.mark.integration
LEADS = int(os.environ.get("LEAD_PIPELINE_PARTIES", "24"))
TIMEOUT = 0.3
VENDORS = ("diretrix", "work-api", "c2s")
SHARE = 0.2
STATES = "SELECT status, attempts, reason FROM core.party_enrichments"
MESSAGES = "SELECT state FROM outbound.crm_messages"


@pytest.fixture
def crm(world_at: Any) -> Iterator[CrmDays]:
    with SandboxServer(c2s_per_minute=None) as sandbox:
        yield CrmDays(world_at(sandbox.url))


def create(crm: CrmDays, count: int = 1) -> None:
    for number in range(count):
        crm.event(f"L{number}", **contacts(person(number)))
    crm.decide()


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_vendor_that_fails_fails_its_leads_with_its_name_and_a_retry_sends_just_one_message(
    crm: CrmDays, vendor: str, kind: str
) -> None:
    create(crm)
    crm.world.fault(vendor, kind, **KINDS[kind])
    if kind == "rate_limit":  # who is asked for patience has it
        for _ in range(2 * MAX_ATTEMPTS):
            crm.enrich(timeout=TIMEOUT)
        [[status, attempts, reason]] = crm.world.rows(STATES)
        assert ("pending", 0) == (status, attempts)
    elif (vendor, kind) == ("c2s", "lost_answer"):
        assert {"completed": 1} == crm.until_settled(timeout=TIMEOUT), "the CRM can still be asked, and is"
        [[_, _, reason]] = crm.world.rows(STATES)
    else:
        assert {"failed": 1} == crm.until_settled(timeout=TIMEOUT)
        [[_, attempts, reason]] = crm.world.rows(STATES)
        assert MAX_ATTEMPTS == attempts
    assert (
        reason is None or vendor in reason or "Contact2Sale" in reason or "Diretrix" in reason or "Work API" in reason
    )
    crm.world.clear_faults()
    assert {"completed": 1} == crm.until_settled(how={"retry_failed": True})
    assert {"L0": 1} == crm.messages()


@pytest.mark.slow
def test_while_a_fifth_of_all_calls_fails_in_every_way_no_lead_is_stuck_or_told_twice(crm: CrmDays) -> None:
    create(crm, LEADS)
    for vendor in VENDORS:
        for kind, more in KINDS.items():
            crm.world.fault(vendor, kind, probability=SHARE / len(KINDS), **more)
    counts = crm.until_settled(timeout=TIMEOUT, concurrency=8)
    assert {"completed", "failed"} >= set(counts)
    assert [] == crm.world.rows("SELECT 1 FROM core.party_enrichments WHERE status = 'failed' AND reason IS NULL")
    assert {"completed", "failed"} >= {status for _, status, _ in crm.events()}
    assert {1} == set(crm.messages().values())
    crm.world.clear_faults()
    assert {"completed": LEADS} == crm.until_settled(how={"retry_failed": True})
    assert dict.fromkeys([f"L{number}" for number in range(LEADS)], 1) == crm.messages()
    assert {"sent"} == {state for (state,) in crm.world.rows(MESSAGES)}


def test_a_message_that_is_still_on_its_way_is_waited_for_and_not_sent_again(crm: CrmDays) -> None:
    create(crm)
    crm.world.fault("c2s", "latency", seconds=1.0, times=1)
    patience = {"timeout": TIMEOUT, "settles_after": dt.timedelta(seconds=2)}
    assert {"pending": 1} == crm.enrich(**patience)
    assert ([("unknown",)], {}) == (crm.world.rows(MESSAGES), crm.messages())
    assert {"completed": 1} == crm.until_settled(**patience)
    assert {"L0": 1} == crm.messages()
    assert [(1,)] == crm.world.rows("SELECT attempts FROM outbound.crm_messages")


def test_a_message_that_never_arrived_is_sent_again_once_that_is_sure(crm: CrmDays) -> None:
    create(crm)
    crm.world.fault("c2s", "reset", times=1)
    assert {"pending": 1} == crm.enrich()
    assert [("unknown",)] == crm.world.rows(MESSAGES)
    assert {"completed": 1} == crm.until_settled()
    assert {"L0": 1} == crm.messages()
    assert [(2,)] == crm.world.rows("SELECT attempts FROM outbound.crm_messages")


def test_look_ups_are_not_made_again_because_the_message_fails(crm: CrmDays) -> None:
    create(crm)
    crm.world.fault("c2s", "error")
    assert {"failed": 1} == crm.until_settled()
    assert {1} == {*crm.calls("diretrix").values(), *crm.calls("work-api").values()}


def test_an_answer_is_kept_though_the_next_question_fails(crm: CrmDays) -> None:
    create(crm)
    crm.world.fault("work-api", "error")
    crm.until_settled()
    crm.world.clear_faults()
    assert {"completed": 1} == crm.enrich(how={"retry_failed": True})
    assert {1} == set(crm.calls("diretrix").values())


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_refused_key_ends_the_run_at_once_and_its_leads_wait(crm: CrmDays, vendor: str) -> None:
    create(crm, 12)
    with pytest.raises(VendorRefused, match="401"):
        crm.enrich(keys={vendor: "wrong"}, concurrency=2)
    assert {("pending", 0, None)} == set(crm.world.rows(STATES))
    refused = sum(count for path, count in crm.world.record()["requests"].items() if f"/{vendor}/" in path)
    assert refused <= 2 * 2
    assert {"completed": 12} == crm.enrich()
    assert {1} == set(crm.messages().values())


def test_a_circuit_that_is_open_costs_no_attempt(crm: CrmDays) -> None:
    class Open:
        def cpf_by_email(self, address: str) -> None:
            raise CircuitOpen("Diretrix is not asked", retry_after=120)

    create(crm)
    with opened_chain(crm.world.sandbox, crm.world.var) as chain:
        closed = replace(chain, diretrix=Open())  # type: ignore[arg-type]
        assert {"pending": 1} == enrich_parties(crm.world.url, closed, crm.world.day, Run("test"), concurrency=1)
    [(attempts, wait)] = crm.world.rows("SELECT attempts, next_attempt_at - now() FROM core.party_enrichments")
    assert 0 == attempts
    assert 100 < wait.total_seconds() <= 120
    assert {"pending": 1} == crm.enrich(), "not before its time"


def test_the_waits_after_failed_attempts_are_half_a_minute_and_two(crm: CrmDays) -> None:
    create(crm)
    crm.world.fault("diretrix", "error")
    now = dt.datetime.now(dt.UTC)
    waits = []
    for expected in ({"pending": 1}, {"pending": 1}, {"failed": 1}):
        with opened_chain(crm.world.sandbox, crm.world.var) as chain:
            patient = replace(chain, backoff=type(chain).backoff)
            run = Run("test", clock=lambda: now)  # noqa: B023 - called in this round
            assert expected == enrich_parties(crm.world.url, patient, crm.world.day, run, concurrency=1)
        [[due]] = crm.world.rows("SELECT next_attempt_at FROM core.party_enrichments")
        waits.append(None if due is None else (due - now).total_seconds())
        now = due or now
    assert [30, 120, None] == waits


def test_another_last_key_stops_the_run_before_it_asks_or_writes_anything(crm: CrmDays) -> None:
    create(crm, 1)
    crm.enrich()
    crm.event("L0", "on_update_lead", minute=1, **contacts(person(0)))
    crm.decide()
    old, new = ((crm.world.var / KEY_FILE).read_text(), Fernet.generate_key().decode())
    before = crm.world.record()
    with opened_chain(crm.world.sandbox, crm.world.var) as chain:
        for keys, is_right in ((new, False), (f"{old},{new}", False), (f"{new},{old}", True)):
            sealing = replace(chain, seal=Seal(keys))
            if is_right:
                enrich_parties(crm.world.url, sealing, crm.world.day, Run("test"), concurrency=1)
            else:
                with pytest.raises(SettingsError, match="PERSONAL_DATA_KEYS"):
                    enrich_parties(crm.world.url, sealing, crm.world.day, Run("test"), concurrency=1)
    assert before == crm.world.record()
    assert ["enrich", "unchanged"] == [
        verdict for (verdict,) in crm.world.rows("SELECT verdict FROM core.crm_events ORDER BY drop_id")
    ]


def test_leads_that_fail_do_not_fail_the_others(crm: CrmDays) -> None:
    create(crm, 4)
    crm.world.fault("diretrix", "error", times=3)
    counts = crm.enrich(concurrency=1)
    assert {"completed": 3, "pending": 1} == counts
    assert {"completed": 4} == crm.until_settled()
