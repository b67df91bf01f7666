"""Each client against the sandbox over real HTTP: the agreed answers, and every fault that it can play."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pandas as pd
import pytest

from lead_pipeline.channels.platforms.http_batches import HttpBatches
from lead_pipeline.domain.intent import STRENGTH_BY_TYPE, score_signals
from lead_pipeline.domain.platforms import DEFAULT_PLATFORM, PLATFORMS, idempotency_key
from lead_pipeline.domain.search import search_params
from lead_pipeline.domain.vendor_rows import companies_to_rows
from lead_pipeline.errors import OutcomeUnknown, RateLimited, VendorRefused, VendorUnavailable
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.sandbox.signals import STRENGTHS
from lead_pipeline.vendors.clay import Clay
from lead_pipeline.vendors.datashopper import DataShopper, SearchPage
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport

pytestmark = pytest.mark.integration

DAY = dt.date(2026, 1, 5)
LEADS = [{"id": "l-1", "company_name": "Example"}, {"id": "l-2", "company_name": None}]
KEY = idempotency_key("tech-platform", "w-1", ["l-1", "l-2"])
BROKEN = [
    {"kind": "error"},
    {"kind": "reset"},
    {"kind": "truncate"},
    {"kind": "lost_answer"},
    {"kind": "latency", "seconds": 0.6},
]
NAMES = [fault["kind"] for fault in BROKEN]


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(as_of=DAY) as server:
        yield server


@pytest.fixture
def sandbox(running: SandboxServer) -> SandboxServer:
    httpx.post(f"{running.url}/admin/reset").raise_for_status()
    return running


@pytest.fixture
def transport() -> Iterator[Transport]:
    with Transport(
        "Sandbox",
        credential="SANDBOX_KEY",
        bucket=TokenBucket(1e6, 1000),
        timeouts=Timeouts(read=0.3),
        patience=Patience(initial=0.01, jitter=0.01),
    ) as opened:
        yield opened


@pytest.fixture
def fault(sandbox: SandboxServer) -> Callable[..., None]:
    def plan(target: str, **spec: Any) -> None:
        httpx.post(f"{sandbox.url}/admin/faults", json={"target": target, **spec}).raise_for_status()

    return plan


@pytest.fixture
def shop(sandbox: SandboxServer, transport: Transport) -> DataShopper:
    return DataShopper(transport, f"{sandbox.url}/datashopper/v1", "sandbox")


@pytest.fixture
def clay(sandbox: SandboxServer, transport: Transport) -> Clay:
    return Clay(transport, f"{sandbox.url}/clay/v1", "sandbox")


@pytest.fixture
def platform(sandbox: SandboxServer, transport: Transport) -> HttpBatches:
    return HttpBatches("tech-platform", f"{sandbox.url}/platforms/tech-platform", "sandbox", transport)


def record(sandbox: SandboxServer) -> dict[str, Any]:
    return httpx.get(f"{sandbox.url}/admin/record").json()


def pages(shop: DataShopper, limit: int = 50) -> list[SearchPage]:
    params = search_params({"topic": "crm"}, limit, DAY)
    found = [shop.search(params, None)]
    while found[-1].next_cursor:
        found.append(shop.search(params, found[-1].next_cursor))
    return found


def test_a_search_is_paged_to_its_limit_and_becomes_rows(shop):
    rows = [row for page in pages(shop) for row in companies_to_rows(page.companies)]

    assert 50 == len(rows)
    assert all(row["company_name"] for row in rows)


def test_both_sides_name_the_signals_alike_and_every_band_occurs(shop):
    rows = [row for page in pages(shop, 100) for row in companies_to_rows(page.companies)]

    assert STRENGTHS == dict(STRENGTH_BY_TYPE)
    assert {"hot", "warm", "cold"} == set(
        score_signals(pd.Series([row["signals"] for row in rows], dtype="str"))["band"]
    )


@pytest.mark.parametrize("broken", BROKEN, ids=NAMES)
def test_a_search_survives_two_faults_and_gives_up_after_three(shop, transport, fault, broken):
    quiet = pages(shop)[0].body
    fault("datashopper", times=2, **broken)

    assert quiet == pages(shop)[0].body
    assert 2 == transport.stats.retries

    fault("datashopper", times=3, **broken)
    with pytest.raises(VendorUnavailable):
        pages(shop)
    assert 1 == transport.stats.failures


def test_a_rate_limit_is_waited_out(shop, transport, fault):
    fault("datashopper", kind="rate_limit", times=2, retry_after=0.05)

    assert 50 == sum(len(page.companies) for page in pages(shop))
    assert 2 == transport.stats.rate_limited


def test_a_rate_limit_that_lasts_is_told(clay, fault):
    fault("clay", kind="rate_limit", retry_after=0.05)

    with pytest.raises(RateLimited) as caught:
        clay.company_contacts("example.com", "Example")
    assert 0.05 == caught.value.retry_after


def test_a_wrong_key_is_refused_at_once(sandbox, transport):
    with pytest.raises(VendorRefused, match="check SANDBOX_KEY"):
        Clay(transport, f"{sandbox.url}/clay/v1", "wrong").verify_email("jane.doe@acme.example.com")
    assert 0 == transport.stats.retries


def test_contacts_are_at_most_five_and_of_the_wanted_kind(clay):
    answers = [clay.company_contacts(f"company{n}.example", "Example") for n in range(30)]
    found = [contact for answer in answers for contact in answer.contacts]

    assert 5 == max(len(answer.contacts) for answer in answers)
    assert {"executive", "director"} == {contact.seniority for contact in found}
    assert (
        {"valid"}
        <= {clay.verify_email(contact.email).status for contact in found}
        <= {
            "valid",
            "invalid",
            "unknown",
        }
    )


@pytest.mark.parametrize("broken", BROKEN, ids=NAMES)
def test_contacts_and_verdicts_survive_two_faults(clay, fault, broken):
    quiet = clay.company_contacts("company1.example", "Example"), clay.verify_email("a@b.example.com")
    fault("clay", times=2, **broken)
    fault("clay-verify", times=2, **broken)

    assert quiet == (
        clay.company_contacts("company1.example", "Example"),
        clay.verify_email("a@b.example.com"),
    )


@pytest.mark.parametrize("name", [*PLATFORMS.values(), DEFAULT_PLATFORM])
def test_every_platform_takes_a_batch_and_remembers_it(sandbox, transport, name):
    platform = HttpBatches(name, f"{sandbox.url}/platforms/{name}", "sandbox", transport)

    assert platform.ask_batch(KEY) is None
    outcome = platform.send_batch(KEY, LEADS)

    assert ("l-1",) == outcome.accepted
    assert [("l-2", "company_name is missing")] == [(no.lead_id, no.reason) for no in outcome.rejected]
    assert outcome == platform.ask_batch(KEY)


@pytest.mark.parametrize("broken", BROKEN, ids=NAMES)
def test_a_batch_is_sent_once_and_settled_by_asking(sandbox, platform, fault, broken):
    fault("tech-platform", times=1, **broken)

    with pytest.raises(OutcomeUnknown):
        platform.send_batch(KEY, LEADS)
    assert 1 == record(sandbox)["requests"]["/platforms/tech-platform/leads/batch"]

    outcome = platform.ask_batch(KEY) or platform.send_batch(KEY, LEADS)
    assert ("l-1",) == outcome.accepted
    assert outcome == platform.ask_batch(KEY)
    assert 1 == record(sandbox)["platforms"]["tech-platform"]["l-1"]["effects"]


def test_a_batch_that_met_a_rate_limit_is_sent_again(sandbox, platform, fault):
    fault("platforms", kind="rate_limit", times=2, retry_after=0.01)

    assert ("l-1",) == platform.send_batch(KEY, LEADS).accepted
    assert 1 == record(sandbox)["platforms"]["tech-platform"]["l-1"]["effects"]


def test_a_key_keeps_its_first_body(platform):
    platform.send_batch(KEY, LEADS)

    with pytest.raises(VendorRefused, match="with another body"):
        platform.send_batch(KEY, LEADS[:1])
