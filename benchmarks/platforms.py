"""Ten thousand leads to Salesforce's and to HubSpot's shape: how many calls that takes, counted by the sandbox.

The bar is the fewest that there can be: 200 and 100 records a call. The time is that of plan and upload together,
without a pace, which is the vendors' to set.
"""

import time
from datetime import UTC, date, datetime

import httpx
import psycopg

from benchmarks.bench import WORKSPACE, Bench
from benchmarks.figures import Figure
from lead_pipeline.channels.platforms.opening import open_platform
from lead_pipeline.contracts.platform_accounts import PlatformAccount, Provider
from lead_pipeline.domain.provider_limits import PROVIDERS
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.steps.plan_uploads import plan_uploads
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.upload_leads import upload_leads
from lead_pipeline.store.connections import connect
from lead_pipeline.store.platform_accounts import save_account
from lead_pipeline.store.sealed import Seal
from lead_pipeline.store.workspaces import workspace_id
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Transport

LEADS, DAY, NOW = 10_000, date(2026, 3, 2), datetime(2026, 3, 2, 12, tzinfo=UTC)
_SHARE_HOT = 0.6
_SEAL = Seal("YmVuY2htYXJrcy1zZWFsLW5vdGhpbmctdGhhdC1tYXQ=", "CREDENTIAL_KEYS")
_PLATFORMS: tuple[tuple[Provider, str, str], ...] = (
    ("salesforce", "tech-platform", "Technology"),
    ("hubspot", "marketing-platform", "Marketing"),
)
_DROP = """
INSERT INTO raw.drops (source, kind, external_id, workspace_id, day, received_at, body, body_sha256, stage)
VALUES ('datashopper', 'vendor_page', %(group)s, %(owner)s, %(day)s, %(now)s, '{}', repeat('0', 64), 'routed')
RETURNING drop_id
"""
_READY = """
WITH named AS (
    SELECT n, md5(%(group)s || n)::uuid AS lead_id, CASE WHEN n <= %(hot)s THEN 'hot' ELSE 'warm' END AS band
    FROM generate_series(1, %(leads)s) n
), leads AS (
    INSERT INTO core.leads (lead_id, workspace_id, drop_id, row_no, fingerprint, type, company_name, domain, industry,
        industry_group, city, country, employee_count, signals, country_inferred, received_at, day, flags)
    SELECT lead_id, %(owner)s, %(drop)s, n, lead_id, 'COMPANY', 'Firm ' || n, 'firm' || n || '.example', %(group)s,
        %(group)s, 'Albany', 'US', n, '[]', false, %(now)s, %(day)s, '{}' FROM named
), scores AS (
    INSERT INTO core.intent_scores (lead_id, drop_id, band, high_count, medium_count, low_count, run_id, scored_at)
    SELECT lead_id, %(drop)s, band, 0, 0, 0, 'bench', %(now)s FROM named
)
INSERT INTO core.enrichments (lead_id, vendor, status, reason, day, requested_at, settled_at)
SELECT lead_id, 'clay', 'skipped', 'bench', %(day)s, %(now)s, %(now)s FROM named
"""


def run(bench: Bench) -> list[Figure]:
    """Hot and warm leads, which are in batches of their own, in numbers that fill them."""
    figures: list[Figure] = []
    for provider, platform, group in _PLATFORMS:
        with bench.database(f"platforms_{provider}", rules=1) as url, SandboxServer() as sandbox:
            with connect(url, autocommit=True) as conn:
                owner = workspace_id(conn, WORKSPACE)
                _fill(conn, owner, group)
                account = _account(provider, platform, owner, sandbox.url)
                save_account(conn, _SEAL, account, updated_by="bench", now=NOW)
            seconds = _upload(url)
            record = httpx.get(f"{sandbox.url}/admin/record").json()
        effects = [lead["effects"] for lead in record["platforms"][provider].values()]
        if effects != [1] * LEADS:
            raise RuntimeError(f"{len(effects)} leads of {LEADS} reached {provider}, or some of them more than once")
        calls, fewest = record["vendor_calls"][provider]["upsert"], LEADS / PROVIDERS[provider].batch_size
        figures += [
            Figure(f"calls that upload {LEADS:,} leads to {provider}", calls, "calls", fewest),
            Figure(f"planning and uploading {LEADS:,} leads to {provider}", seconds, "s"),
        ]
    return figures


def _fill(conn: psycopg.Connection, owner: str, group: str) -> None:
    told = {"owner": owner, "group": group, "day": DAY, "now": NOW, "leads": LEADS, "hot": int(LEADS * _SHARE_HOT)}
    found = conn.execute(_DROP, told).fetchone()
    assert found is not None
    conn.execute(_READY, {**told, "drop": found[0]})


def _account(provider: Provider, platform: str, owner: str, sandbox_url: str) -> PlatformAccount:
    if provider == "salesforce":
        options = {"object": "Lead", "external_id_field": "Lead_Pipeline_Id__c", "api_version": "62.0"}
        mapping = {"LastName": "domain", "Company": "company_name", "NumberOfEmployees": "employee_count"}
        credentials = {"client_id": "sandbox", "client_secret": "sandbox"}
    else:
        options = {"object": "companies", "id_property": "lead_pipeline_id"}
        mapping = {"name": "company_name", "domain": "domain", "numberofemployees": "employee_count"}
        credentials = {"access_token": "sandbox"}
    return PlatformAccount(owner, platform, provider, f"{sandbox_url}/{provider}", credentials, options, mapping)


def _upload(url: str) -> float:
    """The seconds that it took."""
    unpaced = TokenBucket(1e6, 1000)
    with Transport("Sandbox", credential="the account", bucket=unpaced) as wire:
        begin = time.perf_counter()
        plan_uploads(url, DAY, Run("bench"))
        uploaded = upload_leads(url, lambda account: open_platform(account, wire), DAY, Run("bench"), _SEAL)
        seconds = time.perf_counter() - begin
    if uploaded.waiting:
        raise RuntimeError(f"batches wait: {uploaded.waiting}")
    return seconds
