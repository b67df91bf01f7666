"""Runs the sandbox on a socket: in a background thread for tests, or blocking for the command line."""

import socket
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from lead_pipeline.errors import LeadPipelineError, SettingsError
from lead_pipeline.sandbox.config import LARGEST_PAGE, SandboxConfig, utc_today

PATIENCE = 10.0


class SandboxServer:
    """`with SandboxServer() as sandbox: httpx.get(sandbox.url + "/healthz")`. Port 0 takes a free one.

    Raises SettingsError where the address cannot be used, FileRefused where the companies cannot be read.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        companies_path: Path | None = None,
        seed: int = 7,
        key: str = "sandbox",
        *,
        page_size: int = LARGEST_PAGE,
        as_of: date | None = None,
        today: Callable[[], date] = utc_today,
    ) -> None:
        self._address = (host, port)
        self._config = SandboxConfig(companies_path, seed, key, page_size, as_of, today)
        self._thread: threading.Thread | None = None
        self.url = ""

    def __enter__(self) -> Self:
        listener = _listen(*self._address)
        try:
            self._server = _server(self._config)
        except BaseException:
            listener.close()
            raise
        self.url = _url(listener)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        self._thread.start()
        end = time.monotonic() + PATIENCE
        while not self._server.started and self._thread.is_alive() and time.monotonic() < end:
            time.sleep(0.005)
        if not self._server.started:
            self.stop()
            raise LeadPipelineError("the sandbox did not start; uvicorn's log says why")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and wait until its port is free. Harmless where it has ended."""
        if self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise LeadPipelineError(f"the sandbox did not stop within {PATIENCE:g} s; end this process")
        self._thread = None


def serve(
    host: str = "127.0.0.1",
    port: int = 8099,
    companies_path: Path | None = None,
    seed: int = 7,
    key: str = "sandbox",
    *,
    page_size: int = LARGEST_PAGE,
    as_of: date | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted. `on_ready` gets the URL once the socket listens. Raises as SandboxServer."""
    with _listen(host, port) as listener:
        server = _server(SandboxConfig(companies_path, seed, key, page_size, as_of))
        if on_ready is not None:
            on_ready(_url(listener))
        server.run(sockets=[listener])


def _server(config: SandboxConfig) -> uvicorn.Server:
    # FastAPI takes half a second to import, which no other command should wait for.
    from lead_pipeline.sandbox.app import build_app  # noqa: PLC0415

    app = build_app(config)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            # asyncio's own loop: its transports hand out the real socket, which a reset needs.
            loop="asyncio",
            lifespan="off",
            ws="none",
            # Nothing may stand between the gate and uvicorn's own `send`.
            proxy_headers=False,
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
        )
    )
    app.closing = lambda: server.should_exit
    return server


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. It listens at once: two sockets can be bound to one port until one of them does."""
    # asyncio turns Nagle's delay off only where the protocol is named: 40 ms an answer without it.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError(
            f"the sandbox cannot listen on {host}:{port} ({error}); end what uses the port, "
            "or choose another (0 takes a free one)"
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
