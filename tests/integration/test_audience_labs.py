"""Bulk imports of Audience Labs: pulled once, whatever stops a pull, and one with what its webhooks bring."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from dagster import DagsterInstance, RunRequest

from lead_pipeline.errors import PermanentError, VendorUnavailable
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps import pull_imports as step
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.decide_pending import route_pending, score_pending
from lead_pipeline.steps.pull_imports import PulledImport, Pulling, pull_imports
from lead_pipeline.steps.replay import replay
from lead_pipeline.steps.retry_drops import retry_drops
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_pages import validate_pages
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.quarantine import RowFilter
from lead_pipeline.store.replay import Chosen
from lead_pipeline.store.workspaces import save_workspace
from lead_pipeline.vendors.audience_labs import AudienceLabs, BulkImport, ImportsAnswer, LeadsPage
from lead_pipeline.vendors.transport import Transport
from tests.integration.test_sensors import passed, requests, run, tick

pytestmark = pytest.mark.integration

PAGES = (
    "SELECT external_id, headers ->> 'next_cursor', (headers ->> 'leads')::int FROM raw.drops "
    "WHERE source = 'audience-labs' AND kind = 'vendor_page' ORDER BY 1"
)
HOMES = "SELECT workspace_id IS NULL, stage, error FROM raw.drops WHERE kind = 'vendor_page'"


class Killed(BaseException):
    """What ends a process: nobody catches it."""


def lead(number: int) -> dict[str, Any]:
    return {
        "first_name": "Ada", "last_name": f"Moreau {number}", "email": f"ada{number}@firm{number}.example.com",
        "company_name": f"Firm {number}", "company_industry": "Software",
        "company_location": {"state": "CA", "country": "US"},
    }  # fmt: skip


class Playing:
    """Imports of a day that are played: id to the leads of each page. Asked for a page of `stops`, it raises that."""

    def __init__(self, pages: dict[str, Sequence[int]], *, workspace: str | None = None) -> None:
        self._pages, self._workspace = pages, workspace
        self.stops: dict[tuple[str, int], BaseException] = {}
        self.asked: list[tuple[str, int]] = []

    def imports(self, _: dt.date) -> ImportsAnswer:
        found = [BulkImport(name, self._workspace, "completed", None) for name in self._pages]
        return ImportsAnswer(json.dumps(list(self._pages)).encode(), [*found, BulkImport("r", None, "running", None)])

    def leads(self, import_id: str, cursor: str | None) -> LeadsPage:
        number, sizes = int(cursor or 0), self._pages[import_id]
        self.asked.append((import_id, number))
        if (import_id, number) in self.stops:
            raise self.stops.pop((import_id, number))
        leads = [lead(hash((import_id, number, row)) % 10**9) for row in range(sizes[number])]
        next_cursor = str(number + 1) if number + 1 < len(sizes) else None
        return LeadsPage(json.dumps({"leads": leads}).encode(), leads, next_cursor)


def pull(world: Any, vendor: Any, workspace: str | None = "seller", **more: Any) -> list[PulledImport]:
    return pull_imports(world.url, vendor, Pulling(world.day, Run("pull"), workspace), concurrency=2, **more)


def decide(world: Any, workspace: str | None = "seller") -> Any:
    counts = validate_pages(world.url, world.day, workspace=workspace)
    score_pending(world.url, world.day, Run("score"))
    route_pending(world.url, world.day, Run("route"))
    return counts


def land_webhook(world: Any, event: dict[str, Any], *, stage: str = "landed", day: dt.date | None = None) -> int:
    body, now = json.dumps(event).encode(), dt.datetime.now(dt.UTC)
    with connect(world.url) as conn:
        return land(
            conn,
            Landing(
                source="audience-labs",
                kind="webhook",
                event_type=event["event_type"],
                external_id=hashlib.sha256(body).hexdigest(),
                workspace_id=world.one("SELECT workspace_id FROM core.workspaces WHERE slug = 'seller'"),
                day=day or now.date(),
                received_at=now,
                body_sha256=hashlib.sha256(body).hexdigest(),
                body=body,
                stage=stage,
            ),
        )[0]


def assert_replays(world: Any) -> None:
    found = replay(world.url, str(world.var / "blobs"), Chosen())
    assert (True, []) == (found.is_identical, found.differences)


@pytest.fixture
def importing(world_at: Callable[[str], Any], hurried: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A world whose Audience Labs has imports, each of which names no workspace."""
    with SandboxServer(page_size=5) as sandbox:
        world = world_at(sandbox.url)
        for name, value in {**world.environment, "WEBHOOK_WORKSPACE": "seller"}.items():
            monkeypatch.setenv(name, value)
        yield world


@pytest.fixture
def instance() -> Iterator[Any]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


def test_a_completed_import_of_the_sandbox_is_pulled_whole_and_only_once(importing: Any) -> None:
    with Transport("Audience Labs", credential="KEY") as wire:
        vendor = AudienceLabs(wire, f"{importing.sandbox}/audience-labs/v1", SANDBOX_KEY)
        [told, _] = vendor.imports(importing.day).imports
        [first] = pull(importing, vendor)
        assert ("completed", told.import_id, told.leads) == (told.status, first.import_id, first.leads)
        assert [PulledImport(told.import_id)] == pull(importing, vendor)
    assert [f"import/{told.import_id}/{number}" for number in range(2)] == [name for name, *_ in importing.rows(PAGES)]
    assert 2 == importing.record()["vendor_calls"]["audience-labs"][told.import_id]
    assert told.leads == decide(importing).received
    assert [("import_page", "routed")] == importing.rows(
        "SELECT DISTINCT event_type, stage FROM raw.drops WHERE kind = 'vendor_page'"
    )
    assert 1 == importing.one("SELECT count(*) FROM raw.drops WHERE kind = 'vendor_answer' AND event_type = 'imports'")
    assert_replays(importing)


@pytest.mark.parametrize("page", range(4))
def test_a_pull_that_is_killed_at_any_page_goes_on_from_there(world: Any, page: int) -> None:
    vendor = Playing({"a/b": (2, 3, 0, 1)})
    vendor.stops["a/b", page] = Killed()
    with pytest.raises(Killed):
        pull(world, vendor)
    assert [number for _, number in vendor.asked] == list(range(page + 1))
    vendor.asked.clear()
    assert [PulledImport("a/b", 4 - page, sum((2, 3, 0, 1)[page:]))] == pull(world, vendor)
    assert [number for _, number in vendor.asked] == list(range(page, 4))
    assert [("0", "1", 2), ("1", "2", 3), ("2", "3", 0), ("3", None, 1)] == [
        (name.removeprefix("import/a/b/"), cursor, leads) for name, cursor, leads in world.rows(PAGES)
    ]
    assert 6 == decide(world).accepted


def test_an_import_that_fails_does_not_stop_the_others_and_is_pulled_later(world: Any) -> None:
    vendor = Playing({"good": (3,), "bad": (1, 1), "last": (2,)})
    vendor.stops["bad", 1] = VendorUnavailable("it broke off")
    done = {one.import_id: one for one in pull(world, vendor)}
    assert {"good": (1, 3), "bad": (1, 1), "last": (1, 2)} == {name: (d.pages, d.leads) for name, d in done.items()}
    assert {"bad": "it broke off"} == {name: str(d.error) for name, d in done.items() if d.error}
    assert [None] * 3 == [one.error for one in pull(world, vendor)]
    assert 7 == decide(world).accepted


def test_pulls_side_by_side_land_each_page_once(world: Any) -> None:
    vendor = Playing({"one": (1,) * 6, "two": (2,) * 4})
    with ThreadPoolExecutor(6) as pool:
        together = [one for done in pool.map(lambda _: pull(world, vendor), range(6)) for one in done]
    assert [] == [one.error for one in together if one.error]
    assert (10, 14) == (sum(one.pages for one in together), sum(one.leads for one in together))
    assert 10 == len(world.rows(PAGES))
    assert 14 == decide(world).accepted


def test_paging_that_never_ends_is_stopped_and_said(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "MAX_PAGES", 3)
    for landed in (3, 0):
        [done] = pull(world, Playing({"endless": (1,) * 9}))
        assert landed == done.pages
        assert isinstance(done.error, PermanentError)
        assert "endless goes on after 3 pages" in str(done.error)


@pytest.mark.parametrize("is_webhook_first", [True, False])
def test_a_lead_that_comes_by_webhook_and_by_pull_is_one_lead(world: Any, is_webhook_first: bool) -> None:
    vendor = Playing({"x": (1,)})
    entry = vendor.leads("x", None).leads[0]
    land_webhook(world, {"event_type": "import.batch", "leads": [entry, lead(2)]}, day=world.day)
    pull(world, vendor)
    steps = [lambda: decide_pending_events(world.url, world.day, Run("events")), lambda: decide(world)]
    for one in steps if is_webhook_first else reversed(steps):
        one()
    assert 2 == world.one("SELECT count(*) FROM core.leads")
    [[kept, seen]] = world.rows(
        "SELECT f.kind, s.kind FROM core.lead_sightings JOIN core.leads l USING (lead_id) "
        "JOIN raw.drops f ON f.drop_id = l.drop_id JOIN raw.drops s ON s.drop_id = lead_sightings.drop_id"
    )
    assert ({"webhook", "vendor_page"}, is_webhook_first) == ({kept, seen}, kept == "webhook")
    columns = "email, full_name, company_name, industry, industry_group, country, state, region"
    alike = world.rows(f"SELECT {columns} FROM core.leads WHERE email = %s", entry["email"])
    assert [(entry["email"], "Software", "US", "CA")] == [(r[0], r[3], r[5], r[6]) for r in alike]
    assert_replays(world)


def test_a_page_of_an_unknown_workspace_is_refused_whole_with_what_to_do_and_read_once_it_is_there(world: Any) -> None:
    assert [None] == [one.error for one in pull(world, Playing({"x": (2, 1)}, workspace="nobody"))]
    assert [(True, "landed", None)] * 2 == world.rows(HOMES)
    assert 2 == decide(world).quarantined
    words = "no workspace 'nobody': add it with `lead-pipeline workspaces add`, then retry"
    assert [(True, "quarantined", words)] * 2 == world.rows(HOMES)
    assert_replays(world)
    with connect(world.url, autocommit=True) as conn:
        save_workspace(conn, slug="nobody", name="Nobody")
    retried = retry_drops(world.url, RowFilter(), Run("retry"))
    assert ({}, 3) == (retried.waiting, retried.counts.accepted)
    assert [(False, "routed", None)] * 2 == world.rows(HOMES)
    assert 3 == world.one("SELECT count(*) FROM core.lead_assignments")
    assert_replays(world)


def test_an_import_without_a_workspace_goes_to_the_one_of_webhooks_or_is_refused_with_words(world: Any) -> None:
    pull(world, Playing({"x": (1,)}), workspace=None)
    assert 1 == decide(world, workspace=None).quarantined
    [(_, _, words)] = world.rows(HOMES)
    assert "set WEBHOOK_WORKSPACE" in words
    world.execute("TRUNCATE core.quarantined_rows; DELETE FROM raw.drops")
    pull(world, Playing({"x": (1,)}), workspace=None)
    assert 1 == decide(world, workspace="seller").accepted


def test_a_webhook_of_a_completed_import_has_its_day_pulled_once(importing: Any, instance: Any) -> None:
    today = dt.datetime.now(dt.UTC).date()
    yesterday = today - dt.timedelta(days=1)
    assert [] == requests(tick("audience_labs_imports", instance))
    land_webhook(importing, {"event_type": "import.completed", "created_on": str(yesterday)}, stage="kept")
    land_webhook(importing, {"event_type": "import.completed", "created_on": "1999-01-01"}, stage="kept")
    land_webhook(importing, {"event_type": "import.failed"}, stage="kept")
    asked = requests(tick("audience_labs_imports", instance))
    assert [("audience_labs_pull", str(day)) for day in (yesterday, today)] == [
        (one.job_name, one.partition_key) for one in asked
    ]
    assert all(passed(run(instance, one)) for one in asked)
    assert 2 * 2 == len(importing.rows(PAGES))
    assert [(yesterday, "routed"), (today, "routed")] == importing.rows(
        "SELECT DISTINCT day, stage FROM raw.drops WHERE kind = 'vendor_page' ORDER BY day"
    )
    assert [] == requests(tick("audience_labs_imports", instance))
    land_webhook(importing, {"event_type": "import.completed", "id": 3}, stage="kept")
    assert [str(today)] == [one.partition_key for one in requests(tick("audience_labs_imports", instance))]


def test_a_vendor_that_is_away_fails_its_own_job_and_holds_up_no_other_vendors_leads(
    importing: Any, instance: Any
) -> None:
    importing.fault("audience-labs", "error")
    daily = importing.run_job(instance)
    assert daily.success
    failed = {check.check_name: check for check in daily.get_asset_check_evaluations() if not check.passed}
    assert "the list of imports" in failed["no_import_failed"].metadata["imports"].value
    assert importing.effects()
    alone = RunRequest(job_name="audience_labs_pull", partition_key=str(importing.day))
    assert not run(instance, alone).success
