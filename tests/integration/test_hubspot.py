"""Uploads to HubSpot, against the sandbox's: batches, partial answers, limits, faults."""

from typing import Any

import pytest

from tests.integration.fault_kinds import KINDS
from tests.integration.uploading import NOW, calls, hubspot, ready, salesforce, save, set_state, statuses, upload

pytestmark = pytest.mark.integration
PLATFORM = "marketing-platform"


@pytest.fixture
def portal(world: Any) -> Any:
    save(world, hubspot(world))
    return world


def test_leads_are_upserted_a_hundred_at_a_time_and_known_by_what_hubspot_calls_them(portal: Any) -> None:
    ready(portal, PLATFORM, [f"Firm {n}" for n in range(201)], band="warm")
    uploaded = upload(portal)
    assert 3 == calls(portal, "hubspot")
    assert {"hubspot": {"confirmed": 201}} == uploaded.by_provider
    assert [1] * 201 == list(portal.effects().values())
    assert 201 == portal.one("SELECT count(DISTINCT remote_id) FROM outbound.platform_uploads")
    assert 201 == portal.one("SELECT count(*) FROM outbound.billing_events WHERE platform = 'marketing-platform'")


def test_a_partial_answer_settles_each_lead_by_itself(portal: Any) -> None:
    ready(portal, PLATFORM, ["Good", "locked for a moment", "always locked", "Nameless"])
    portal.execute("UPDATE core.leads SET company_name = NULL, domain = NULL WHERE company_name = 'Nameless'")
    upload(portal)
    assert {"confirmed": 2, "rejected": 1, "intended": 1} == statuses(portal)
    [[reason]] = portal.rows("SELECT reason FROM outbound.platform_uploads WHERE status = 'rejected'")
    assert reason.startswith("VALIDATION_ERROR: one of these properties is required")
    assert [1, 1, 2, 3] == sorted(lead["requests"] for lead in portal.record()["platforms"]["hubspot"].values())
    upload(portal)
    assert {"confirmed": 2, "rejected": 1, "failed": 1} == statuses(portal)
    assert [1, 1] == list(portal.effects().values())
    assert 2 == portal.one("SELECT count(*) FROM outbound.billing_events")


def test_a_batch_that_was_planned_for_another_product_is_sent_in_parts(portal: Any) -> None:
    save(portal, salesforce(portal, PLATFORM, url="http://127.0.0.1:9"))
    ready(portal, PLATFORM, [f"Firm {n}" for n in range(200)])
    upload(portal)
    assert 1 == portal.one("SELECT count(*) FROM outbound.upload_batches")
    save(portal, hubspot(portal))
    assert [] == upload(portal).waiting
    assert 2 == calls(portal, "hubspot")
    assert {"confirmed": 200} == statuses(portal)


def test_a_token_that_is_refused_waits_with_its_reason_and_is_not_told(portal: Any) -> None:
    save(portal, hubspot(portal, credentials={"access_token": "canary-token"}))
    ready(portal, PLATFORM, ["First"])
    [reason] = upload(portal).waiting
    assert "401 INVALID_AUTHENTICATION: check its token" in reason
    assert "canary-token" not in reason
    save(portal, hubspot(portal))
    assert [] == upload(portal).waiting


@pytest.mark.parametrize("url", ["{}/hubspot/nowhere", "{}/nowhere"])
def test_an_address_that_is_not_hubspots_keeps_its_leads_waiting(portal: Any, url: str) -> None:
    save(portal, hubspot(portal, url=url.format(portal.sandbox)))
    ready(portal, PLATFORM, ["First"])
    [reason] = upload(portal).waiting
    assert reason.startswith("marketing-platform: ")
    assert {"intended": 1} == statuses(portal)


def test_a_portal_without_calls_left_today_keeps_its_leads_waiting(portal: Any) -> None:
    set_state(portal, "hubspot", used=994, allowed=1000)
    ready(portal, PLATFORM, [f"Firm {n}" for n in range(300)])
    [reason] = upload(portal, now=NOW).waiting
    assert "995 of 1,000 calls of the day are used" in reason
    assert 1 == calls(portal, "hubspot")


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_any_kind_at_hubspot_is_got_over_without_a_duplicate(portal: Any, kind: str) -> None:
    ready(portal, PLATFORM, [f"Firm {n}" for n in range(250)])
    portal.fault("hubspot", kind, **KINDS[kind])
    assert upload(portal, timeout=0.25).waiting
    assert {"intended": 250} == statuses(portal)
    status = "intended" if kind == "rate_limit" else "unknown"
    assert [(status,)] == portal.rows("SELECT DISTINCT status FROM outbound.upload_batches")
    portal.clear_faults()
    assert [] == upload(portal).waiting
    assert [1] * 250 == list(portal.effects().values())
    assert 250 == portal.one("SELECT count(*) FROM outbound.billing_events")
