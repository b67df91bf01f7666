"""Health data leaves over TLS or to this machine, with just the fields that are mapped, and each time is noted."""

from typing import Any

import httpx
import pytest

from lead_pipeline.contracts.platform_accounts import PlatformAccount
from lead_pipeline.settings import SANDBOX_KEY
from tests.integration.uploading import account_of, ready, salesforce, save, seller, statuses, upload

pytestmark = pytest.mark.integration
PLATFORM = "healthcare-platform"
MAPPING = {"company_name": "company_name", "town": "location.city", "source": {"const": "us"}, "who": "primary_contact"}
LOG = "SELECT lead_id::text, host, fields, platform FROM outbound.platform_access_log ORDER BY lead_id"


@pytest.fixture
def clinic(world: Any) -> Any:
    save(world, _account(world))
    return world


def _account(world: Any, **changes: Any) -> PlatformAccount:
    return PlatformAccount(**{
        "workspace_id": seller(world), "platform": PLATFORM, "provider": "http", "options": {}, "mapping": MAPPING,
        "url": f"{world.sandbox}/platforms/{PLATFORM}", "credentials": {"api_key": SANDBOX_KEY}, **changes,
    })  # fmt: skip


def taken(world: Any) -> list[dict[str, Any]]:
    """The leads as the platform has them."""
    headers = {"Authorization": f"Bearer {SANDBOX_KEY}"}
    return httpx.get(f"{world.sandbox}/platforms/{PLATFORM}/leads", headers=headers).json()["leads"]


def test_only_mapped_fields_leave_and_each_lead_that_left_is_in_the_log(clinic: Any) -> None:
    ready(clinic, PLATFORM, ["Clinic A", "Clinic B"])
    assert [] == upload(clinic).waiting
    leads = sorted(clinic.effects())
    host = clinic.sandbox.removeprefix("http://")
    assert [(lead, host, ["company_name", "id", "location.city"], PLATFORM) for lead in leads] == clinic.rows(LOG)
    stored = clinic.rows("SELECT payload FROM outbound.platform_uploads")
    assert {"domain", "contacts", "intent_signals"} < set(stored[0][0])


def test_what_the_platform_got_is_the_mapping_and_nothing_more(clinic: Any, monkeypatch: Any) -> None:
    from lead_pipeline.channels.platforms.http_batches import HttpBatches
    from lead_pipeline.vendors.transport import Transport

    bodies: list[Any] = []
    request = Transport.request

    def listened(wire: Any, method: str, url: str, **more: Any) -> Any:
        if url.endswith("/leads/batch"):
            bodies.extend(more["json"]["leads"])
        return request(wire, method, url, **more)

    monkeypatch.setattr(Transport, "request", listened)
    ready(clinic, PLATFORM, ["Clinic A"])
    upload(clinic)
    [lead] = clinic.effects()
    assert [{"id": lead, "company_name": "Clinic A", "town": "Albany", "source": "us", "who": None}] == bodies
    assert not HttpBatches.repeats_safely


def test_a_send_is_in_the_log_even_where_its_answer_is_lost(clinic: Any) -> None:
    clinic.fault(PLATFORM, "reset")
    ready(clinic, PLATFORM, ["Clinic A"])
    upload(clinic)
    sends = clinic.one("SELECT count(*) FROM outbound.upload_attempts WHERE action = 'send'")
    assert 1 == sends
    assert sends == clinic.one("SELECT count(*) FROM outbound.platform_access_log")
    clinic.clear_faults()
    assert [] == upload(clinic).waiting
    assert 2 == clinic.one("SELECT count(*) FROM outbound.platform_access_log")
    assert [1] == list(clinic.effects().values())


def test_leads_of_other_platforms_are_not_in_the_log(clinic: Any) -> None:
    ready(clinic, "tech-platform", ["Firm"])
    upload(clinic)
    assert {"confirmed": 1} == statuses(clinic)
    assert 0 == clinic.one("SELECT count(*) FROM outbound.platform_access_log")


def test_an_account_without_a_mapping_is_sent_nothing(clinic: Any) -> None:
    save(clinic, _account(clinic, mapping={}))
    ready(clinic, PLATFORM, ["Clinic A"])
    [reason] = upload(clinic).waiting
    assert "with a mapping of what may leave" in reason
    assert ([], {}) == (taken(clinic), clinic.effects())


def test_an_address_that_only_looks_like_this_machine_is_sent_nothing(clinic: Any) -> None:
    save(clinic, _account(clinic, url="http://127.evil.example/x"))
    ready(clinic, PLATFORM, ["Clinic A"])
    [reason] = upload(clinic).waiting
    assert "over TLS only" in reason
    assert 0 == clinic.one("SELECT count(*) FROM outbound.upload_attempts")


def test_the_table_itself_refuses_an_address_without_tls(clinic: Any) -> None:
    import psycopg

    with pytest.raises(psycopg.errors.CheckViolation):
        save(clinic, _account(clinic, url="http://clinic.example"))
    assert account_of(clinic, PLATFORM).url.startswith("http://127.0.0.1")


def test_health_data_may_go_to_a_product_too_and_is_in_the_log(clinic: Any) -> None:
    save(clinic, salesforce(clinic, PLATFORM))
    ready(clinic, PLATFORM, ["Clinic A"])
    assert [] == upload(clinic).waiting
    [[fields]] = clinic.rows("SELECT fields FROM outbound.platform_access_log")
    assert ["company_name", "employee_count", "id", "location.city"] == fields
