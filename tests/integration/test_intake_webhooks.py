"""Webhooks on a real port over a real Postgres: what each is answered, and what is kept of it."""

import gzip
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from lead_pipeline.cli.webhook_secrets import VARIABLES
from lead_pipeline.domain.signatures import sign_webhook
from lead_pipeline.service import bodies
from lead_pipeline.service.protocol import IntakeProtocol
from lead_pipeline.service.server import IntakeServer
from lead_pipeline.service.webhooks import PATHS
from lead_pipeline.store.connections import connect, with_database
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
SECRET, OLD_SECRET = "s3cret-" * 8, "before-" * 8
NOW = datetime(2026, 3, 2, 23, 59, 30, tzinfo=UTC)
LEAD = {"first_name": "Ada", "email": "ada@shop.example", "company": "Shop"}
EVENTS = {
    "datashopper": {"event_id": "e1", "event_type": "leads.single", "lead": LEAD},
    "clay": {"event_id": "e1", "event_type": "enrichment.completed", "lead_id": "x", "contacts": []},
    "audience-labs": {"event_id": "e1", "event_type": "import.batch", "timestamp": NOW.isoformat(), "leads": [LEAD]},
    "c2s": {
        "id": "7",
        "hook_action": "on_create_lead",
        "attributes": {"updated_at": "2026-03-02T10:00:00Z", "customer": {"name": "Ada"}},
    },
}


class Clock:
    """What the service takes for now."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


class Service:
    """A running service, its database, and a sender who shares its secret."""

    def __init__(self, url, database, clock):
        self.url, self.database, self.clock = url, database, clock
        self.client = httpx.Client(base_url=url, timeout=20)

    def send(self, source, event, *, secret=SECRET, signed_at=None, headers=(), content=None):
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        signed_at = self.clock.now if signed_at is None else signed_at
        signature = sign_webhook(source, body, secret, now=signed_at.timestamp())
        return self.client.post(PATHS[source], content=content or body, headers={**signature, **dict(headers)})

    def rows(self, query, *parameters):
        with connect(self.database, autocommit=True) as conn:
            return conn.execute(query, parameters).fetchall()

    def drops(self):
        [[count]] = self.rows("SELECT count(*) FROM raw.drops")
        return count


@contextmanager
def running(database, **environment):
    secrets = dict.fromkeys(VARIABLES, SECRET)
    settings = database.settings(**{**secrets, "WEBHOOK_WORKSPACE": "seller", **environment})
    clock = Clock()
    with IntakeServer(settings, database.url, clock=clock) as server:
        service = Service(server.url, database.url, clock)
        with service.client:
            yield service


@pytest.fixture
def service(database):
    with database.connect() as conn:
        save_workspace(conn, slug="seller", name="Seller")
    with running(database) as started:
        yield started


@pytest.mark.parametrize("source", PATHS)
def test_a_signed_event_is_durable_with_its_exact_bytes_when_it_is_answered(service, source):
    body = json.dumps(EVENTS[source], indent=3).encode() + b"\n "
    credentials = {"X-Api-Key": "sk_x", "Cookie": "c", "Authorization": "a"}
    answer = service.send(source, body, headers={**credentials, "X-Own": "\u00e9".encode("latin-1")})
    [[drop_id, kept, headers, day, received, stage, workspace, digest]] = service.rows(
        "SELECT drop_id, body, headers, day, received_at, stage, w.slug, body_sha256 = encode(sha256(body), 'hex') "
        "FROM raw.drops LEFT JOIN core.workspaces w USING (workspace_id) WHERE source = %s AND kind = 'webhook'",
        source,
    )
    assert (200, {"success": True, "drop_id": drop_id, "status": "accepted"}) == (answer.status_code, answer.json())
    assert (body, NOW.date(), NOW, "landed", "seller", True) == (kept, day, received, stage, workspace, digest)
    assert not {"authorization", "cookie", "x-api-key", "x-webhook-token"} & set(headers)
    assert (str(len(body)), "\u00e9") == (headers["content-length"], headers["x-own"])


def test_the_body_may_name_the_workspace_by_slug_or_id_and_an_unknown_one_waits(service):
    with connect(service.database) as conn:
        other = save_workspace(conn, slug="other", name="Other")
    for number, name in enumerate(["other", str(other), "nobody"]):
        answer = service.send("datashopper", {**EVENTS["datashopper"], "event_id": f"e{number}", "workspace_id": name})
        assert (202 if name == "nobody" else 200) == answer.status_code
    assert [(other,), (other,), (None,)] == service.rows("SELECT workspace_id::text FROM raw.drops ORDER BY drop_id")


@pytest.mark.parametrize("source", PATHS)
def test_a_wrong_signature_leaves_nothing_and_says_nothing(service, source):
    event = EVENTS[source]
    answers = [
        service.send(source, event, secret="x" * 64),
        service.client.post(PATHS[source], json=event),
        service.send(source, event, secret=OLD_SECRET),
    ]
    if source != "c2s":
        reserialised = json.dumps(event, separators=(",", ":")).encode()
        answers.append(service.send(source, event, content=reserialised))
    assert {401} == {answer.status_code for answer in answers}
    assert {"Invalid signature"} == {answer.json()["title"] for answer in answers}
    assert 1 == len({answer.text for answer in answers})
    assert 0 == service.drops()


@pytest.mark.parametrize("seconds", [-301, -299, 299, 301])
@pytest.mark.parametrize("source", ["datashopper", "clay", "audience-labs"])
def test_an_event_is_taken_within_five_minutes_of_our_clock_both_ways(service, source, seconds):
    sent = NOW + timedelta(seconds=seconds)
    event = EVENTS[source] | ({"timestamp": sent.isoformat()} if source == "audience-labs" else {})
    answer = service.send(source, event, signed_at=sent)
    assert (200 if abs(seconds) < 300 else 401) == answer.status_code
    assert "Invalid signature" in answer.text or answer.is_success


def test_a_dated_body_without_its_time_is_refused(service):
    event = {name: value for name, value in EVENTS["audience-labs"].items() if name != "timestamp"}
    assert 401 == service.send("audience-labs", event).status_code
    assert 0 == service.drops()


def test_both_secrets_are_taken_while_one_is_being_rotated(database):
    with running(database, CLAY_WEBHOOK_SECRET_PREVIOUS=OLD_SECRET) as service:
        assert 200 == service.send("clay", EVENTS["clay"]).status_code
        assert 200 == service.send("clay", {**EVENTS["clay"], "event_id": "e2"}, secret=OLD_SECRET).status_code


def test_a_replay_is_answered_with_the_first_drop_even_if_its_time_was_refreshed(service):
    first = service.send("datashopper", EVENTS["datashopper"]).json()
    service.clock.now += timedelta(hours=30)
    for again in (service.send("datashopper", EVENTS["datashopper"]) for _ in range(3)):
        assert (200, {**first, "status": "duplicate"}) == (again.status_code, again.json())
    assert 1 == service.drops()


def test_duplicates_that_race_are_one_drop(database, service):
    with running(database) as second, ThreadPoolExecutor(16) as pool:

        def send(number):
            event = {**EVENTS["datashopper"], "event_id": f"race-{number % 20}"}
            return (service if number % 2 else second).send("datashopper", event).json()

        answers = list(pool.map(send, range(200)))
    assert 20 == service.drops() == len({answer["drop_id"] for answer in answers})
    assert 20 == sum(answer["status"] == "accepted" for answer in answers)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("datashopper", b'{"event_type": "leads.exploded"}'),
        ("datashopper", b"not json at all \x00\xff"),
        ("datashopper", b""),
        ("clay", b'{"event_type": "\\u0000"}'),
        ("c2s", b"[1, 2]"),
        ("audience-labs", b"\xff\xfe"),
        ("audience-labs", b'{"event_type": "?", "timestamp": "2026-03-02T23:59:30Z"}'),
    ],
)
def test_what_cannot_be_read_is_kept_and_said_to_be_in_quarantine(service, source, body):
    answer = service.send(source, body)
    assert (202, "quarantined") == (answer.status_code, answer.json()["status"])
    assert answer.json()["reason"]
    assert [("landed", body)] == service.rows("SELECT stage, body FROM raw.drops")
    assert "duplicate" == service.send(source, body).json()["status"]


@pytest.mark.parametrize("source", ["datashopper", "clay", "audience-labs"])
def test_a_test_event_is_kept_and_holds_no_leads(service, source):
    event = {"event_id": "t", "event_type": "test", "timestamp": NOW.isoformat()}
    assert "accepted" == service.send(source, event).json()["status"]
    assert [("kept", "test")] == service.rows("SELECT stage, event_type FROM raw.drops")


def test_the_signature_test_never_passes(service):
    headers = {"x-datashopper-signature": "test", "x-datashopper-timestamp": str(int(NOW.timestamp() * 1000))}
    assert 401 == service.client.post(PATHS["datashopper"], json={"event_type": "test"}, headers=headers).status_code


def test_a_source_without_a_secret_names_the_variable(database):
    with running(database, WEBHOOK_SECRET="", CLAY_WEBHOOK_SECRET="") as service:
        for source, name in (("c2s", "WEBHOOK_SECRET"), ("clay", "CLAY_WEBHOOK_SECRET")):
            answer = service.send(source, EVENTS[source])
            assert (503, True) == (answer.status_code, answer.json()["detail"].startswith(f"{name} is not set"))
            assert "retry-after" in answer.headers


def test_bodies_are_taken_up_to_a_mebibyte_plain_or_packed(service):
    body = b'{"event_type": "test", "pad": "' + b"x" * (1024 * 1024 - 33) + b'"}'
    assert 1024 * 1024 == len(body)
    assert 200 == service.send("datashopper", body).status_code
    packed = gzip.compress(json.dumps(EVENTS["clay"]).encode())
    answer = service.send("clay", EVENTS["clay"], content=packed, headers={"Content-Encoding": "gzip"})
    assert 200 == answer.status_code
    assert [(json.dumps(EVENTS["clay"]).encode(),)] == service.rows("SELECT body FROM raw.drops WHERE source = 'clay'")


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"x" * (1024 * 1024 + 1), {}, 413),
        ((b"x" * 65536 for _ in range(17)), {}, 413),
        (gzip.compress(bytes(100_000_000), 9), {"Content-Encoding": "gzip"}, 413),
        (b"plain", {"Content-Encoding": "gzip"}, 400),
        (b"x", {"Content-Encoding": "br"}, 415),
    ],
    ids=["long", "chunked", "bomb", "not gzip", "brotli"],
)
def test_a_body_that_is_too_much_is_refused_and_the_connection_still_works(service, content, headers, status):
    answer = service.client.post(PATHS["clay"], content=content, headers=headers)
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert status == answer.json()["status"]
    assert 200 == service.client.get("/healthz").status_code
    assert 0 == service.drops()


def test_a_long_body_that_asks_first_is_refused_before_it_is_sent(service):
    head = b"Expect: 100-continue\r\nContent-Length: 99999999\r\n"
    answer = dialogue(service, post(head))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


def test_a_slow_body_and_a_slow_head_are_given_up(database, monkeypatch):
    monkeypatch.setattr(bodies, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(IntakeProtocol, "head_seconds", 0.3)
    with running(database) as service:
        assert dialogue(service, post(b"Content-Length: 10\r\n") + b"12").startswith(b"HTTP/1.1 408 ")
        begin = time.monotonic()
        assert b"" == dialogue(service, b"POST /api/webhooks/clay HTTP/1.1\r\nHost: x\r\n")
        assert b"" == dialogue(service, b"")
        assert b"" == dialogue(service, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /he").split(b'"ok"}')[1]
        assert time.monotonic() - begin < 5


def test_what_is_no_http_is_told_so_in_a_problem_document(service):
    answer = dialogue(service, b"\x16\x03\x01 hello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def test_a_connection_takes_one_request_after_another_and_pipelined_ones_too(service):
    request = b"GET %b HTTP/1.1\r\nHost: x\r\n%b\r\n"
    requests = (request % (b"/healthz", b"")) * 2 + request % (b"/nope", b"Connection: close\r\n")
    answer = dialogue(service, requests)
    assert [2, 1] == [answer.count(b"HTTP/1.1 200"), answer.count(b"HTTP/1.1 404")]


def test_what_is_left_of_a_refused_body_is_not_taken_for_the_next_head(service):
    place, rest = urlsplit(service.url), 40 * [bytes(32 * 1024)]
    head = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=8) as one:
        one.sendall(head % (PATHS["clay"].encode(), sum(map(len, rest))))
        assert one.recv(65536).startswith(b"HTTP/1.1 413 ")
        for part in rest:
            one.sendall(part)
            time.sleep(0.001)
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP/1.1 200 " in one.recv(65536)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "clay", 405), ("PUT", "c2s", 405), ("POST", "x", 404)])
def test_a_wrong_method_or_path_is_a_problem_document(service, method, path, status):
    answer = service.client.request(method, PATHS.get(path, f"/api/webhooks/{path}"))
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert (status == 405) == ("allow" in answer.headers)


def test_health_readiness_and_figures(service):
    service.send("clay", EVENTS["clay"])
    service.send("clay", EVENTS["clay"], secret="x" * 64)
    assert {"status": "ok"} == service.client.get("/healthz").json() == service.client.get("/readyz").json()
    figures = service.client.get("/metrics").text
    assert 'intake_requests_total{outcome="landed",source="clay"} 1.0' in figures
    assert 'intake_requests_total{outcome="invalid_signature",source="clay"} 1.0' in figures
    assert "intake_landing_seconds_count 1.0" in figures
    counted = "SELECT outcome, requests FROM raw.intake_counts WHERE source = 'clay' ORDER BY outcome"
    end = time.monotonic() + 10
    while len(service.rows(counted)) < 2 and time.monotonic() < end:
        time.sleep(0.1)
    assert [("invalid_signature", 1), ("landed", 1)] == service.rows(counted)


def test_a_service_over_an_older_schema_is_not_ready(service):
    service.rows("UPDATE public.alembic_version SET version_num = '20260101000001' RETURNING 1")
    answer = service.client.get("/readyz")
    assert (503, "Not ready") == (answer.status_code, answer.json()["title"])
    assert 200 == service.client.get("/healthz").status_code


def test_it_answers_503_while_the_database_is_away_and_recovers_by_itself(server, service):
    name = psycopg.conninfo.conninfo_to_dict(service.database)["dbname"]
    assert 200 == service.send("clay", EVENTS["clay"]).status_code
    with connect(with_database(server, "postgres"), autocommit=True) as admin:
        end_backends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        admin.execute(end_backends, [name])
        restarted = service.send("clay", {**EVENTS["clay"], "event_id": "e2"})
        assert 200 == restarted.status_code  # a connection that broke is opened anew, and nobody notices
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute(end_backends, [name])
        away = [service.send("clay", {**EVENTS["clay"], "event_id": "e3"}) for _ in range(3)]
        assert {503} == {answer.status_code for answer in away}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in away)
        assert 503 == service.client.get("/readyz").status_code
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    end, answer = time.monotonic() + 10, away[0]
    while answer.status_code == 503 and time.monotonic() < end:
        time.sleep(0.1)
        answer = service.send("clay", {**EVENTS["clay"], "event_id": "e3"})
    assert 200 == answer.status_code
    assert 3 == service.drops()


def post(headers):
    return b"POST /api/webhooks/clay HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"


def dialogue(service, octets):
    """Everything that a connection answers to these bytes until it is closed."""
    place = urlsplit(service.url)
    with socket.create_connection((place.hostname, place.port), timeout=8) as one:
        one.sendall(octets)
        answer = b""
        while chunk := one.recv(65536):
            answer += chunk
        return answer


def test_the_reference_page_loads_nothing_from_elsewhere(service):
    page = service.client.get("/docs")
    assert 200 == page.status_code
    named = re.findall(r"""(?:href|src)="([^"]+)""", page.text)
    assert named
    assert [] == [link for link in named if not link.startswith("/docs/")]
    assert {200} == {service.client.get(link).status_code for link in named}
