"""An HTTP server on a socket that listens before it starts: in a background thread, or in the caller's own.

What is served, and how uvicorn is set up for it, is said by whoever builds it.
"""

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn

from lead_pipeline.errors import LeadPipelineError, SettingsError

PATIENCE = 15.0
_BACKLOG = 2048


class ThreadedServer:
    """`with ThreadedServer("the sandbox", build) as server: httpx.get(server.url)`. Port 0 takes a free one.

    `build` is called once the socket listens. Raises SettingsError where the address cannot be used, and what
    `build` raises.
    """

    def __init__(
        self, name: str, build: Callable[[], uvicorn.Server], *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._name, self._build, self._address = name, build, (host, port)
        self._thread: threading.Thread | None = None
        self.url = ""

    def __enter__(self) -> Self:
        listener = listen(self._name, *self._address)
        try:
            self._server = self._build()
        except BaseException:
            listener.close()
            raise
        self.url = url_of(listener)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name=self._name, daemon=True
        )
        self._thread.start()
        end = time.monotonic() + PATIENCE
        while not self._server.started and self._thread.is_alive() and time.monotonic() < end:
            time.sleep(0.005)
        if not self._server.started:
            self.stop()
            raise LeadPipelineError(f"{self._name} did not start; uvicorn's log says why")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer who waits, end, and wait until the port is free. Harmless where it has ended."""
        if self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise LeadPipelineError(f"{self._name} did not stop within {PATIENCE:g} s; end this process")
        self._thread = None


def serve_until_ended(
    name: str, build: Callable[[], uvicorn.Server], *, host: str, port: int, on_ready: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM. `on_ready` gets the URL once the socket listens. Raises as ThreadedServer."""
    with listen(name, host, port) as listener:
        server = build()
        on_ready(url_of(listener))
        server.run(sockets=[listener])


def listen(name: str, host: str, port: int) -> socket.socket:
    """A listening socket. It listens at once: two sockets can be bound to one port until one of them does."""
    # asyncio turns Nagle's delay off only where the protocol is named: 40 ms an answer without it.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError(
            f"{name} cannot listen on {host}:{port} ({error}); end what uses the port, or choose another "
            "(0 takes a free one)"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
