"""Suppliers' leads and admin requests through a real service: every answer there is, and what is stored behind it."""

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from lead_pipeline.service.server import IntakeServer
from lead_pipeline.steps.keys import create_key, revoke_key
from lead_pipeline.store.connections import connect
from lead_pipeline.store.suppliers import save_supplier
from lead_pipeline.store.workspaces import save_query, save_workspace

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INGEST = "/api/leads/ingest"
LEAD = {
    "campaignId": "camp-1",
    "categoryId": "life",
    "state": "CA",
    "quality": "HOT",
    "data": {
        "firstName": "John",
        "lastName": "Doe",
        "email": "john@doe.example",
        "phone": "+1234567890",
        "age": 35,
        "coverage": "100000",
    },
}


@dataclass
class Front:
    """A running service, its store, and the key of a supplier of workspace `acme`. `now` is the service's time."""

    database: object
    url: str = ""
    key: str = ""
    now: datetime = NOON

    def make_key(self, scope="ingest", supplier="Leads Ltd", workspace="acme"):
        named = supplier if scope == "ingest" else None
        with self.database.connect() as conn:
            return create_key(conn, workspace=workspace, name="t", scopes=[scope], supplier=named, now=NOON)

    def send(self, lead=LEAD, *, key=None, event=None, url=None, **changes):
        body = lead if isinstance(lead, bytes) else json.dumps({**lead, **changes}).encode()
        headers = {"X-API-Key": key or self.key} | ({"Idempotency-Key": event} if event else {})
        return httpx.post((url or self.url) + INGEST, content=body, headers=headers, timeout=30)

    def status(self, drop_id, key=None):
        return httpx.get(f"{self.url}{INGEST}/{drop_id}", headers={"X-API-Key": key or self.key}, timeout=30)

    def rows(self, query, *parameters):
        with self.database.connect() as conn:
            return conn.execute(query, parameters).fetchall()


@pytest.fixture
def front(database, tmp_path):
    made = Front(database)
    with database.connect() as conn:
        owner = save_workspace(conn, slug="acme", name="Acme", plan="pro", country="US")
        save_workspace(conn, slug="other", name="Other")
        for name in ("Leads Ltd", "Rival"):
            save_supplier(conn, workspace_id=owner, name=name, categories=["life", "auto"])
    made.key = made.make_key().key
    settings = database.settings(LEAD_PIPELINE_VAR=str(tmp_path), INGEST_PER_MINUTE="60")
    with IntakeServer(settings, database.url, clock=lambda: made.now) as running:
        made.url = running.url
        yield made


def lead_of(number):
    return {**LEAD, "data": {**LEAD["data"], "email": f"p{number}@firm{number}.example"}}


def test_a_lead_is_kept_validated_routed_and_assigned_when_the_answer_comes(front):
    answer = front.send()
    assert 201 == answer.status_code, answer.text
    told = answer.json()
    assert (True, "accepted", "acme") == (told["success"], told["status"], told["assignedTo"])
    assert told["reason"]
    [(lead, email, state, attributes, flags)] = front.rows(
        "SELECT lead_id::text, email, state, attributes, flags FROM core.leads WHERE drop_id = %s", told["dropId"]
    )
    assert (told["leadId"], "john@doe.example", "CA") == (lead, email, state)
    assert {"campaign_id": "camp-1", "category_id": "life", "supplier_quality": "HOT"}.items() <= attributes.items()
    assert ["invalid_phone"] == flags, "a phone that is none is a flag, never a refusal"
    assert json.dumps(LEAD).encode() == bytes(front.rows("SELECT body FROM raw.drops")[0][0])
    status = front.status(told["dropId"]).json()
    assert ("accepted", told["leadId"], "acme", []) == tuple(
        status[name] for name in ("status", "leadId", "assignedTo", "errors")
    )


def test_the_same_lead_again_is_a_duplicate_whoever_sends_it(front):
    first = front.send().json()
    again = front.send()
    assert (200, "duplicate", first["leadId"], first["dropId"]) == (
        again.status_code, *(again.json()[name] for name in ("status", "leadId", "dropId")),
    )  # fmt: skip
    rival = front.send(key=front.make_key(supplier="Rival").key, quality="warm")
    assert (200, "duplicate", first["leadId"], None) == (
        rival.status_code, *(rival.json()[name] for name in ("status", "leadId", "assignedTo")),
    )  # fmt: skip
    assert first["dropId"] != rival.json()["dropId"]
    assert [(1,)] == front.rows("SELECT count(*) FROM core.leads")


def test_a_suppliers_own_name_for_a_lead_holds_for_that_body_and_that_supplier(front):
    first = front.send(event="evt-1")
    assert (201, 200) == (first.status_code, front.send(event="evt-1").status_code)
    other = front.send(lead_of(2), event="evt-1")
    assert (422, "Idempotency-Key") == (other.status_code, other.json()["errors"][0]["field"])
    rival = front.send(lead_of(2), event="evt-1", key=front.make_key(supplier="Rival").key)
    assert 201 == rival.status_code
    assert 422 == front.send(lead_of(3), event="x" * 201).status_code


def test_a_lead_that_validation_refuses_is_kept_and_told_field_by_field_each_time(front):
    bad = {**LEAD, "data": {"firstName": "No", "email": "no-at-sign"}}
    for _ in range(2):
        answer = front.send(bad)
        assert (422, "Lead refused") == (answer.status_code, answer.json()["title"])
        [error] = answer.json()["errors"]
        assert "data.email" == error["field"]
        assert "no-at-sign" in error["message"]
    drop = answer.json()["dropId"]
    assert [(1,)] == front.rows("SELECT count(*) FROM core.quarantined_rows WHERE drop_id = %s", drop)
    status = front.status(drop).json()
    assert ("refused", "waiting", None) == (status["status"], status["repair"], status["leadId"])
    assert "data" == front.send({**LEAD, "data": {"age": 3}}).json()["errors"][0]["field"]


WRONG = {
    "no campaign": ({"campaignId": ""}, "campaignId"),
    "campaign that cannot be stored": ({"campaignId": "a\u0000b"}, "campaignId"),
    "campaign of half a character": ({"campaignId": "\ud800"}, "campaignId"),
    "category that is a number": ({"categoryId": 3}, "categoryId"),
    "state of another country": ({"state": "Bavaria"}, "state"),
    "quality that there is none of": ({"quality": "LUKEWARM"}, "quality"),
    "data that is a list": ({"data": []}, "data"),
    "no data": ({"data": {}}, "data"),
    "data that is nested": ({"data": {"email": "a@b.example", "more": {"x": 1}}}, "data.more"),
    "too many fields": ({"data": {f"f{number}": 1 for number in range(101)}}, "data"),
    "text without end": ({"data": {"email": "x" * 10_001}}, "data.email"),
    "an unknown field": ({"qualty": "HOT"}, "qualty"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_request_that_is_wrong_names_its_field_and_keeps_nothing(front, name):
    changes, field = WRONG[name]
    answer = front.send(**changes)
    assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert [field] == [error["field"] for error in answer.json()["errors"]]
    assert [(0,)] == front.rows("SELECT count(*) FROM raw.drops")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"NaN", b"\xff\xfe", b'{"a":' * 5000, b"3"])
def test_a_body_that_is_no_object_is_unprocessable(front, body):
    answer = front.send(body)
    assert 422 == answer.status_code
    assert answer.json()["errors"]


@pytest.mark.parametrize("changes", [{"quality": "hot"}, {"quality": "Cold"}, {"state": "new york"}, {"state": "D.C."}])
def test_words_are_taken_however_they_are_written(front, changes):
    assert 201 == front.send(**changes).status_code


def test_data_may_hold_any_single_values(front):
    odd = {"email": "odd@values.example", "nothing": None, "yes": True, "sum": 1e300, "text": "a\u0000\ud800é", "": "x"}
    refused = front.send(data=odd)
    assert 422 == refused.status_code, "a name of no characters"
    del odd[""]
    assert 201 == front.send(data=odd).status_code


def test_who_may_not_send_is_told_so_and_nothing_is_kept(front):
    revoked = front.make_key()
    with front.database.connect() as conn:
        revoke_key(conn, revoked.key_id, now=NOON)
    assert [401, 401, 403] == [
        front.send(key=key).status_code for key in ("sk_wrong", revoked.key, front.make_key(scope="upload").key)
    ]
    bearer = httpx.post(front.url + INGEST, headers={"Authorization": f"Bearer {front.key}"}, json=LEAD)
    assert 401 == bearer.status_code
    assert "X-API-Key: sk_" in bearer.json()["detail"]
    category = front.send(categoryId="solar")
    assert 403 == category.status_code
    assert "may send to: auto, life" in category.json()["detail"]
    assert [(0,)] == front.rows("SELECT count(*) FROM raw.drops")


def test_another_suppliers_drop_is_as_unknown_as_none(front):
    drop = front.send().json()["dropId"]
    rival = front.make_key(supplier="Rival").key
    assert [200, 404, 404, 401, 422] == [
        front.status(drop).status_code,
        front.status(drop, rival).status_code,
        front.status(drop + 99).status_code,
        front.status(drop, "sk_no").status_code,
        front.status("x").status_code,
    ]


def test_whoever_sends_too_fast_waits_and_two_services_agree_on_it(front, database, tmp_path):
    settings = database.settings(LEAD_PIPELINE_VAR=str(tmp_path), INGEST_PER_MINUTE="60")
    with IntakeServer(settings, database.url, clock=lambda: front.now) as other:
        answers = [front.send(lead_of(n), url=(front.url, other.url)[n % 2]) for n in range(14)]
        assert [201] * 10 + [429] * 4 == [answer.status_code for answer in answers]
        assert "1" == answers[-1].headers["retry-after"]
        front.now += timedelta(seconds=1)
        assert [201, 429] == [front.send(lead_of(20 + n), url=other.url).status_code for n in range(2)]
        assert 201 == front.send(lead_of(30), key=front.make_key().key).status_code


def test_a_drop_that_another_process_holds_is_kept_and_left_to_it(front):
    body = json.dumps(LEAD).encode()
    first = front.send(body, event="held").json()["dropId"]
    front.rows("UPDATE raw.drops SET stage = 'landed' WHERE drop_id = %s RETURNING 1", first)
    front.rows("DELETE FROM core.leads RETURNING 1")
    with connect(front.database.url) as holder:
        holder.execute("SELECT 1 FROM raw.drops WHERE drop_id = %s FOR UPDATE", [first])
        answer = front.send(body, event="held")
        assert (202, "accepted", None) == (answer.status_code, answer.json()["status"], answer.json()["leadId"])
        assert "pending" == front.status(first).json()["status"]


def test_many_at_once_are_each_decided_once(front):
    keys = [front.make_key().key for _ in range(4)]
    answers = []

    def send(number):
        answers.append(front.send(lead_of(number % 16), key=keys[number % 4], event=f"e{number}"))

    threads = [threading.Thread(target=send, args=[number]) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [200] * 16 + [201] * 16 == sorted(answer.status_code for answer in answers)
    assert [(16, 16)] == front.rows(
        "SELECT (SELECT count(*) FROM core.leads), (SELECT count(*) FROM core.lead_assignments)"
    )


def ask(front, path, body, key, event=None):
    headers = {"Authorization": f"Bearer {key}"} | ({"Idempotency-Key": event} if event else {})
    return httpx.post(f"{front.url}/api/admin/{path}", json=body, headers=headers, timeout=30)


def test_work_on_demand_is_kept_for_the_sensor_once_by_its_name(front):
    with front.database.connect() as conn:
        [(owner,)] = conn.execute("SELECT workspace_id::text FROM core.workspaces WHERE slug = 'acme'").fetchall()
        save_query(conn, owner, "topic", {"topic": "x"})
        [(query,)] = conn.execute("SELECT query_id::text FROM core.queries").fetchall()
    key, lead = front.make_key(scope="admin").key, front.send().json()["leadId"]
    first = ask(front, "trigger-lead-generation", {"query_id": query}, key, "night")
    again = ask(front, "trigger-lead-generation", {"query_id": query}, key, "night")
    second = ask(front, "trigger-enrichment", {"lead_id": lead}, key)
    assert [202] * 3 == [answer.status_code for answer in (first, again, second)]
    assert first.json() == again.json()
    assert {"success": True, "requestId": second.json()["requestId"]} == second.json()
    kept = front.rows(
        "SELECT kind, stage, event_type, convert_from(body, 'UTF8')::jsonb, workspace_id::text FROM raw.drops "
        "WHERE source = 'admin' ORDER BY drop_id"
    )
    assert [
        ("request", "kept", "trigger-lead-generation", {"query_id": query}, owner),
        ("request", "kept", "trigger-enrichment", {"lead_id": lead}, owner),
    ] == kept


def test_work_on_what_is_not_there_or_not_ones_own_is_refused(front):
    key, lead = front.make_key(scope="admin").key, front.send().json()["leadId"]
    theirs = front.make_key(scope="admin", workspace="other").key
    assert 404 == ask(front, "trigger-enrichment", {"lead_id": lead}, theirs).status_code
    assert 404 == ask(front, "trigger-lead-generation", {"query_id": str(uuid4())}, key).status_code
    for body in ({}, {"lead_id": "x"}, {"lead_id": lead, "more": 1}, [], None):
        assert 422 == ask(front, "trigger-enrichment", body, key).status_code
    assert 401 == ask(front, "trigger-enrichment", {"lead_id": lead}, "sk_no").status_code
    assert 403 == ask(front, "trigger-enrichment", {"lead_id": lead}, front.make_key(scope="upload").key).status_code
    assert [(0,)] == front.rows("SELECT count(*) FROM raw.drops WHERE source = 'admin'")
