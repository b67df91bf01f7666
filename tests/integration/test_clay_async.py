"""The sandbox's Clay that answers by webhook: signed, once a key, sent again where nobody took it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from lead_pipeline.domain.signatures import verify_webhook
from lead_pipeline.domain.webhook_rows import contact_result
from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.sandbox import clay_async
from lead_pipeline.sandbox.people import chosen, people_at
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.sandbox.webhook_sender import Intake
from lead_pipeline.vendors.clay import JOB_TITLES, SENIORITY_LEVELS, Clay
from lead_pipeline.vendors.transport import Patience, Transport

pytestmark = pytest.mark.integration

SECRET = "a secret of at least thirty-two bytes"
SEED = 7
DOMAIN = next(name for n in range(99) if len(people_at(SEED, name := f"company{n}.example")) > 6)


class FakeIntake:
    """Takes what is posted to it, and answers with the next of `statuses`, 200 once they are used up."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.taken.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def intake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeIntake]:
    monkeypatch.setattr(clay_async, "SHORTLY", 0.02)
    fake = FakeIntake()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.fixture
def sandbox(intake: FakeIntake) -> Iterator[SandboxServer]:
    with SandboxServer(seed=SEED, intake=Intake(intake.url, {"clay": SECRET})) as running:
        yield running


@pytest.fixture
def ask(sandbox: SandboxServer) -> Iterator[Callable[..., None]]:
    patience = Patience(initial=0.01, jitter=0.01)
    with Transport("Clay", credential="CLAY_API_KEY", patience=patience) as transport:
        clay = Clay(transport, f"{sandbox.url}/clay/v1", "sandbox")
        yield lambda lead_id="lead-1": clay.request_enrichment(lead_id, DOMAIN, "Acme")


def record(sandbox: SandboxServer) -> dict[str, Any]:
    return httpx.get(f"{sandbox.url}/admin/record").json()


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def post(sandbox: SandboxServer, key: str | None, **more: Any) -> httpx.Response:
    headers = {"Authorization": "Bearer sandbox"} | ({} if key is None else {"Idempotency-Key": key})
    body = {"lead_id": "lead-1", "domain": DOMAIN, "limit": 5, **more}
    return httpx.post(f"{sandbox.url}/clay/v1/enrichments", json=body, headers=headers)


def test_the_contacts_come_by_a_signed_webhook_that_names_the_lead(intake, sandbox, ask):
    ask()
    wait_for(lambda: record(sandbox)["webhooks"])
    [(path, headers, body)] = intake.taken
    wanted = chosen(people_at(SEED, DOMAIN), titles=JOB_TITLES, seniorities=SENIORITY_LEVELS, limit=5)
    found = contact_result(body)

    assert "/api/webhooks/clay" == path
    assert verify_webhook("clay", body, headers, [SECRET], now=time.time()) is None
    assert ("lead-1", DOMAIN, "completed") == (found.lead_id, found.domain, found.status)
    assert wanted == json.loads(body)["contacts"]
    assert ("enrichment.completed", "contacts") == (
        read_envelope("clay", body).event_type,
        read_envelope("clay", body).holds,
    )


def test_a_repeat_under_the_same_key_has_the_same_id_and_no_second_webhook(intake, sandbox):
    first, second = post(sandbox, "lead-1"), post(sandbox, "lead-1")
    post(sandbox, "lead-2", lead_id="lead-2")
    wait_for(lambda: 2 == len(record(sandbox)["webhooks"].get("clay", {})))

    assert (202, first.json()) == (second.status_code, second.json())
    assert {"clay": {"lead-1": 1, "lead-2": 1}} == record(sandbox)["webhooks"]
    assert {"lead-1": 2, "lead-2": 1} == record(sandbox)["vendor_calls"]["clay-async"]
    assert 2 == len(intake.taken)


def test_a_lost_answer_is_asked_again_and_still_brings_one_webhook(intake, sandbox, ask):
    lost = {"target": "clay-async", "kind": "lost_answer", "times": 2}
    httpx.post(f"{sandbox.url}/admin/faults", json=lost).raise_for_status()
    ask()
    wait_for(lambda: record(sandbox)["webhooks"])
    time.sleep(0.2)

    assert 1 == len(intake.taken)


def test_what_nobody_took_is_sent_again_as_the_same_event(intake, sandbox, ask):
    intake.statuses = [503, 429]
    ask()
    wait_for(lambda: record(sandbox)["webhooks"])

    assert 3 == len(intake.taken)
    assert 1 == len({read_envelope("clay", body).external_id for _, _, body in intake.taken})


def test_what_was_refused_is_not_sent_again(intake, sandbox, ask):
    intake.statuses = [401]
    ask()
    wait_for(lambda: intake.taken)
    time.sleep(0.2)

    assert (1, {}) == (len(intake.taken), record(sandbox)["webhooks"])


def test_a_key_is_needed_and_keeps_its_first_body(sandbox):
    assert 400 == post(sandbox, None).status_code
    assert 202 == post(sandbox, "key").status_code
    assert 409 == post(sandbox, "key", limit=4).status_code
    assert 422 == post(sandbox, "key-2", lead_id="").status_code
    httpx.post(f"{sandbox.url}/admin/reset").raise_for_status()
    assert 202 == post(sandbox, "key", limit=4).status_code


@pytest.mark.parametrize("secrets", [None, {"c2s": SECRET}])
def test_without_an_intake_or_a_shared_secret_nothing_is_sent(intake, secrets):
    known = None if secrets is None else Intake(intake.url, secrets)
    with SandboxServer(seed=SEED, intake=known) as quiet:
        assert 202 == post(quiet, "lead-1").status_code
        time.sleep(0.1)
        assert {"lead-1": 1} == record(quiet)["vendor_calls"]["clay-async"]
    assert [] == intake.taken
