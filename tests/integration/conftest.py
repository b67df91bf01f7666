"""A whole pipeline for a test: a database, the sandbox, a few standing queries and rules, and a day's run of it.

`run_day`, `enrich_day` and `import_file` are also what `nursery.py` runs in processes that are killed.
"""

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from lead_pipeline.channels.platforms.opening import open_platform
from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.decide_pending import route_pending, score_pending
from lead_pipeline.steps.enrich import enrich_leads
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.plan_uploads import plan_uploads
from lead_pipeline.steps.pull_companies import Pulled, pull_companies
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.seed import seed
from lead_pipeline.steps.upload_leads import Uploaded, upload_leads
from lead_pipeline.steps.validate_pages import validate_pages
from lead_pipeline.store import day_checks
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.sealed import Seal
from lead_pipeline.vendors import transport
from lead_pipeline.vendors.clay import Clay
from lead_pipeline.vendors.datashopper import DataShopper
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport
from tests.integration.market_fixtures import (  # noqa: F401 - fixtures of this folder
    _stripe_sandbox,
    books,
    market,
    stripe_market,
    stripe_sandbox,
)

DAY = dt.date(2026, 3, 2)
LIMIT = 8
CREDENTIAL_KEY = "Y3JlZGVudGlhbHMtb2YtdGVzdHMtYXJlLXNlYWxlZCE="
SEAL = Seal(CREDENTIAL_KEY, "CREDENTIAL_KEYS")
SANDBOX = """
from lead_pipeline.sandbox.server import serve
serve(port=0, page_size=5, on_ready=lambda url: print(url, flush=True))
"""
TOPICS = ("cloud migration", "payments", "clinical software")
SEED = {
    "workspaces": [
        {"slug": "seller", "name": "Seller", "plan": "pro"},
        {"slug": "tech", "name": "Tech"},
        {"slug": "money", "name": "Money"},
    ],
    "queries_of": "seller",
    "queries": [{"name": topic, "filters": {"topic": topic}} for topic in TOPICS],
    "rules": {
        "workspace": "seller",
        "rules": [
            {
                "rule_name": "Technology",
                "priority": 9,
                "conditions": {"industries": ["Technology"]},
                "destination": "tech",
            },
            {"rule_name": "Finance", "priority": 8, "conditions": {"industries": ["Finance"]}, "destination": "money"},
        ],
    },
}


@dataclass(frozen=True)
class DayRun:
    """What the steps of one day came back with."""

    pulled: list[Pulled]
    validated: Accounting
    enriched: dict[str, int]
    uploaded: Uploaded

    @property
    def failed_queries(self) -> list[str]:
        return [done.query.name for done in self.pulled if done.error is not None]


def run_day(
    url: str,
    sandbox: str,
    day: dt.date,
    *,
    run_id: str = "test",
    limit: int = LIMIT,
    clay_key: str = SANDBOX_KEY,
    timeout: float = 2.0,
    wire: httpx.BaseTransport | None = None,
) -> DayRun:
    """The steps of the daily job in its order, in this process, with a short patience and no pace."""
    run = Run(run_id)
    with Transport(
        "Sandbox",
        credential="SANDBOX_KEY",
        bucket=TokenBucket(1e6, 1000),
        timeouts=Timeouts(read=timeout),
        patience=Patience(initial=0.01, jitter=0.01, longest=0.05),
        concurrency=16,
        wire=wire,
    ) as opened:
        shop = DataShopper(opened, f"{sandbox}/datashopper/v1", SANDBOX_KEY)
        pulled = pull_companies(url, shop, day, run, limit=limit, concurrency=4)
        validated = validate_pages(url, day)
        score_pending(url, day, run)
        route_pending(url, day, run)
        enriched = enrich_leads(url, Clay(opened, f"{sandbox}/clay/v1", clay_key), day, run, concurrency=4)
        plan_uploads(url, day, run)
        uploaded = upload_leads(url, lambda account: open_platform(account, opened), day, run, SEAL)
    return DayRun(pulled, validated, enriched, uploaded)


def import_file(url: str, blobs: str, drop_id: int, *, chunk_rows: int) -> Accounting:
    """Import what is left of a landed file."""
    return import_csv(url, blobs, drop_id, Run("import"), chunk_rows=chunk_rows)


def enrich_day(
    url: str, sandbox: str, day: dt.date, *, run_id: str = "test", timeout: float = 2.0, **how: Any
) -> dict[str, int]:
    """Just the enrichment of a day, with a short patience and, unless another wire is handed in, no pace."""
    wire = {"bucket": TokenBucket(1e6, 1000), **how.pop("wire", {})}
    patience = Patience(initial=0.01, jitter=0.01, longest=0.05)
    timeouts = Timeouts(read=timeout)
    with Transport(
        "Clay", credential="SANDBOX_KEY", timeouts=timeouts, patience=patience, concurrency=16, **wire
    ) as opened:
        clay = Clay(opened, f"{sandbox}/clay/v1", SANDBOX_KEY)
        return enrich_leads(url, clay, day, Run(run_id), **{"concurrency": 4, **how})


@dataclass(frozen=True)
class World:
    """One test's database and sandbox, seeded. `day` is the first day; queries take at most `limit` companies."""

    url: str
    sandbox: str
    var: Path
    day: dt.date = DAY
    limit: int = LIMIT
    topics: tuple[str, ...] = TOPICS
    environment: dict[str, str] = field(default_factory=dict)

    def run_day(self, day: dt.date | None = None, **more: Any) -> DayRun:
        return run_day(self.url, self.sandbox, day or self.day, **more)

    def run_job(self, instance: Any, *, name: str = "daily_lead_generation", day: dt.date | None = None) -> Any:
        """A real Dagster run of a job in this process. The result is returned, failed or not."""
        from lead_pipeline.definitions import defs

        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        return defs.resolve_job_def(name).execute_in_process(
            instance=instance, partition_key=str(day or self.day), run_config=quiet, raise_on_error=False
        )

    def enrich(self, day: dt.date | None = None, **more: Any) -> dict[str, int]:
        return enrich_day(self.url, self.sandbox, day or self.day, **more)

    def receive_leads(self, count: int, *, day: dt.date | None = None, name: str = "firm") -> None:
        """So many leads of DataShopper, each of a company of its own, decided and not enriched yet."""
        number = range(count)
        leads = [
            {"full_name": f"Ada {n}", "email": f"ada@{name}{n}.com", "company_name": f"{name} {n}",
             "website": f"{name}{n}.com"} for n in number
        ]  # fmt: skip
        self.land("datashopper", {"event_type": "leads.batch", "leads": leads}, day=day)
        decide_pending_events(self.url, day or self.day, Run("received"))

    def land(self, source: str, event: Any, *, day: dt.date | None = None, workspace: str = "seller") -> int:
        """A webhook as the intake service lands it."""
        body, on = json.dumps(event).encode(), day or self.day
        with connect(self.url) as conn:
            return land(
                conn,
                Landing(
                    source=source,
                    kind="webhook",
                    external_id=read_envelope(source, body).external_id,
                    workspace_id=self.one("SELECT workspace_id FROM core.workspaces WHERE slug = %s", workspace),
                    day=on,
                    received_at=dt.datetime.combine(on, dt.time(12), dt.UTC),
                    body=body,
                    body_sha256=hashlib.sha256(body).hexdigest(),
                ),
            )[0]

    def wait_until_alone(self) -> None:
        """A server notices a killed client when it next looks at its socket."""
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        end = time.monotonic() + 10
        while self.one(others) and time.monotonic() < end:
            time.sleep(0.05)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with connect(self.url, autocommit=True) as conn:
            return conn.execute(query, parameters).fetchall()

    def one(self, query: str, *parameters: Any) -> Any:
        [[value]] = self.rows(query, *parameters)
        return value

    def execute(self, statement: str, *parameters: Any) -> None:
        with connect(self.url, autocommit=True) as conn:
            conn.execute(statement, parameters)

    def fault(self, target: str, kind: str, **more: Any) -> None:
        body = {"target": target, "kind": kind, **more}
        httpx.post(f"{self.sandbox}/admin/faults", json=body).raise_for_status()

    def clear_faults(self) -> None:
        httpx.delete(f"{self.sandbox}/admin/faults").raise_for_status()

    def record(self) -> dict[str, Any]:
        return httpx.get(f"{self.sandbox}/admin/record").json()

    def effects(self) -> dict[str, int]:
        """How often each lead had its effect at a platform, those without one left out."""
        platforms = self.record()["platforms"].values()
        return {lead: seen["effects"] for leads in platforms for lead, seen in leads.items() if seen["effects"]}

    def table_sizes(self) -> dict[str, int]:
        """Rows of every table of ours."""
        names = self.rows(
            "SELECT schemaname || '.' || tablename FROM pg_tables "
            "WHERE schemaname IN ('raw', 'core', 'outbound', 'market') ORDER BY 1"
        )
        return {name: self.one(f"SELECT count(*) FROM {name}") for (name,) in names}

    def assert_whole(self, *days: dt.date) -> None:
        """Nothing of these days is lost, half done, sent twice or charged twice; the sandbox is the witness."""
        for day in days or (self.day,):
            self._assert_day(day)
        waited_for = {
            lead
            for (lead,) in self.rows(
                "SELECT s.lead_id::text FROM core.intent_scores s JOIN core.enrichments e USING (lead_id) "
                "WHERE s.band IN ('hot', 'warm') AND e.status IN ('completed', 'skipped')"
            )
        }
        confirmed = {
            lead
            for (lead,) in self.rows("SELECT lead_id::text FROM outbound.platform_uploads WHERE status = 'confirmed'")
        }
        billed = [lead for (lead,) in self.rows("SELECT lead_id::text FROM outbound.billing_events")]
        assert dict.fromkeys(waited_for, 1) == self.effects()
        assert waited_for == confirmed
        assert sorted(confirmed) == sorted(billed)

    def _assert_day(self, day: dt.date) -> None:
        stages = "SELECT DISTINCT stage FROM raw.drops WHERE day = %s AND kind = 'vendor_page'"
        assert [("routed",)] == self.rows(stages, day)
        assert [] == self.rows(
            "SELECT drop_id FROM raw.drops WHERE day = %s AND kind = 'vendor_page' "
            "AND received_rows <> (headers ->> 'companies')::int",
            day,
        )
        assert {"completed", "skipped"} >= {
            status for (status,) in self.rows("SELECT status FROM core.enrichments WHERE day = %s", day)
        }
        with connect(self.url, autocommit=True) as conn:
            assert day_checks.unaccounted_drops(conn, day).empty
            assert 0 == day_checks.undecided_leads(conn, day, "core.intent_scores")
            assert 0 == day_checks.undecided_leads(conn, day, "core.lead_assignments")
            assert 0 == day_checks.crowded_leads(conn, day)
            assert day_checks.wrong_uploads(conn, day).empty


def _seeded(url: str, sandbox: str, var: Path) -> World:
    seed(url, SEED, sandbox_url=sandbox, key=SANDBOX_KEY, seal=SEAL)
    environment = {
        "DATABASE_URL": url,
        "SANDBOX_URL": sandbox,
        "LEAD_PIPELINE_VAR": str(var),
        "COMPANIES_PER_QUERY_PER_DAY": str(LIMIT),
        "CLAY_RATE_PER_SECOND": "1000",
        "CLAY_BURST": "1000",
        "VENDOR_TIMEOUT_SECONDS": "5",
        "CREDENTIAL_KEYS": CREDENTIAL_KEY,
    }
    return World(url, sandbox, var, environment=environment)


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(page_size=5, as_of=DAY, has_imports=False) as running:
        yield running


@pytest.fixture
def world(database: Any, _sandbox: SandboxServer, tmp_path: Path) -> World:
    """A seeded pipeline whose sandbox has forgotten everything before."""
    httpx.post(f"{_sandbox.url}/admin/reset").raise_for_status()
    return _seeded(database.url, _sandbox.url, tmp_path)


@pytest.fixture
def world_at(database: Any, tmp_path: Path) -> Callable[[str], World]:
    """A seeded pipeline over a sandbox of one's own, by its URL."""
    return lambda sandbox: _seeded(database.url, sandbox, tmp_path)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between the attempts at a call or at a step: only their number is tested with it."""
    from dagster import RetryPolicy

    monkeypatch.setattr(transport, "Patience", lambda: Patience(initial=0.01, jitter=0.01))
    monkeypatch.setattr(RetryPolicy, "calculate_delay", lambda policy, attempt_num: 0.01)


@pytest.fixture
def dagster(world: World, hurried: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An instance of Dagster without a home, the environment leading its runs to the test's own world."""
    from dagster import DagsterInstance

    for name in [name for name in os.environ if name in {"DATASHOPPER_API_KEY", "CLAY_API_KEY", "BLOB_URL"}]:
        monkeypatch.delenv(name)
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    with tempfile.TemporaryDirectory() as home:
        monkeypatch.setenv("DAGSTER_HOME", home)
        with DagsterInstance.ephemeral() as instance:
            yield instance


class Nursery:
    """Children that do a job and are killed after a while; see nursery.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.nursery"], cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(
        self, job: str, *, kill_after: float | None = None, kill_at: int | None = None, **arguments: Any
    ) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"job": job, "kill_after": kill_after, "kill_at": kill_at, "arguments": arguments}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    running = Nursery()
    yield running
    running.close()


@pytest.fixture
def killable(world_at: Callable[[str], World]) -> Iterator[World]:
    """A world whose sandbox is a process of its own: it is the witness of what was sent."""
    with subprocess.Popen([sys.executable, "-c", SANDBOX], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield world_at(process.stdout.readline().strip())
        process.terminate()
