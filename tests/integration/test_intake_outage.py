"""Postgres stopped and started under a working service: no 2xx without its drop, 503 meanwhile, and back by itself.

LEAD_PIPELINE_OUTAGES says how often it is stopped (2), each time with `pg_ctl stop -m immediate`'s own signal: the
server's processes end at once, nothing is flushed, and the next start recovers from the log.
"""

import http.client
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from lead_pipeline.service.context import utc_now
from lead_pipeline.service.problems import MEDIA_TYPE
from lead_pipeline.steps.keys import create_key
from lead_pipeline.store.connections import connect, ensure_database, with_database
from lead_pipeline.store.embedded import DATABASE, EmbeddedPostgres
from lead_pipeline.store.schema import migrate
from lead_pipeline.store.suppliers import save_supplier
from tests.integration.intake_children import (
    CONNECTIONS,
    LONGEST_LIFE,
    SEED,
    WEBHOOKS,
    Load,
    add_workspace,
    assert_stored_once,
    children,
    drops_of,
    event_body,
    is_ready,
    post_event,
    signed,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.alone]
OUTAGES = int(os.environ.get("LEAD_PIPELINE_OUTAGES", "2"))
BACK_SECONDS, SLOWEST_503 = 5.0, 5.0
UNKNOWN = "019b76da-a800-7000-8000-000000000001"
LEAD = {"campaignId": "c", "categoryId": "life", "state": "NY", "quality": "HOT", "data": {"email": "ada@shop.example"}}


class Server:
    """An embedded server of this file alone, that may be stopped and started, and the database of one test."""

    def __init__(self, folder: Path, address: str, name: str) -> None:
        self._folder, self._address, self.url = folder, address, with_database(address, name)
        with connect(with_database(address, "postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")

    def stop_at_once(self) -> None:
        postmaster = psutil.Process(int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children()]
        postmaster.send_signal(signal.SIGQUIT)
        _, left = psutil.wait_procs(family, timeout=30)
        assert [] == left

    def start(self) -> None:
        with EmbeddedPostgres(self._folder) as again:  # whoever holds the folder already keeps it up
            assert self._address == again.url


@pytest.fixture(scope="module")
def outage_folder() -> Iterator[tuple[Path, str]]:
    folder = Path(tempfile.mkdtemp(prefix="lp"))  # short: a socket's path holds 107 characters
    try:
        with EmbeddedPostgres(folder) as embedded:
            ensure_database(embedded.url)
            migrate(embedded.url)
            yield folder, embedded.url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def stoppable(outage_folder: tuple[Path, str], request: pytest.FixtureRequest) -> Server:
    folder, address = outage_folder
    return Server(folder, address, f"outage_{abs(hash(request.node.name))}")


def test_a_server_that_goes_away_under_load_costs_answers_but_no_acknowledged_event(
    stoppable: Server, tmp_path: Path
) -> None:
    add_workspace(stoppable.url)
    chance = random.Random(SEED)
    with children(stoppable.url, tmp_path) as [service], Load(lambda: service.place, CONNECTIONS) as load:
        for _ in range(OUTAGES):
            load.wait_for(CONNECTIONS)
            time.sleep(chance.uniform(0, LONGEST_LIFE))
            assert is_ready(service.url)
            stoppable.stop_at_once()
            assert 200 == httpx.get(service.url + "/healthz", timeout=1).status_code
            assert_ready_says(service.url, "Not ready")
            time.sleep(chance.uniform(0.5, 1.5))
            stoppable.start()
            load.wait_for(CONNECTIONS, seconds=BACK_SECONDS)
            assert is_ready(service.url)
        assert service.is_running()
    refused = [answer for answer in load.answers.values() if not answer.is_success]
    assert_refusals_say_when_to_come_back(refused)
    assert [] == load.unanswered
    assert [] == service.defects()
    assert_stored_once(stoppable.url, load.acknowledged)


def assert_ready_says(url: str, title: str) -> None:
    answer = httpx.get(url + "/readyz", timeout=5)
    assert (503, MEDIA_TYPE, title) == (answer.status_code, answer.headers["content-type"], answer.json()["title"])
    assert 0 < int(answer.headers["retry-after"])


def assert_refusals_say_when_to_come_back(refused: list[Any]) -> None:
    assert len(refused) >= CONNECTIONS
    assert {(503, MEDIA_TYPE, "Database unavailable")} == {
        (answer.status, answer.headers["content-type"], answer.body["title"]) for answer in refused
    }
    assert all(0 < int(answer.headers["retry-after"]) < 60 for answer in refused)
    assert max(answer.seconds for answer in refused) < SLOWEST_503


def test_every_route_answers_503_while_the_server_is_away_and_the_same_requests_work_afterwards(
    stoppable: Server, tmp_path: Path
) -> None:
    owner = add_workspace(stoppable.url)
    with connect(stoppable.url, autocommit=True) as conn:
        save_supplier(conn, workspace_id=owner, name="Leads Ltd", categories=["life"])
        key = create_key(
            conn, workspace=owner, name="all", scopes=["upload", "admin", "ingest"], supplier="Leads Ltd", now=utc_now()
        ).key
    bearer, body = {"Authorization": f"Bearer {key}"}, event_body("outage")
    requests: list[tuple[int, str, str, dict[str, Any]]] = [
        (200, "POST", WEBHOOKS["datashopper"], {"content": body, "headers": signed(body)}),
        (200, "POST", "/api/leads/bulk-upload", {"files": {"file": ("a.csv", b"email\na@b.example\n")}}),
        (404, "GET", f"/api/leads/bulk-upload/{UNKNOWN}", {}),
        (404, "GET", f"/api/leads/bulk-upload/{UNKNOWN}/errors", {}),
        (404, "POST", f"/api/leads/bulk-upload/{UNKNOWN}/retry", {}),
        (201, "POST", "/api/leads/ingest", {"json": LEAD, "headers": {"X-API-Key": key}}),
        (404, "GET", f"/api/leads/ingest/{1 << 60}", {"headers": {"X-API-Key": key}}),
        (404, "POST", "/api/admin/trigger-lead-generation", {"json": {"query_id": UNKNOWN}}),
        (404, "POST", "/api/admin/trigger-enrichment", {"json": {"lead_id": UNKNOWN}}),
    ]
    with children(stoppable.url, tmp_path) as [service], httpx.Client(base_url=service.url, timeout=15) as client:

        def send_all() -> list[tuple[int, str]]:
            answers = [
                client.request(method, path, **{"headers": bearer, **more}) for _, method, path, more in requests
            ]
            assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)
            assert all(answer.elapsed.total_seconds() < SLOWEST_503 for answer in answers)
            return [(answer.status_code, answer.headers["content-type"]) for answer in answers]

        assert 200 == client.get("/readyz").status_code
        stoppable.stop_at_once()
        assert [(503, MEDIA_TYPE)] * len(requests) == send_all()
        stoppable.start()
        end = time.monotonic() + BACK_SECONDS
        while not is_ready(service.url):
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(1)  # the longest that a landing waits before it tries the server again
        assert [status for status, *_ in requests] == [status for status, _ in send_all()]
        assert [] == service.defects()


def test_a_service_ends_cleanly_while_the_server_is_away_and_lands_after_the_next_start(
    stoppable: Server, tmp_path: Path
) -> None:
    add_workspace(stoppable.url)
    with children(stoppable.url, tmp_path) as [service]:
        with Load(lambda: service.place, 2) as load:
            load.wait_for(2)
            stoppable.stop_at_once()
            service.stop()
        assert [] == service.defects()
    stoppable.start()
    assert_stored_once(stoppable.url, load.acknowledged)
    with children(stoppable.url, tmp_path) as [service]:
        connection = http.client.HTTPConnection(*service.place, timeout=30)
        assert "accepted" == post_event(connection, "after").body["status"]
        connection.close()
    assert "after" in drops_of(stoppable.url)
