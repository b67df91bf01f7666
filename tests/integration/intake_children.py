"""The intake service in processes of its own, and who sends to it: what the campaigns against the service share.

`Children` are real `lead-pipeline intake` processes on free ports. `Load` are threads that post signed webhooks over
keep-alive connections and write down every answer. No test is here.
"""

import hashlib
import hmac
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from lead_pipeline.domain.signatures import sign_webhook
from lead_pipeline.store.connections import connect
from lead_pipeline.store.workspaces import save_workspace

WORKSPACE = "acme"
SECRETS = {
    source: hashlib.sha256(source.encode()).hexdigest() for source in ("datashopper", "clay", "audience-labs", "c2s")
}
STRIPE_SECRET = "whsec_of_the_tests"
WEBHOOKS = {
    "datashopper": "/api/webhooks/datashopper",
    "clay": "/api/webhooks/clay",
    "audience-labs": "/api/webhooks/audience-labs",
    "c2s": "/api/v1/webhooks/c2s",
}
START_SECONDS, ANSWER_SECONDS = 60.0, 30.0
SEED = int(os.environ.get("LEAD_PIPELINE_SEED", "1"))
CONNECTIONS, LONGEST_LIFE = 12, 0.8
"""Of a campaign: its chance, how many send at a time, and the longest that what is ended is left alone before."""
_NEST = """
import json, os, signal, sys
from lead_pipeline.cli import main
from lead_pipeline.service import server
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.update(order["environment"])
        for number, name in ((0, os.devnull), (1, order["out"]), (2, order["log"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT, 0o644), number)
        sys.argv[1:] = ["intake", "--port", "0"]
        main()
        os._exit(0)
    print(child, flush=True)
"""
_DEFECT = ("Traceback (most recent call last)", '"level": "error"', "Task exception was never retrieved")


def environment(url: str, **more: str) -> dict[str, str]:
    """The variables of a service on a database: every secret set, webhooks going to WORKSPACE."""
    secrets = {
        "WEBHOOK_SECRET" if source == "c2s" else f"{source.replace('-', '_').upper()}_WEBHOOK_SECRET": secret
        for source, secret in SECRETS.items()
    }
    stripe = {"STRIPE_WEBHOOK_SECRET": STRIPE_SECRET}
    return {"DATABASE_URL": url, "WEBHOOK_WORKSPACE": WORKSPACE, **secrets, **stripe, **more}


def add_workspace(url: str, slug: str = WORKSPACE) -> str:
    """Make a workspace. Returns its id."""
    with connect(url, autocommit=True) as conn:
        return save_workspace(conn, slug=slug, name=slug.title(), plan="pro")


class Child:
    """One `lead-pipeline intake`, begun when this is made. `url` waits until it is ready.

    It is forked from a process that has imported everything already, so that a start takes milliseconds.
    """

    def __init__(self, database: str, folder: Path, number: int, **more: str) -> None:
        self.log, self._out = folder / f"intake-{number}.log", folder / f"intake-{number}.out"
        variables = environment(database, LEAD_PIPELINE_VAR=str(folder), **more)
        order = {"environment": variables, "out": str(self._out), "log": str(self.log)}
        nest = _nest()
        assert nest.stdin is not None
        assert nest.stdout is not None
        nest.stdin.write(json.dumps(order) + "\n")
        nest.stdin.flush()
        self._process = psutil.Process(int(nest.stdout.readline()))

    @cached_property
    def url(self) -> str:
        end = time.monotonic() + START_SECONDS
        url = ""
        while not url or not is_ready(url):
            assert self.is_running(), self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.02)
            words = self._out.read_text().split() if self._out.exists() else []
            url = words[2] if words[:2] == ["intake", "at"] and len(words) > 3 else ""
        return url

    @cached_property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def kill(self) -> None:
        """SIGKILL, now."""
        self._process.kill()
        self._process.wait(START_SECONDS)

    def stop(self) -> None:
        """As Ctrl-C would."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(START_SECONDS)

    def is_running(self) -> bool:
        return self._process.is_running()

    def defects(self) -> list[str]:
        """Lines of its log that tell of a defect."""
        return [line for line in self.log.read_text().splitlines() if any(word in line for word in _DEFECT)]


@cache
def _nest() -> "subprocess.Popen[str]":
    """The process that services are forked from. It ends with this one."""
    return subprocess.Popen([sys.executable, "-c", _NEST], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@contextmanager
def children(database: str, folder: Path, count: int = 1) -> Iterator[list[Child]]:
    """So many services on one database. Whichever still run at the end are killed; who adds one has it killed too."""
    made: list[Child] = []
    try:
        made += [Child(database, folder, number) for number in range(count)]
        yield made
    finally:
        for child in made:
            if child.is_running():
                child.kill()


def is_ready(url: str) -> bool:
    """What /readyz says; False where nobody answers."""
    try:
        return httpx.get(url + "/readyz", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def event_body(name: str) -> bytes:
    """The bytes of an event with one lead: always the same for a name, 0.3 to 3.3 KB."""
    lead = {
        "first_name": "Ada", "last_name": name, "email": f"{name}@firm-{name}.example", "company": f"Firm {name}",
        "title": "Owner", "country": "US",
    }  # fmt: skip
    event = {
        "event_id": name,
        "event_type": "leads.single",
        "lead": lead,
        "note": "é" * (zlib.crc32(name.encode()) % 1500),
    }
    return json.dumps(event, ensure_ascii=False).encode()


def signed_by_stripe(body: bytes) -> dict[str, str]:
    """The header that Stripe would put beside a body, now."""
    sent = str(int(time.time()))
    mac = hmac.digest(STRIPE_SECRET.encode(), f"{sent}.".encode() + body, "sha256").hex()
    return {"Stripe-Signature": f"t={sent},v1={mac}"}


def signed(body: bytes, *, source: str = "datashopper", at: float | None = None) -> dict[str, str]:
    """The headers beside a webhook's body, signed with the real clock or at a Unix time."""
    return sign_webhook(source, body, SECRETS[source], now=time.time() if at is None else at)


@dataclass(frozen=True)
class Answer:
    """What came back. `seconds` is how long it took."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    seconds: float

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Load:
    """Threads that post distinct events without a pause. `place` tells where to, each time a connection is made.

    `answers` has every event that was answered, `unanswered` those whose connection ended first. An event whose
    connection was refused was never sent, and is neither.
    """

    place: Callable[[], tuple[str, int]]
    connections: int
    prefix: str = "load"
    answers: dict[str, Answer] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    _ends: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Load":
        for number in range(self.connections):
            self._threads.append(threading.Thread(target=self._run, args=[number], daemon=True))
            self._threads[-1].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join(ANSWER_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads), "a request was never answered"

    @property
    def acknowledged(self) -> dict[str, int]:
        """Drop id of every event that was answered with a 2xx."""
        return {name: answer.body["drop_id"] for name, answer in self.answers.copy().items() if answer.is_success}

    def wait_for(self, more: int, *, seconds: float = ANSWER_SECONDS) -> None:
        """Until so many more events have been acknowledged."""
        wanted, end = len(self.acknowledged) + more, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < end, f"{len(self.acknowledged)} of {wanted} were acknowledged"
            time.sleep(0.02)

    def _run(self, number: int) -> None:
        sent = 0
        connection: http.client.HTTPConnection | None = None
        while not self._ends.is_set():
            name = f"{self.prefix}-{number}-{sent}"
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(*self.place(), timeout=ANSWER_SECONDS)
                    connection.connect()
            except OSError:
                connection = None
                time.sleep(0.02)
                continue
            sent += 1
            try:
                self.answers[name] = post_event(connection, name)
            except (OSError, http.client.HTTPException):
                self.unanswered.append(name)
                connection.close()
                connection = None
                continue
            if not self.answers[name].is_success:
                time.sleep(0.01)
        if connection is not None:
            connection.close()


def post_event(connection: http.client.HTTPConnection, name: str) -> Answer:
    """Send an event and read the answer."""
    body, begin = event_body(name), time.monotonic()
    connection.request("POST", WEBHOOKS["datashopper"], body, {"Content-Type": "application/json"} | signed(body))
    response = connection.getresponse()
    content = json.loads(response.read())
    headers = {key.lower(): value for key, value in response.getheaders()}
    return Answer(response.status, headers, content, time.monotonic() - begin)


def drops_of(url: str) -> dict[str, list[tuple[int, bytes]]]:
    """Every DataShopper event that is stored: the ids and bytes of its drops, by the event's own name."""
    found: dict[str, list[tuple[int, bytes]]] = {}
    with connect(url) as conn:
        for name, drop_id, body in conn.execute(
            "SELECT external_id, drop_id, body FROM raw.drops WHERE source = 'datashopper'"
        ):
            found.setdefault(name.removeprefix("event/"), []).append((drop_id, body))
    return found


def assert_stored_once(url: str, acknowledged: dict[str, int]) -> None:
    """Each of these events has exactly one drop: the one that its answer named, with the very bytes that were sent."""
    stored = drops_of(url)
    expected = {name: [(drop_id, event_body(name))] for name, drop_id in acknowledged.items()}
    wrong = [name for name, drops in expected.items() if stored.get(name) != drops]
    assert [] == wrong[:10], f"{len(wrong)} of {len(expected)} events"
