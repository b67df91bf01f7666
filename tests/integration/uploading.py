"""Accounts at the sandbox's Salesforce and HubSpot for a test, and leads that only wait for their upload. No test."""

import datetime as dt
from typing import Any

import httpx

from lead_pipeline.channels.platforms.opening import open_platform
from lead_pipeline.contracts.platform_accounts import PlatformAccount
from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps.plan_uploads import plan_uploads
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.upload_leads import Uploaded, upload_leads
from lead_pipeline.store.connections import connect
from lead_pipeline.store.platform_accounts import account_at, save_account
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport
from tests.integration.conftest import SEAL

_DROP = """
INSERT INTO raw.drops (source, kind, external_id, workspace_id, day, received_at, body, body_sha256, stage,
    received_rows, accepted_rows, headers)
SELECT 'datashopper', 'vendor_page', gen_random_uuid()::text, %(seller)s, %(day)s, %(now)s, '{}', repeat('0', 64),
    'routed', n, n, jsonb_build_object('companies', n)
FROM cardinality(%(names)s::text[]) AS n RETURNING drop_id
"""
_LEADS = """
WITH named AS (
    SELECT n.name, n.row_no, md5(%(drop)s || '/' || n.row_no)::uuid AS lead_id
    FROM unnest(%(names)s::text[]) WITH ORDINALITY AS n (name, row_no)
), leads AS (
    INSERT INTO core.leads (lead_id, workspace_id, drop_id, row_no, fingerprint, type, company_name, domain, industry,
        industry_group, city, country, employee_count, signals, country_inferred, received_at, day, flags)
    SELECT lead_id, %(seller)s, %(drop)s, row_no, lead_id, 'COMPANY', name, 'c' || row_no || '.example', %(group)s,
        %(group)s, 'Albany', 'US', 10, '[]', false, %(now)s, %(day)s, '{}' FROM named
), scores AS (
    INSERT INTO core.intent_scores (lead_id, drop_id, band, high_count, medium_count, low_count, run_id, scored_at)
    SELECT lead_id, %(drop)s, %(band)s, 0, 0, 0, 'test', %(now)s FROM named
)
INSERT INTO core.enrichments (lead_id, vendor, status, reason, day, requested_at, settled_at)
SELECT lead_id, 'clay', 'skipped', 'test', %(day)s, %(now)s, %(now)s FROM named
"""
NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
GROUPS = {"tech-platform": "Technology", "marketing-platform": "Marketing", "healthcare-platform": "Healthcare"}
SALESFORCE_MAPPING = {
    "LastName": {"path": "primary_contact.full_name", "default": "[not provided]"},
    "Company": "company_name",
    "City": "location.city",
    "Email": "primary_contact.email",
    "NumberOfEmployees": "employee_count",
    "LeadSource": {"const": "Lead Pipeline"},
}
HUBSPOT_MAPPING = {"name": "company_name", "domain": "domain", "numberofemployees": "employee_count"}


def salesforce(world: Any, platform: str = "tech-platform", **changes: Any) -> PlatformAccount:
    return PlatformAccount(**{
        "workspace_id": seller(world),
        "platform": platform,
        "provider": "salesforce",
        "url": f"{world.sandbox}/salesforce",
        "credentials": {"client_id": "sandbox", "client_secret": SANDBOX_KEY},
        "options": {"object": "Lead", "external_id_field": "Lead_Pipeline_Id__c", "api_version": "62.0"},
        "mapping": SALESFORCE_MAPPING,
        **changes,
    })  # fmt: skip


def hubspot(world: Any, platform: str = "marketing-platform", **changes: Any) -> PlatformAccount:
    return PlatformAccount(**{
        "workspace_id": seller(world),
        "platform": platform,
        "provider": "hubspot",
        "url": f"{world.sandbox}/hubspot",
        "credentials": {"access_token": SANDBOX_KEY},
        "options": {"object": "companies", "id_property": "lead_pipeline_id"},
        "mapping": HUBSPOT_MAPPING,
        **changes,
    })  # fmt: skip


def seller(world: Any) -> str:
    return str(world.one("SELECT workspace_id FROM core.workspaces WHERE slug = 'seller'"))


def account_of(world: Any, platform: str) -> PlatformAccount:
    with connect(world.url) as conn:
        found = account_at(conn, SEAL, seller(world), platform)
    assert found is not None
    return found


def save(world: Any, account: PlatformAccount) -> PlatformAccount:
    """Saved without its checks: what a test wants wrong may be wrong."""
    with connect(world.url, autocommit=True) as conn:
        save_account(conn, SEAL, account, updated_by="test", now=NOW)
    return account


def ready(
    world: Any, platform: str, names: list[str], *, band: str = "hot", day: dt.date | None = None, industry: str = ""
) -> None:
    """Leads of the seller that are enriched and in no batch yet, one a company name, without a contact."""
    told = {"names": names, "seller": seller(world), "now": NOW, "day": day or world.day, "band": band}
    with connect(world.url) as conn:
        [drop] = conn.execute(_DROP, told).fetchone()
        conn.execute(_LEADS, {**told, "drop": drop, "group": industry or GROUPS[platform]})


def upload(world: Any, *, day: dt.date | None = None, timeout: float = 2.0, now: dt.datetime | None = None) -> Uploaded:
    """Plan and send what waits of a day, with a short patience and no pace."""
    run = Run("upload", *([] if now is None else [lambda: now]))
    with Transport(
        "Sandbox",
        credential="SANDBOX_KEY",
        bucket=TokenBucket(1e6, 1000),
        timeouts=Timeouts(read=timeout),
        patience=Patience(initial=0.01, jitter=0.01, longest=0.05),
        concurrency=16,
    ) as opened:
        plan_uploads(world.url, day or world.day, run)
        return upload_leads(world.url, lambda account: open_platform(account, opened), day or world.day, run, SEAL)


def calls(world: Any, product: str) -> int:
    """Batches that a product was sent."""
    return world.record()["vendor_calls"].get(product, {}).get("upsert", 0)


def set_state(world: Any, product: str, **state: Any) -> None:
    httpx.post(f"{world.sandbox}/admin/{product}", json=state).raise_for_status()


def statuses(world: Any) -> dict[str, int]:
    return dict(world.rows("SELECT status, count(*) FROM outbound.platform_uploads GROUP BY 1"))
