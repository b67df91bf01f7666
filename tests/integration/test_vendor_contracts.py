"""The clients of persons, imports and the CRM against the sandbox over real HTTP: answers, refusals, every fault."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from lead_pipeline.errors import OutcomeUnknown, RateLimited, VendorRefused, VendorUnavailable
from lead_pipeline.sandbox import call_limit
from lead_pipeline.sandbox.brazil import KNOWN, brazilian
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.vendors.audience_labs import AudienceLabs
from lead_pipeline.vendors.clay import Clay
from lead_pipeline.vendors.contact2sale import Contact2Sale, CrmMessage
from lead_pipeline.vendors.diretrix import Diretrix
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport
from lead_pipeline.vendors.work_api import WorkApi

pytestmark = pytest.mark.integration

DAY = dt.date(2026, 3, 2)
SEED = 7
READ_SECONDS = 1.0
"""A page of a hundred leads takes a busy machine a third of a second."""
ANA, BEA, STRANGER = brazilian(SEED, 1), brazilian(SEED, 2), brazilian(SEED, KNOWN)
BROKEN = [
    {"kind": "error"},
    {"kind": "reset"},
    {"kind": "truncate"},
    {"kind": "lost_answer"},
    {"kind": "latency", "seconds": READ_SECONDS * 1.5},
]
NAMES = [fault["kind"] for fault in BROKEN]
UNPACED = Patience(initial=0.01, jitter=0.01)


def transport_with(patience: Patience = UNPACED) -> Transport:
    fast = TokenBucket(1e6, 1000)
    return Transport(
        "Sandbox", credential="SANDBOX_KEY", bucket=fast, timeouts=Timeouts(read=READ_SECONDS), patience=patience
    )


class Clients:
    """Every client of a sandbox, over one transport."""

    def __init__(self, url: str, transport: Transport, key: str = "sandbox") -> None:
        self.url, self.transport = url, transport
        self.diretrix = Diretrix(transport, f"{url}/diretrix/v1", key)
        self.work_api = WorkApi(transport, f"{url}/work-api/v1", key)
        self.labs = AudienceLabs(transport, f"{url}/audience-labs/v1", key)
        self.crm = Contact2Sale(transport, f"{url}/c2s/v1", key)
        self.clay = Clay(transport, f"{url}/clay/v1", key)

    def record(self) -> dict[str, Any]:
        return httpx.get(f"{self.url}/admin/record").json()

    def fault(self, target: str, **spec: Any) -> None:
        httpx.post(f"{self.url}/admin/faults", json={"target": target, **spec}).raise_for_status()


QUESTIONS: dict[str, Callable[[Clients], Any]] = {
    "diretrix": lambda clients: clients.diretrix.cpf_by_phone(ANA.phones[0]),
    "work-api": lambda clients: clients.work_api.person(ANA.cpf),
    "audience-labs": lambda clients: clients.labs.leads("imp-20260302-1", None),
    "c2s": lambda clients: clients.crm.unsubscribe("on_close_lead"),
    "clay-async": lambda clients: clients.clay.request_enrichment("lead-1", "acme.example", "Acme"),
}


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(seed=SEED, today=lambda: DAY, c2s_per_minute=None) as server:
        yield server


@pytest.fixture
def clients(running: SandboxServer) -> Iterator[Clients]:
    httpx.post(f"{running.url}/admin/reset").raise_for_status()
    with transport_with() as transport:
        yield Clients(running.url, transport)


def test_a_persons_phones_and_addresses_lead_to_their_cpf_and_it_to_the_person(clients):
    answers = [*map(clients.diretrix.cpf_by_phone, ANA.phones), *map(clients.diretrix.cpf_by_email, ANA.emails)]
    person = clients.work_api.person(ANA.cpf).person

    assert {ANA.cpf} == {answer.cpf for answer in answers}
    assert (ANA.cpf, ANA.name, (ANA.city,)) == (person.cpf, person.name, person.cities)
    assert (ANA.emails, ANA.phones, ANA.birth_date) == (person.emails, person.phones, person.birth_date)
    assert {"diretrix", "work-api"} == set(clients.record()["vendor_calls"])


def test_a_phone_of_one_and_the_address_of_another_lead_to_two_cpfs(clients):
    assert ANA.cpf == clients.diretrix.cpf_by_phone(ANA.phones[0]).cpf
    assert BEA.cpf == clients.diretrix.cpf_by_email(f" {BEA.emails[0].upper()}").cpf


def test_strangers_are_nobody(clients):
    assert clients.diretrix.cpf_by_phone(STRANGER.phones[0]).cpf is None
    assert clients.diretrix.cpf_by_email(STRANGER.emails[0]).cpf is None
    assert clients.work_api.person(STRANGER.cpf).person is None


def test_a_junk_question_is_refused_and_not_quoted(clients):
    for ask in (lambda: clients.diretrix.cpf_by_phone("0800 nobody"), lambda: clients.diretrix.cpf_by_email("x")):
        with pytest.raises(VendorRefused, match="answered 422") as caught:
            ask()
        assert "nobody" not in str(caught.value)


@pytest.mark.parametrize("target", QUESTIONS)
def test_a_wrong_key_is_refused_at_once(clients, target):
    with pytest.raises(VendorRefused, match="check SANDBOX_KEY"):
        QUESTIONS[target](Clients(clients.url, clients.transport, "wrong"))
    assert 0 == clients.transport.stats.retries


def test_diretrix_takes_no_bearer_key_and_the_others_no_password(clients):
    paths = {"/diretrix/v1/cpf/by-phone": "Basic", "/work-api/v1/persons": "Bearer", "/c2s/v1/subscribe": "Bearer"}
    for path, scheme in paths.items():
        auth = (
            {"auth": ("sandbox", "sandbox")} if scheme == "Bearer" else {"headers": {"Authorization": "Bearer sandbox"}}
        )
        answer = httpx.post(clients.url + path, json={}, **auth)
        assert (401, scheme) == (answer.status_code, answer.headers["WWW-Authenticate"])


@pytest.mark.parametrize(
    ("target", "broken"),
    [
        pytest.param(target, broken, id=f"{target}-{broken['kind']}")
        for target in QUESTIONS
        for broken in BROKEN
        # Only a POST can lose its answer.
        if (target, broken["kind"]) != ("audience-labs", "lost_answer")
    ],
)
def test_a_question_survives_two_faults(clients, target, broken):
    quiet = QUESTIONS[target](clients)
    clients.fault(target, times=2, **broken)

    assert quiet == QUESTIONS[target](clients)
    assert 2 == clients.transport.stats.retries


@pytest.mark.parametrize("target", [target for target in QUESTIONS if target != "clay-async"])
def test_nonsense_is_no_answer_and_is_not_asked_for_again(clients, target):
    clients.fault(target, times=1, kind="nonsense")
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed"):
        QUESTIONS[target](clients)
    assert 0 == clients.transport.stats.retries


@pytest.mark.parametrize("target", QUESTIONS)
def test_a_question_gives_up_after_three_faults_and_a_rate_limit_is_told(clients, target):
    clients.fault(target, times=3, kind="error")
    with pytest.raises(VendorUnavailable):
        QUESTIONS[target](clients)

    clients.fault(target, times=3, kind="rate_limit", retry_after=0.05)
    with pytest.raises(RateLimited) as caught:
        QUESTIONS[target](clients)
    assert 0.05 == caught.value.retry_after


def test_the_imports_of_a_day_are_listed_and_paged_to_the_end(clients):
    done, under_way = clients.labs.imports(DAY).imports
    first = clients.labs.leads(done.import_id, None)
    rest = clients.labs.leads(done.import_id, first.next_cursor)

    assert ("completed", "running", None) == (done.status, under_way.status, under_way.leads)
    assert (100, done.leads - 100, None) == (len(first.leads), len(rest.leads), rest.next_cursor)
    assert [] == clients.labs.imports(DAY + dt.timedelta(days=1)).imports
    assert {"2026-03-02": 1, "2026-03-03": 1, done.import_id: 2} == clients.record()["vendor_calls"]["audience-labs"]


@pytest.mark.parametrize(
    ("import_id", "cursor", "status"),
    [("imp-20260302-1", "made-up", 422), ("imp-20260302-2", None, 409), ("imp-1", None, 404), ("a/b", None, 404)],
)
def test_what_an_import_cannot_answer_is_refused(clients, import_id, cursor, status):
    with pytest.raises(VendorRefused) as caught:
        clients.labs.leads(import_id, cursor)
    assert status == caught.value.status


@pytest.mark.parametrize("query", ["", "created_on=2026-02-30", "created_on=today"])
def test_a_day_that_is_none_is_refused(clients, query):
    bearer = {"Authorization": "Bearer sandbox"}
    assert 422 == httpx.get(f"{clients.url}/audience-labs/v1/imports?{query}", headers=bearer).status_code


def test_hooks_are_subscribed_and_unsubscribed_one_action_at_a_time(clients):
    def actions() -> list[str]:
        bearer = {"Authorization": "Bearer sandbox"}
        listed = httpx.get(f"{clients.url}/c2s/v1/subscriptions", headers=bearer)
        assert "a-secret" not in listed.text
        return [hook["hook_action"] for hook in listed.json()["subscriptions"]]

    both = ("on_create_lead", "on_update_lead")
    said = clients.crm.subscribe("https://hooks.example/c2s", both, {"X-Webhook-Token": "a-secret"})
    assert "Subscribed successfully" == said
    assert [*both] == actions()

    clients.crm.unsubscribe("on_create_lead")
    assert ["on_update_lead"] == actions()
    with pytest.raises(VendorRefused, match="answered 422"):
        clients.crm.unsubscribe("on_whatever")


def test_a_message_is_found_on_its_lead_and_a_double_send_shows(clients):
    assert () == clients.crm.lead("77").messages
    clients.crm.send_message("77", "CPF found", "ref-1")
    assert (CrmMessage("CPF found", "ref-1"),) == clients.crm.lead("77").messages

    clients.crm.send_message("77", "CPF found", "ref-1")
    messages = clients.record()["crm_messages"]
    assert {"77": [{"external_id": "ref-1", "message": "CPF found", "times": 2}]} == messages


@pytest.mark.parametrize("broken", [*BROKEN, {"kind": "nonsense"}], ids=[*NAMES, "nonsense"])
def test_a_message_of_unknown_outcome_is_settled_by_asking_for_the_lead(clients, broken):
    clients.fault("c2s", times=1, **broken)

    with pytest.raises(OutcomeUnknown):
        clients.crm.send_message("77", "CPF found", "ref-1")
    assert 1 == clients.record()["requests"]["/c2s/v1/leads/77/messages"]
    if broken["kind"] == "latency":
        # What was slow may still be done: it is asked for after the longest that it can take.
        end = time.monotonic() + 10
        while not clients.record()["crm_messages"]:
            assert time.monotonic() < end
            time.sleep(0.02)
    was_sent = "ref-1" in {message.reference for message in clients.crm.lead("77").messages}
    assert was_sent == (broken["kind"] in ("truncate", "lost_answer", "latency", "nonsense"))
    if not was_sent:
        clients.crm.send_message("77", "CPF found", "ref-1")
    assert [1] == [message["times"] for message in clients.record()["crm_messages"]["77"]]


def test_ten_calls_a_minute_pass_and_the_eleventh_is_told_to_wait(running):
    with SandboxServer(seed=SEED) as strict, transport_with(Patience(attempts=1)) as transport:
        crm = Contact2Sale(transport, f"{strict.url}/c2s/v1", "sandbox")
        for _ in range(10):
            crm.lead("77")
        with pytest.raises(RateLimited) as caught:
            crm.send_message("77", "text", "ref-1")
        assert 50 < caught.value.retry_after <= 60
        httpx.post(f"{strict.url}/admin/reset").raise_for_status()
        assert () == crm.lead("77").messages


def test_a_transport_without_a_pace_of_its_own_comes_back_when_it_was_told_to(monkeypatch):
    monkeypatch.setattr(call_limit, "MINUTE", call_limit.SECOND)
    with SandboxServer(seed=SEED, c2s_per_minute=3) as strict, transport_with() as transport:
        crm = Contact2Sale(transport, f"{strict.url}/c2s/v1", "sandbox")
        for place in range(4):
            crm.send_message("77", "text", f"ref-{place}")

        assert 4 == len(httpx.get(f"{strict.url}/admin/record").json()["crm_messages"]["77"])
    assert 1 <= transport.stats.rate_limited
