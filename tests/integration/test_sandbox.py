"""The sandbox as its clients meet it: a real server on a free port."""

import socket
import threading
import time
from datetime import date

import httpx
import pytest

from lead_pipeline.errors import FileRefused, SettingsError
from lead_pipeline.sandbox.server import SandboxServer

pytestmark = pytest.mark.integration

COMPANIES = "/datashopper/v1/companies/search"
CONTACTS = "/clay/v1/contacts/search"
VERIFY = "/clay/v1/emails/verify"
BATCH = "/platforms/tech-platform/leads/batch"
CONTACT_BODY = {"domain": "vulcanmaterials.com", "company_name": None, "limit": 9, "filters": {}}
LEAD = {"id": "lead-1", "company_name": "Acme"}


@pytest.fixture(scope="module")
def running():
    with SandboxServer(as_of=date(2026, 3, 2)) as sandbox:
        yield sandbox


@pytest.fixture
def client(running):
    with httpx.Client(
        base_url=running.url, headers={"Authorization": "Bearer sandbox"}, timeout=5, trust_env=False
    ) as client:
        client.post("/admin/reset").raise_for_status()
        yield client


def fail(client, target, kind, **more):
    answer = client.post("/admin/faults", json={"target": target, "kind": kind, **more})
    assert 201 == answer.status_code
    return answer.json()["id"]


def send(client, key="key-1", leads=(LEAD,), **more):
    return client.post(BATCH, json={"leads": list(leads)}, headers={"Idempotency-Key": key}, **more)


def effects(client, lead="lead-1"):
    return client.get("/admin/record").json()["platforms"]["tech-platform"][lead]


def test_health_needs_no_key(running):
    assert 200 == httpx.get(f"{running.url}/healthz", trust_env=False).status_code


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer other"}, {"Authorization": "sandbox"}])
@pytest.mark.parametrize("path", [COMPANIES, CONTACTS, VERIFY, BATCH])
def test_a_wrong_key_is_refused_before_anything_else(running, header, path):
    answer = httpx.post(running.url + path, content=b"{", headers=header, trust_env=False)
    assert 401 == answer.status_code
    assert ["error"] == list(answer.json())


def test_a_search_is_paged_up_to_its_limit(client):
    body = {"topic": "crm", "location": {"country": "US", "state": None}, "companySize": None}
    body |= {"industry": None, "as_of": None, "limit": 40}
    first = client.post(COMPANIES, json={**body, "cursor": None}).json()
    rest = client.post(COMPANIES, json={**body, "cursor": first["next_cursor"]}).json()
    assert (25, 15) == (len(first["companies"]), len(rest["companies"]))
    assert rest["next_cursor"] is None
    assert {
        "id", "name", "website", "industry", "sector", "phone", "employee_count", "revenue", "location",
        "signals",
    } == set(first["companies"][0])  # fmt: skip
    assert {"crm": 2} == client.get("/admin/record").json()["vendor_calls"]["datashopper"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "ten"},
        {"limit": None},
        {"topic": 3},
        {"companySize": {"min": 5, "max": 1}},
        {"company_size": {"min": 5}},
        {"industry": "Software"},
        {"as_of": "yesterday"},
        {"as_of": "2026-02-30"},
        {"cursor": "made-up"},
    ],
)
def test_a_search_that_is_not_what_was_agreed_is_refused(client, wrong):
    answer = client.post(COMPANIES, json={"limit": 10, **wrong})
    assert 422 == answer.status_code
    assert ["error"] == list(answer.json())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"limit": 1, "topic": "\\ud800"}'])
def test_a_body_that_is_no_json_object_is_refused(client, body):
    answer = client.post(COMPANIES, content=body, headers={"Content-Type": "application/json"})
    assert 422 == answer.status_code


def test_contacts_are_filtered_and_counted_by_domain(client):
    everybody = client.post(CONTACTS, json=CONTACT_BODY).json()["contacts"]
    filters = {"job_titles": ["CEO", "CTO", "VP", "Director"], "seniority_levels": ["executive", "director"]}
    leaders = client.post(CONTACTS, json={**CONTACT_BODY, "filters": filters, "limit": 5}).json()["contacts"]
    assert all(one in everybody and one["seniority"] in filters["seniority_levels"] for one in leaders)
    record = client.get("/admin/record").json()
    assert {"vulcanmaterials.com": 2} == record["vendor_calls"]["clay"]
    assert 2 == record["requests"][CONTACTS]


def test_an_address_gets_one_verdict(client):
    first, second = (client.post(VERIFY, json={"email": "jane@acme.example.com"}).json() for _ in range(2))
    assert first == second
    assert first["status"] in {"valid", "invalid", "unknown"}


def test_a_batch_is_committed_once_however_often_it_is_sent(client):
    first, second = send(client), send(client)
    assert (200, 200) == (first.status_code, second.status_code)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert "true" == second.headers["Idempotent-Replayed"]
    assert {"effects": 1, "requests": 2} == effects(client)
    assert {"leads": ["lead-1"]} == client.get("/platforms/tech-platform/leads").json()


def test_a_batch_can_be_asked_for_by_its_key(client):
    assert 404 == client.get("/platforms/tech-platform/batches/a%2Fb").status_code
    first = send(client, key="a/b")
    assert first.json() == client.get("/platforms/tech-platform/batches/a%2Fb").json()
    assert 404 == client.get("/platforms/finance-platform/batches/a%2Fb").status_code


def test_refused_batches_have_no_effect(client):
    assert 400 == client.post(BATCH, json={"leads": [LEAD]}).status_code
    assert 422 == send(client, leads=[]).status_code
    assert 422 == send(client, leads=[LEAD] * 201).status_code
    assert 422 == send(client, leads=[{"company_name": "Acme"}]).status_code
    assert 404 == client.post("/platforms/other/leads/batch", json={"leads": [LEAD]}).status_code
    send(client)
    assert 409 == send(client, leads=[{**LEAD, "company_name": "Other"}]).status_code
    assert 1 == effects(client)["effects"]


def test_a_reset_is_a_real_one_and_the_next_call_works(client, running):
    fail(client, "clay", "reset", times=1)
    host, port = running.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(f"POST {CONTACTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sandbox\r\n\r\n".encode("ascii"))
        with pytest.raises(ConnectionResetError):
            raw.recv(1)
    assert 200 == client.post(CONTACTS, json=CONTACT_BODY).status_code


def test_a_client_sees_a_reset_as_a_read_error(client):
    fail(client, "datashopper", "reset", times=1)
    with pytest.raises(httpx.ReadError):
        client.post(COMPANIES, json={"limit": 1})


def test_a_truncated_answer_breaks_off_in_its_body(client):
    fail(client, "clay", "truncate", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        client.post(CONTACTS, json=CONTACT_BODY)
    assert 200 == client.post(CONTACTS, json=CONTACT_BODY).status_code


def test_a_lost_answer_has_had_its_effect(client):
    fail(client, "tech-platform", "lost_answer")
    with pytest.raises(httpx.ReadError):
        send(client)
    stored = client.get("/platforms/tech-platform/batches/key-1")
    assert ["lead-1"] == stored.json()["accepted"]
    client.delete("/admin/faults")
    assert "true" == send(client).headers["Idempotent-Replayed"]
    assert {"effects": 1, "requests": 2} == effects(client)


def test_a_reset_before_the_effect_has_none(client):
    fail(client, "platforms", "reset", times=1)
    with pytest.raises(httpx.ReadError):
        send(client)
    assert 404 == client.get("/platforms/tech-platform/batches/key-1").status_code


def test_text_that_no_answer_could_repeat_is_refused(client):
    for path, body in ((CONTACTS, b'{"domain": "\\ud800", "limit": 1}'), (VERIFY, b'{"email": "\\ud800"}')):
        assert 422 == client.post(path, content=body, headers={"Content-Type": "application/json"}).status_code
    assert 200 == client.get("/admin/record").status_code


def test_patience_is_asked_for_in_seconds(client):
    fail(client, "clay-verify", "rate_limit", times=1, retry_after=2)
    fail(client, "clay-verify", "rate_limit", times=1, retry_after=0.25)
    answers = [client.post(VERIFY, json={"email": "a@b.example.com"}) for _ in range(3)]
    assert [429, 429, 200] == [answer.status_code for answer in answers]
    assert ["2", "0.25"] == [answer.headers["Retry-After"] for answer in answers[:2]]


def test_every_second_call_fails_and_the_others_do_not(client):
    identity = fail(client, "*", "error", every=2)
    assert [200, 500, 200, 500] == [client.post(CONTACTS, json=CONTACT_BODY).status_code for _ in range(4)]
    assert [identity] == [fault["id"] for fault in client.get("/admin/faults").json()["faults"]]
    client.delete("/admin/faults")
    assert [] == client.get("/admin/faults").json()["faults"]
    assert 200 == client.post(CONTACTS, json=CONTACT_BODY).status_code


def test_a_slow_call_takes_effect_even_when_the_client_has_left(client):
    fail(client, "platforms", "latency", times=1, seconds=0.4)
    with pytest.raises(httpx.ReadTimeout):
        send(client, timeout=0.1)
    end = time.monotonic() + 5
    while client.get("/platforms/tech-platform/batches/key-1").status_code == 404:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert 1 == effects(client)["effects"]


def test_a_slow_call_of_before_a_fresh_start_has_no_effect_after_it(client):
    fail(client, "platforms", "latency", times=1, seconds=0.3)
    with pytest.raises(httpx.ReadTimeout):
        send(client, timeout=0.1)
    client.post("/admin/reset").raise_for_status()
    time.sleep(0.5)
    assert {} == client.get("/admin/record").json()["platforms"]


def test_a_latency_holds_up_nobody_else(client, running):
    fail(client, "clay", "latency", times=1, seconds=1)
    slow = threading.Thread(target=client.post, args=(CONTACTS,), kwargs={"json": CONTACT_BODY})
    slow.start()
    start = time.monotonic()
    httpx.get(f"{running.url}/healthz", trust_env=False)
    assert time.monotonic() - start < 0.5
    slow.join()


@pytest.mark.parametrize("wrong", [{"kind": "explode"}, {"times": 0}, {"probability": 2}, {"sometimes": 1}])
def test_a_fault_that_makes_no_sense_is_refused(client, wrong):
    assert 422 == client.post("/admin/faults", json={"target": "clay", "kind": "error", **wrong}).status_code


def test_a_stopped_server_frees_its_port_even_in_the_middle_of_a_latency(client):
    with SandboxServer() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with httpx.Client(base_url=sandbox.url, headers=client.headers, trust_env=False) as other:
            fail(other, "clay", "latency", seconds=600)
            with pytest.raises(httpx.ReadTimeout):
                other.post(CONTACTS, json=CONTACT_BODY, timeout=0.1)
            start = time.monotonic()
            sandbox.stop()
            assert time.monotonic() - start < 3
    with SandboxServer(port=port) as again:
        assert again.url == sandbox.url


def test_a_port_in_use_is_a_settings_error_that_says_what_to_do(running):
    port = int(running.url.rpartition(":")[2])
    with pytest.raises(SettingsError, match="choose another"), SandboxServer(port=port):
        pass


def test_companies_that_cannot_be_read_stop_the_start_and_free_the_port(tmp_path):
    with pytest.raises(FileRefused), SandboxServer(companies_path=tmp_path / "nowhere.csv"):
        pass


def test_the_real_list_is_loaded_and_searched_in_time(real_data, client):
    start = time.perf_counter()
    with SandboxServer(companies_path=real_data / "companies.csv") as sandbox:
        assert time.perf_counter() - start < 2
        with httpx.Client(base_url=sandbox.url, headers=client.headers, trust_env=False) as real:
            taken = []
            for topic in ("crm", "erp", "payroll", "cloud", "fleet"):
                start = time.perf_counter()
                real.post(COMPANIES, json={"limit": 50, "topic": topic, "location": {"country": "US"}})
                taken.append(time.perf_counter() - start)
            assert sorted(taken)[2] < 0.06
