"""Mail domains of a day's leads: who is asked about, what is kept, and what silence leaves. The resolver is a fake."""

import datetime as dt
import threading
from typing import Any

import pytest

from lead_pipeline.errors import VendorUnavailable
from lead_pipeline.orchestration.assets.mail_domains import OFF
from lead_pipeline.steps.check_mail_domains import MailCheck, check_mail_domains
from lead_pipeline.steps.run import Run
from lead_pipeline.vendors import mail_dns
from tests.integration.test_replay import HEADER, load_file

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
ADDRESSES = [
    "ada@acme.com",
    "bob@acme.com",
    "cy@null.example",
    "dee@web.example",
    "eve@gone.example",
    "fay@slow.example",
]


class Network:
    """Records by domain: MX hosts and whether there is an address; a domain of `silent` answers nothing."""

    def __init__(self, silent: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        self.records = {
            "acme.com": (("mx.acme.com.",), True),
            "null.example": ((".",), True),
            "web.example": ((), True),
        }
        self.silent, self.asked, self._lock = set(silent), [], threading.Lock()

    def exchangers(self, domain: str) -> tuple[str, ...]:
        with self._lock:
            self.asked.append(domain)
        if domain in self.silent:
            raise VendorUnavailable("silence")
        return self.records.get(domain, ((), False))[0]

    def has_address(self, domain: str) -> bool:
        return self.records.get(domain, ((), False))[1]


@pytest.fixture
def day(world: Any) -> dt.date:
    rows = "".join(f"Person {number},{address},,,,,\n" for number, address in enumerate(ADDRESSES))
    load_file(world, f"{HEADER}{rows}Company,,,Acme Ltd,,,\n", "mail.csv")
    return world.one("SELECT DISTINCT day FROM core.leads")


def check(
    world: Any, network: Network, day: dt.date, *, after: dt.timedelta = dt.timedelta(), **more: Any
) -> MailCheck:
    return check_mail_domains(world.url, network, day, Run("check", lambda: NOW + after), concurrency=4, **more)


def kept(world: Any) -> dict[str, bool]:
    return dict(world.rows("SELECT domain, accepts_mail FROM core.mail_domains"))


def test_each_domain_is_asked_about_once_and_silence_is_kept_by_nobody(world: Any, day: dt.date) -> None:
    network = Network(silent={"slow.example"})
    assert MailCheck(accepting=2, refusing=2, unknown=1) == check(world, network, day)
    assert sorted({address.split("@")[1] for address in ADDRESSES}) == sorted(network.asked)
    assert {"acme.com": True, "gone.example": False, "null.example": False, "web.example": True} == kept(world)


def test_for_thirty_days_only_those_are_asked_about_who_were_silent(world: Any, day: dt.date) -> None:
    check(world, Network(silent={"slow.example"}), day)
    again = Network()
    assert MailCheck(refusing=1) == check(world, again, day, after=dt.timedelta(days=29))
    assert ["slow.example"] == again.asked


def test_after_thirty_days_the_answer_may_be_another(world: Any, day: dt.date) -> None:
    check(world, Network(), day)
    later = Network(silent={"acme.com"})
    later.records["gone.example"] = (("mx.gone.example.",), False)
    check(world, later, day, after=dt.timedelta(days=30, seconds=1))
    assert kept(world)["gone.example"], "the new answer counts"
    assert kept(world)["acme.com"], "silence leaves the old one"


def test_a_lot_of_nothing_but_silence_ends_the_run(world: Any, day: dt.date) -> None:
    everybody = {address.split("@")[1] for address in ADDRESSES}
    network = Network(silent=everybody)
    assert MailCheck(unknown=2, left=3) == check(world, network, day, at_once=2)
    assert 2 == len(network.asked)


def test_another_day_has_nothing_to_ask(world: Any, day: dt.date) -> None:
    assert MailCheck() == check(world, Network(), day + dt.timedelta(days=1))


def test_the_asset_asks_nobody_while_the_check_is_off(world: Any, dagster: Any, day: dt.date) -> None:
    result = world.run_job(dagster, name="mail_domain_check", day=day)
    assert result.success
    [event] = result.get_asset_materialization_events()
    assert OFF == event.materialization.metadata["mx_check"].value
    assert {} == kept(world)


def test_the_asset_asks_dns_where_the_check_is_on(
    world: Any, dagster: Any, day: dt.date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MX_CHECK", "true")
    monkeypatch.setattr(mail_dns, "DnsMailResolver", Network)
    result = world.run_job(dagster, name="mail_domain_check", day=day)
    assert result.success
    [event] = result.get_asset_materialization_events()
    assert (2, 3) == tuple(event.materialization.metadata[name].value for name in ("accepting", "refusing"))
    assert 5 == len(kept(world))
