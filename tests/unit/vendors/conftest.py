"""A server on loopback that plays a script, one step a connection, and the pauses that retries would take."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import tenacity.nap

from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport

Step = bytes | str


class ScriptedServer:
    """Answers each connection with the next step: raw bytes, `hang` until the test ends, or `reset`."""

    def __init__(self) -> None:
        self.script: list[Step] = []
        self.requests: list[bytes] = []
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _play(self, connection: socket.socket) -> None:
        with connection:
            self.requests.append(_read(connection))
            step = self.script.pop(0)
            if step == "hang":
                self._over.wait(5)
            elif step == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                connection.sendall(step)


def _read(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, body = received.split(b"\r\n\r\n", 1)
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    running = ScriptedServer()
    yield running
    running.close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, in seconds, in place of taking them."""
    taken: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=taken.append))
    return taken


@pytest.fixture
def transport_to(pauses: list[float]) -> Iterator[Callable[..., Transport]]:
    opened: list[Transport] = []

    def build(base_url: str, **overrides: object) -> Transport:
        settings: dict[str, object] = {
            "credential": "SANDBOX_API_KEY",
            "base_url": base_url,
            "bucket": TokenBucket(1e6, 1000),
            "timeouts": Timeouts(connect=1, read=0.2),
            "patience": Patience(jitter=0),
        }
        opened.append(Transport("Sandbox", **{**settings, **overrides}))
        return opened[-1]

    yield build
    for transport in opened:
        transport.close()
