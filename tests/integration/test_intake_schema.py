"""Whatever anybody sends: made up from the service's own OpenAPI, broken HTTP, keys that open nothing.

No 5xx, no hang, no answer that the OpenAPI does not describe, and afterwards nothing is left over.
Schemathesis makes them up: documented examples, every constraint kept and broken, and LEAD_PIPELINE_EXAMPLES random
ones for each operation (15). Three in four carry the right signature and keys, the others whatever was made up.
"""

import hashlib
import json
import os
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from requests.auth import AuthBase
from schemathesis.specs.openapi.checks import (
    missing_required_header,
    negative_data_rejection,
    positive_data_acceptance,
)

from lead_pipeline.contracts.supplier_leads import EXAMPLE
from lead_pipeline.service.app import build_app
from lead_pipeline.service.bodies import BodyBounds
from lead_pipeline.service.context import open_intake, utc_now
from lead_pipeline.service.openapi import webhook_request
from lead_pipeline.service.protocol import IntakeProtocol
from lead_pipeline.service.server import IntakeServer
from lead_pipeline.settings import load_settings
from lead_pipeline.steps.keys import create_key, revoke_key
from lead_pipeline.store.connections import connect, with_database
from lead_pipeline.store.suppliers import save_supplier
from tests.integration.intake_children import WEBHOOKS, add_workspace, environment, event_body, signed, signed_by_stripe

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.alone]
EXAMPLES = int(os.environ.get("LEAD_PIPELINE_EXAMPLES", "15"))
ANSWER_SECONDS, IDLE_SECONDS = 10, 1.5
STRIPE = "/api/webhooks/stripe"
SOURCES = {path: source for source, path in WEBHOOKS.items()}
GENEROUS = {"UPLOADS_PER_HOUR": "10000", "INGEST_PER_MINUTE": "1000000"}


# A webhook is kept whatever it holds, and what is in a file or a lead is more than a schema says. The credentials below
# are put into requests that Schemathesis made without.
PEOPLE = {"/api/auth/register", "/api/team/join"}
NOT_DECIDED_BY_THE_SCHEMA = {*SOURCES, *PEOPLE, "/api/leads/bulk-upload", "/api/leads/ingest", STRIPE}
NOT_SAID = [negative_data_rejection, positive_data_acceptance, missing_required_header]
SEEN: set[tuple[str, int]] = set()


class Credentials(AuthBase):
    """Signs and unlocks three requests in four, by a digest of what they send; the others keep what was made up."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        path = urlsplit(request.url or "").path
        if isinstance(body, bytes) and hashlib.sha256(path.encode() + body).digest()[0] % 4:
            request.headers.update({"Authorization": f"Bearer {self._key}", "X-API-Key": self._key})
            if path in SOURCES:
                request.headers.update(signed(body, source=SOURCES[path]))
            if path == STRIPE:
                request.headers.update(signed_by_stripe(body))
        return request


@dataclass(frozen=True)
class Api:
    """A running service that has every secret, and a key that may do everything."""

    url: str
    key: str
    database: str
    service: IntakeServer

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    def assert_alive_and_idle(self) -> None:
        """It answers within a second, and holds no connection and no task of an earlier one."""
        assert 200 == requests.get(f"{self.url}/healthz", headers={"Connection": "close"}, timeout=1).status_code
        state, end = self.service._server.server_state, time.monotonic() + ANSWER_SECONDS
        while state.connections or state.tasks:
            assert time.monotonic() < end, (state.connections, state.tasks)
            time.sleep(0.01)


@pytest.fixture(scope="module")
def api(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    address = with_database(server, "schema")
    with connect(with_database(server, "postgres"), autocommit=True) as conn:
        conn.execute("CREATE DATABASE schema TEMPLATE template_leads")
    owner = add_workspace(address)
    with connect(address, autocommit=True) as conn:
        save_supplier(conn, workspace_id=owner, name="Leads Ltd", categories=[EXAMPLE["categoryId"]])
        key = create_key(
            conn, workspace=owner, name="all", scopes=["upload", "ingest", "admin"], supplier="Leads Ltd", now=utc_now()
        ).key
    folder = tmp_path_factory.mktemp("schema")
    chosen = load_settings(environment(address, LEAD_PIPELINE_VAR=str(folder), **GENEROUS))
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(BodyBounds.__init__.__kwdefaults__, "idle", IDLE_SECONDS)
        with IntakeServer(chosen, address) as service:
            yield Api(service.url, key, address, service)


# Made without a socket, because each operation is a test of its own; the first test compares it with what is served.
DESCRIBED = build_app(open_intake(load_settings({}), "")).openapi()
schema = schemathesis.openapi.from_dict(DESCRIBED)


def test_what_is_served_as_openapi_is_what_the_requests_are_made_from(api: Api) -> None:
    assert json.loads(json.dumps(DESCRIBED)) == requests.get(f"{api.url}/openapi.json", timeout=ANSWER_SECONDS).json()


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=EXAMPLES < 100)
def test_every_answer_is_one_that_the_openapi_describes(case: Any, api: Api) -> None:
    if case.path in SOURCES and isinstance(case.body, dict):
        case.body = eventful(SOURCES[case.path], case.body)
    excluded = NOT_SAID if case.path in NOT_DECIDED_BY_THE_SCHEMA else [missing_required_header]
    answer = case.call_and_validate(
        base_url=api.url, auth=Credentials(api.key), timeout=ANSWER_SECONDS, excluded_checks=excluded
    )
    SEEN.add((case.path, answer.status_code))


def eventful(source: str, body: dict[str, Any]) -> dict[str, Any]:
    """A made-up body, every other one inside of a documented event of now: nearly all others are no event."""
    text = json.dumps(body, sort_keys=True, default=str).encode()
    draw = hashlib.sha256(text).digest()
    if draw[1] % 2:
        return body
    [content] = webhook_request(source)["requestBody"]["content"].values()
    examples = [example["value"] for example in content["examples"].values()]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {**examples[draw[2] % len(examples)], "timestamp": now, **body}


def test_the_requests_that_were_made_up_got_past_the_door() -> None:
    if not SEEN:
        pytest.skip("none was made up in this run")
    wanted = {(path, status) for path in SOURCES for status in (200, 202, 401)}
    wanted |= {("/api/leads/bulk-upload", status) for status in (200, 401, 422)}
    wanted |= {("/api/leads/ingest", status) for status in (200, 401, 403, 422)}
    wanted |= {("/api/leads/bulk-upload/{job_id}", 404), ("/api/leads/bulk-upload/{job_id}/errors", 404)}
    wanted |= {("/api/admin/trigger-enrichment", 404), ("/api/admin/trigger-lead-generation", 404)}
    assert set() == wanted - SEEN, sorted(SEEN)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's patience with the heads of requests, cut short."""
    monkeypatch.setattr(IntakeProtocol, "head_seconds", 0.5)
    monkeypatch.setattr(IntakeProtocol, "linger_seconds", 0.5)


POST = b"POST /api/webhooks/datashopper HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
CHUNKED, CLOSE = POST + b"Transfer-Encoding: chunked\r\n\r\n", b"Connection: close\r\n\r\n"
BROKEN: dict[str, tuple[bytes, set[bytes]]] = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), {b"400"}),
    "zeros": (bytes(1000) + b"\r\n\r\n", {b"400"}),
    "a method alone": (b"GET\r\n\r\n", {b"400"}),
    "HTTP 9": (b"GET / HTTP/9.9\r\n\r\n", {b"400"}),
    "HTTP 2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {b"400"}),
    "a negative length": (POST + b"Content-Length: -5\r\n\r\n", {b"400"}),
    "a length in words": (POST + b"Content-Length: abc\r\n\r\n", {b"400"}),
    "two lengths": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", {b"400"}),
    "a length of 67 bits": (POST + b"Content-Length: 99999999999999999999\r\n\r\n", {b"400"}),
    "a length of 60 bits": (POST + b"Content-Length: 1000000000000000000\r\n\r\n", {b"413"}),
    "a length that is not kept": (POST + b"Content-Length: 100\r\n\r\n{}", {b"408"}),
    "a body that goes on": (POST + b"Content-Length: 2\r\n\r\n{}garbage garbage\r\n\r\n", {b"400", b"401"}),
    "length and chunks": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {b"400"}),
    "another encoding": (POST + b"Transfer-Encoding: gzip\r\n\r\nx", {b"400"}),
    "a chunk of size zz": (CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n", {b"400"}),
    "a chunk of size -1": (CHUNKED + b"-1\r\nhello\r\n0\r\n\r\n", {b"400"}),
    "a chunk of 72 bits": (CHUNKED + b"FFFFFFFFFFFFFFFFFF\r\nhello", {b"400"}),
    "a chunk that is not kept": (CHUNKED + b"7FFFFFFF\r\nhello", {b"408"}),
    "a chunk that goes on": (CHUNKED + b"2\r\nhello\r\n0\r\n\r\n", {b"400"}),
    "a header of 100 KB": (
        POST + b"X: " + b"a" * 100_000 + b"\r\nContent-Length: 2\r\n" + CLOSE + b"{}",
        {b"401", b"431"},
    ),
    "a header of 8 MB": (POST + b"X: " + b"a" * (8 << 20) + b"\r\n" + CLOSE, {b"431", b""}),
    "a path of 100 KB": (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE, {b"400", b"414", b"431"}),
    "a path that is no text": (b"GET /api/leads/bulk-upload/%zz%ff%00 HTTP/1.1\r\n" + CLOSE, {b"401"}),
    "a header that is no text": (
        POST + b"X-Datashopper-Signature: \xff\r\nContent-Length: 2\r\n" + CLOSE + b"{}",
        {b"401"},
    ),
    "a folded header": (GET + b"A: b\r\n c\r\n" + CLOSE, {b"400"}),
    "a tunnel": (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n" + CLOSE, {b"400"}),
    "a web socket": (GET + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n", {b"200"}),
    "an unread body": (GET + b"Content-Length: 500\r\n\r\nhello", {b"200"}),
    "half a head": (GET[:-8], {b""}),
    "nothing": (b"", {b""}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_http_is_refused_and_the_service_goes_on(api: Api, hasty: None, name: str) -> None:
    sent, expected = BROKEN[name]
    with socket.create_connection(api.place, timeout=ANSWER_SECONDS) as connection:
        answer = b""
        try:
            connection.sendall(sent)
            if expected != {b"200"}:
                while part := connection.recv(65536):
                    answer += part
            else:
                answer = connection.recv(65536)
        except ConnectionError:
            pass  # it closed with some of ours unread, so that its answer may be lost
    assert answer[9:12] in expected, answer[:300]
    assert answer.startswith(b"HTTP/1.1 ") or not answer
    api.assert_alive_and_idle()


def test_clients_that_leave_in_the_middle_leave_nothing_behind(api: Api) -> None:
    body = event_body("left")
    head = POST + "".join(f"{name}: {value}\r\n" for name, value in signed(body).items()).encode()
    whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    for cut in (len(head) // 2, len(whole) - 5, len(whole)):
        for _ in range(20):
            connection = socket.create_connection(api.place, timeout=ANSWER_SECONDS)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no farewell
            connection.sendall(whole[:cut])
            connection.close()
    api.assert_alive_and_idle()
    with connect(api.database) as conn:
        stored = conn.execute("SELECT body FROM raw.drops WHERE external_id = 'event/left'").fetchall()
    assert stored in ([], [(body,)])
    answer = requests.post(api.url + WEBHOOKS["datashopper"], body, headers=signed(body), timeout=ANSWER_SECONDS)
    assert ("duplicate" if stored else "accepted") == answer.json()["status"]


def test_two_hundred_idle_and_slow_connections_keep_nobody_waiting_and_are_closed(api: Api, hasty: None) -> None:
    slow = POST + b"Content-Length: 100000\r\n\r\n{"
    held = []
    for number in range(200):  # each says its part at once: one that it says after it was closed is answered by a reset
        held.append(socket.create_connection(api.place, timeout=ANSWER_SECONDS))
        held[-1].sendall([b"", GET, slow][number % 3])
    begin = time.monotonic()
    assert 200 == requests.get(f"{api.url}/healthz", timeout=1).status_code
    answers = []
    for connection in held:
        answers.append(connection.recv(65536)[9:12])
        connection.close()
    assert {b"", b"408"} == set(answers)
    assert time.monotonic() - begin < ANSWER_SECONDS
    api.assert_alive_and_idle()


def test_wrong_and_revoked_keys_are_401_and_what_is_anothers_is_404(api: Api) -> None:
    other = add_workspace(api.database, "other")
    with connect(api.database, autocommit=True) as conn:
        save_supplier(conn, workspace_id=other, name="Other Ltd", categories=["life"])
        more = {"name": "k", "scopes": ["upload", "ingest", "admin"], "supplier": "Other Ltd", "now": utc_now()}
        foreign, revoked = (create_key(conn, workspace="other", **more) for _ in range(2))
        revoke_key(conn, revoked.key_id, now=utc_now())
        narrow = create_key(conn, workspace="other", name="n", scopes=["upload"], supplier=None, now=utc_now())
    with requests.Session() as session:

        def ask(key: str | None, method: str, path: str, **sent: Any) -> int:
            headers = {} if key is None else {"Authorization": f"Bearer {key}", "X-API-Key": key}
            return session.request(method, api.url + path, headers=headers, timeout=ANSWER_SECONDS, **sent).status_code

        made = session.post(
            f"{api.url}/api/leads/bulk-upload", headers={"Authorization": f"Bearer {api.key}"},
            files={"file": ("a.csv", b"email\nmine@shop.example\n")}, timeout=ANSWER_SECONDS,
        ).json()["jobId"]  # fmt: skip
        lead = {**EXAMPLE, "data": {"email": "own@shop.example"}}
        drop = session.post(
            f"{api.url}/api/leads/ingest", json=lead, headers={"X-API-Key": api.key}, timeout=ANSWER_SECONDS
        ).json()["dropId"]
        with connect(api.database) as conn:
            lead_id = conn.execute("SELECT lead_id FROM core.leads WHERE drop_id = %s", [drop]).fetchone()[0]
        job, retry = f"/api/leads/bulk-upload/{made}", f"/api/leads/bulk-upload/{made}/retry"
        asked = {
            ("GET", job): {}, ("GET", f"{job}/errors"): {}, ("POST", retry): {},
            ("GET", f"/api/leads/ingest/{drop}"): {},
            ("POST", "/api/admin/trigger-enrichment"): {"json": {"lead_id": str(lead_id)}},
        }  # fmt: skip
        for (method, path), sent in asked.items():
            bad = [None, "sk_", "sk_wrong", api.key[:-1], api.key + "x", api.key.upper(), revoked.key]
            assert [401] * len(bad) == [ask(key, method, path, **sent) for key in bad], path
            assert 404 == ask(foreign.key, method, path, **sent), path
        assert [200, 200, 409, 200, 202] == [ask(api.key, *route, **sent) for route, sent in asked.items()]
        assert [403, 403] == [ask(narrow.key, *route, **sent) for route, sent in list(asked.items())[3:]]
        upload = "/api/leads/bulk-upload"
        assert [404, 422, 422] == [ask(api.key, "GET", f"{upload}/{name}") for name in (lead_id, drop, "x%00")]
        assert [404, 422] == [ask(api.key, "GET", f"/api/leads/ingest/{name}") for name in (drop - 1 or 1 << 60, made)]
        assert [404, 404] == [
            ask(api.key, "POST", "/api/admin/trigger-enrichment", json={"lead_id": made}),
            ask(api.key, "POST", "/api/admin/trigger-lead-generation", json={"query_id": str(lead_id)}),
        ]
