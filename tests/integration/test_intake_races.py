"""The same event more than once: at the same moment at two services, replayed, dated anew, written anew.

LEAD_PIPELINE_PAIRS says how many pairs are sent (500), over four processes on one database.
"""

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from itertools import combinations, cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.service.context import utc_now
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from tests.integration.intake_children import (
    WEBHOOKS,
    Child,
    add_workspace,
    assert_stored_once,
    children,
    event_body,
    signed,
)

PAIRS = int(os.environ.get("LEAD_PIPELINE_PAIRS", "500"))
PROCESSES, AT_ONCE = 4, 25
pytestmark = pytest.mark.integration


class Wire:
    """One keep-alive connection whose requests are sent at one moment and whose answers are read at another."""

    def __init__(self, place: tuple[str, int]) -> None:
        self._place = place
        self._socket = socket.create_connection(place, timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, body: bytes) -> None:
        headers = {"Host": "{}:{}".format(*self._place), "Content-Length": str(len(body))} | signed(body)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"POST {WEBHOOKS['datashopper']} HTTP/1.1\r\n{head}\r\n".encode() + body)

    def read(self) -> tuple[int, dict[str, Any]]:
        answer = http.client.HTTPResponse(self._socket)
        answer.begin()
        return answer.status, json.loads(answer.read())

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def services(database: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[Child]]:
    """Two processes, or as many as the test's parameter says."""
    add_workspace(database.url)
    with children(database.url, tmp_path, getattr(request, "param", 2)) as running:
        yield running
        assert [] == [line for service in running for line in service.defects()]


@pytest.mark.slow
@pytest.mark.parametrize("services", [PROCESSES], indirect=True)
def test_pairs_of_one_event_at_two_services_at_once_make_one_drop_and_one_lead_each(
    database: Any, services: list[Child]
) -> None:
    wires = [[Wire(service.place) for _ in range(AT_ONCE)] for service in services]
    names = [f"pair-{number}" for number in range(PAIRS)]
    drops: dict[str, int] = {}
    turns = cycle((left, right, is_turned) for left, right in combinations(range(PROCESSES), 2) for is_turned in (0, 1))
    for begin in range(0, PAIRS, AT_ONCE):
        left, right, is_turned = next(turns)
        drops |= send_pairs(names[begin : begin + AT_ONCE], wires[left], wires[right], is_turned=bool(is_turned))
    for wire in (wire for of_one in wires for wire in of_one):
        wire.close()
    assert PAIRS == len(set(drops.values()))
    assert_stored_once(database.url, drops)
    assert decide_in_two_threads(database.url) == Accounting(accepted=PAIRS)
    with connect(database.url) as conn:
        one = conn.execute(
            "SELECT (SELECT count(*) FROM raw.drops), (SELECT count(*) FROM core.leads), "
            "(SELECT count(DISTINCT drop_id) FROM core.leads), (SELECT count(*) FROM core.quarantined_rows), "
            "(SELECT deadlocks FROM pg_stat_database WHERE datname = current_database())"
        ).fetchone()
    assert (PAIRS, PAIRS, PAIRS, 0, 0) == one


def send_pairs(names: list[str], left: list[Wire], right: list[Wire], *, is_turned: bool) -> dict[str, int]:
    """Send each event over one wire of each side; turned round, the right side gets the last one first.

    Both answers are 2xx and name one drop, and one of the two says that it is new. Returns the drops by event.
    """
    order = list(range(len(names)))
    for first, second in zip(order, order[:: -1 if is_turned else 1], strict=True):
        left[first].send(event_body(names[first]))
        right[second].send(event_body(names[second]))
    drops: dict[str, int] = {}
    for number, name in enumerate(names):
        answers = [left[number].read(), right[number].read()]
        assert [200, 200] == [status for status, _ in answers], answers
        assert ["accepted", "duplicate"] == sorted(body["status"] for _, body in answers)
        [drops[name]] = {body["drop_id"] for _, body in answers}
    return drops


def decide_in_two_threads(url: str) -> Accounting:
    """Decide everything that landed, twice at the same moment. Returns both together."""
    with connect(url) as conn:
        days = [day for (day,) in conn.execute("SELECT DISTINCT day FROM raw.drops ORDER BY 1")]
    done: list[Accounting] = []
    start = threading.Barrier(2)

    def decide(number: int) -> None:
        start.wait()
        done.extend(decide_pending_events(url, day, Run(f"race-{number}", utc_now)) for day in days)

    threads = [threading.Thread(target=decide, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 2 * len(days) == len(done)
    return sum(done, Accounting())


@pytest.mark.parametrize("source", ["datashopper", "clay"])
def test_a_webhook_may_be_almost_five_minutes_old_or_early_and_no_more(
    database: Any, services: list[Child], source: str
) -> None:
    answers = {
        away: post(services[0], source, json.dumps({"event_type": "test", "event_id": f"at{away}"}).encode(), away=away)
        for away in (-301, -299, 299, 301)
    }
    assert {-301: 401, -299: 200, 299: 200, 301: 401} == {away: answer.status_code for away, answer in answers.items()}
    assert {"Invalid signature"} == {answers[away].json()["title"] for away in (-301, 301)}


def test_audience_labs_is_dated_by_its_body_and_a_date_that_was_changed_is_no_longer_signed(
    database: Any, services: list[Child]
) -> None:
    def dated(away: float) -> bytes:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + away))
        return json.dumps({"event_type": "test", "timestamp": moment, "event_id": f"at{away}"}).encode()

    answers = [post(services[0], "audience-labs", dated(away)).status_code for away in (-302, -298, 298, 302)]
    assert [401, 200, 200, 401] == answers
    headers = signed(dated(-400), source="audience-labs")
    assert 401 == send(services[0], "audience-labs", dated(0), headers).status_code


def test_a_replay_is_the_same_drop_on_every_process_whatever_it_is_dated(database: Any, services: list[Child]) -> None:
    body = event_body("replayed")
    first = post(services[0], "datashopper", body)
    again = [post(service, "datashopper", body, away=away) for service in services for away in (-200, 0, 200)]
    assert "accepted" == first.json()["status"]
    assert {(200, "duplicate", first.json()["drop_id"])} == {
        (answer.status_code, answer.json()["status"], answer.json()["drop_id"]) for answer in again
    }
    assert_stored_once(database.url, {"replayed": first.json()["drop_id"]})


def test_a_body_written_anew_needs_its_own_signature_and_then_is_the_event_that_it_names(
    database: Any, services: list[Child]
) -> None:
    body = event_body("rewritten")
    anew = json.dumps(json.loads(body), indent=1, sort_keys=True).encode()
    assert body != anew
    first = post(services[0], "datashopper", body).json()
    assert 401 == send(services[1], "datashopper", anew, signed(body)).status_code
    assert 401 == send(services[1], "datashopper", body + b"\n", signed(body)).status_code
    second = send(services[1], "datashopper", anew, signed(anew))
    assert (200, "duplicate", first["drop_id"]) == (
        second.status_code, second.json()["status"], second.json()["drop_id"],
    )  # fmt: skip
    assert_stored_once(database.url, {"rewritten": first["drop_id"]})


def test_a_signature_of_one_source_opens_no_other(database: Any, services: list[Child]) -> None:
    body = event_body("elsewhere")
    headers = signed(body, source="clay")
    renamed = {name.replace("clay", "datashopper"): value for name, value in headers.items()}
    assert [401, 401, 401] == [
        send(services[0], source, body, sent).status_code
        for source, sent in (("datashopper", headers), ("datashopper", renamed), ("c2s", headers))
    ]


def post(service: Child, source: str, body: bytes, *, away: float = 0) -> httpx.Response:
    """Send a body that was signed so many seconds from now."""
    return send(service, source, body, signed(body, source=source, at=time.time() + away))


def send(service: Child, source: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(service.url + WEBHOOKS[source], content=body, headers=headers, timeout=30)
