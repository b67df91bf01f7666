"""Uploads to Salesforce, against the sandbox's: batches, rows settled one by one, sessions, allowance, faults."""

import datetime as dt
from typing import Any

import pytest

from lead_pipeline.store.connections import connect
from lead_pipeline.store.pending import days_to_upload
from tests.integration.fault_kinds import KINDS
from tests.integration.uploading import NOW, calls, ready, salesforce, save, set_state, statuses, upload

pytestmark = pytest.mark.integration
PLATFORM = "tech-platform"
WAITING = "SELECT DISTINCT status FROM outbound.upload_batches"


@pytest.fixture
def org(world: Any) -> Any:
    save(world, salesforce(world))
    return world


def test_leads_are_upserted_two_hundred_at_a_time_and_known_by_what_salesforce_calls_them(org: Any) -> None:
    ready(org, PLATFORM, [f"Firm {n}" for n in range(401)])
    uploaded = upload(org)
    assert 3 == calls(org, "salesforce")
    assert {"salesforce": {"confirmed": 401}} == uploaded.by_provider
    assert {1} == set(org.effects().values())
    assert 401 == len(org.effects())
    assert 401 == org.one("SELECT count(DISTINCT remote_id) FROM outbound.platform_uploads WHERE remote_id ~ '^00Q'")
    assert 401 == org.one("SELECT count(*) FROM outbound.billing_events")
    assert 1 == org.record()["vendor_calls"]["salesforce"]["token"]


def test_each_row_of_a_batch_is_settled_by_itself_and_only_those_put_off_are_sent_again(org: Any) -> None:
    ready(org, PLATFORM, ["Good", "locked for a moment", "always locked", "Better"])
    org.execute("UPDATE core.leads SET company_name = NULL WHERE company_name = 'Better'")
    upload(org)
    assert {"confirmed": 2, "rejected": 1, "intended": 1} == statuses(org)
    assert [("REQUIRED_FIELD_MISSING: Required fields are missing: [Company]",)] == org.rows(
        "SELECT reason FROM outbound.platform_uploads WHERE status = 'rejected'"
    )
    assert 2 == org.one("SELECT count(*) FROM outbound.billing_events")
    asked = org.record()["platforms"]["salesforce"]
    assert [1, 1, 2, 3] == sorted(lead["requests"] for lead in asked.values())
    assert [("intended", "1 put off (UNABLE_TO_LOCK_ROW)")] == org.rows(
        "SELECT status, error FROM outbound.upload_batches"
    )


def test_a_lead_that_is_put_off_five_times_has_failed_and_closes_its_batch(org: Any) -> None:
    ready(org, PLATFORM, ["Good", "always locked"])
    upload(org)
    upload(org)
    assert {"confirmed": 1, "failed": 1} == statuses(org)
    [[reason, tries]] = org.rows("SELECT reason, tries FROM outbound.platform_uploads WHERE status = 'failed'")
    assert (True, 5) == (reason.startswith("UNABLE_TO_LOCK_ROW"), tries)
    assert [("confirmed",)] == org.rows(WAITING)
    sent = calls(org, "salesforce")
    upload(org)
    assert sent == calls(org, "salesforce")


def test_a_session_that_has_ended_is_renewed_once_and_nobody_notices(org: Any) -> None:
    ready(org, PLATFORM, ["First"])
    upload(org)
    ready(org, PLATFORM, ["Second"])
    set_state(org, "salesforce", expire_tokens=True)
    assert [] == upload(org).waiting
    assert {"confirmed": 2} == statuses(org)


def test_a_client_that_is_refused_waits_with_its_reason_and_without_its_secret(org: Any) -> None:
    save(org, salesforce(org, credentials={"client_id": "sandbox", "client_secret": "canary-secret"}))
    ready(org, PLATFORM, ["First"])
    [reason] = upload(org).waiting
    assert "check client_id and client_secret" in reason
    assert "canary-secret" not in reason
    assert [("intended",)] == org.rows(WAITING)
    save(org, salesforce(org))
    assert [] == upload(org).waiting


def test_uploads_stop_before_the_daily_allowance_is_used_up_and_go_on_when_there_is_more(org: Any) -> None:
    set_state(org, "salesforce", used=93, allowed=100)
    ready(org, PLATFORM, [f"Firm {n}" for n in range(1000)])
    [reason] = upload(org, now=NOW).waiting
    assert "95 of 100 calls of the day are used: uploads wait" in reason
    assert {"confirmed": 400, "intended": 600} == statuses(org)
    assert [(95, 100)] == org.rows("SELECT used, allowed FROM outbound.platform_allowances")
    set_state(org, "salesforce", used=0)
    upload(org, now=NOW + dt.timedelta(minutes=59))
    assert 2 == calls(org, "salesforce"), "what was told is believed for an hour"
    assert [] == upload(org, now=NOW + dt.timedelta(minutes=61)).waiting
    assert {"confirmed": 1000} == statuses(org)
    assert {1} == set(org.effects().values())


def test_an_account_without_calls_waits_and_is_not_asked_for_every_batch(org: Any) -> None:
    set_state(org, "salesforce", used=100, allowed=100)
    ready(org, PLATFORM, [f"Firm {n}" for n in range(600)])
    waiting = upload(org, now=NOW).waiting
    assert any("REQUEST_LIMIT_EXCEEDED" in reason for reason in waiting)
    assert {"intended": 600} == statuses(org)
    assert 1 == org.one("SELECT count(*) FROM outbound.upload_attempts")


def test_an_account_that_names_what_the_org_does_not_know_waits(org: Any) -> None:
    save(org, salesforce(org, url=f"{org.sandbox}/salesforce/nowhere"))
    ready(org, PLATFORM, ["First"])
    [reason] = upload(org).waiting
    assert reason.startswith("tech-platform: ")
    assert {"intended": 1} == statuses(org)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_of_any_kind_at_salesforce_is_got_over_without_a_duplicate(org: Any, kind: str) -> None:
    ready(org, PLATFORM, [f"Firm {n}" for n in range(450)])
    org.fault("salesforce", kind, **KINDS[kind])
    waiting = upload(org, timeout=0.25).waiting
    assert waiting
    assert {"intended": 450} == statuses(org)
    assert set(org.effects().values()) <= {1}
    assert 0 == org.one("SELECT count(*) FROM outbound.billing_events")
    org.clear_faults()
    assert [] == upload(org).waiting
    assert {"confirmed": 450} == statuses(org)
    assert [1] * 450 == list(org.effects().values())


@pytest.mark.parametrize("kind", KINDS)
def test_where_half_of_all_calls_go_wrong_every_lead_gets_there_once(org: Any, kind: str) -> None:
    ready(org, PLATFORM, [f"Firm {n}" for n in range(450)])
    org.fault("salesforce", kind, probability=0.5, **KINDS[kind])
    for _ in range(2):
        upload(org, timeout=0.25)
        assert set(org.effects().values()) <= {1}
    org.clear_faults()
    assert [] == upload(org).waiting
    assert [1] * 450 == list(org.effects().values())
    assert 450 == org.one("SELECT count(*) FROM outbound.billing_events")


def test_a_day_whose_batches_wait_is_looked_at_again_less_and_less_often(org: Any) -> None:
    def due(minutes: int) -> dict[dt.date, int]:
        org.execute("UPDATE outbound.upload_batches SET intended_at = now() - make_interval(mins => %s)", minutes)
        with connect(org.url) as conn:
            return days_to_upload(conn, org.day)

    org.fault("salesforce", "error")
    ready(org, PLATFORM, ["First", "Second"])
    assert {org.day: 2} == due(0), "they are in no batch yet"
    for _ in range(2):
        upload(org)
    assert [{}, {org.day: 2}] == [due(59), due(61)]
    upload(org)
    assert [{}, {org.day: 2}] == [due(104), due(106)]
    org.execute("DELETE FROM outbound.platform_accounts")
    assert {} == due(1000), "without an account there is nothing to look at"
