"""Runs the intake service on a socket: in a background thread for tests, or blocking for the command line."""

import gc
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

import uvicorn

from lead_pipeline.errors import LeadPipelineError, SettingsError
from lead_pipeline.service.app import build_app
from lead_pipeline.service.context import open_intake, utc_now
from lead_pipeline.service.protocol import IntakeProtocol
from lead_pipeline.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

PATIENCE = 15.0
_BACKLOG = 2048
_GARBAGE = (20_000, 20, 50)
"""Objects before the collector looks for cycles: a request makes hundreds and hardly any cycle."""


class IntakeServer:
    """`with IntakeServer(settings, url) as intake: httpx.get(intake.url + "/healthz")`. Port 0 takes a free one.

    Raises SettingsError where the address cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        url: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings, self._database, self._clock = settings, url, clock
        self._address = (host, port)
        self._thread: threading.Thread | None = None
        self.url = ""

    def __enter__(self) -> Self:
        listener = listen(*self._address)
        self.app = build_app(open_intake(self._settings, self._database, clock=self._clock))
        self._server = build_server(self.app)
        self.url = url_of(listener)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="intake", daemon=True
        )
        self._thread.start()
        end = time.monotonic() + PATIENCE
        while not self._server.started and self._thread.is_alive() and time.monotonic() < end:
            time.sleep(0.005)
        if not self._server.started:
            self.stop()
            raise LeadPipelineError("the intake service did not start; uvicorn's log says why")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer who waits, then end. Harmless where it has ended."""
        if self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise LeadPipelineError(f"the intake service did not stop within {PATIENCE:g} s; end this process")
        self._thread = None


def serve(
    settings: Settings, url: str, *, host: str = "127.0.0.1", port: int = 0, on_ready: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM. `on_ready` gets the URL once the socket listens. Raises as IntakeServer."""
    with listen(host, port) as listener:
        server = build_server(build_app(open_intake(settings, url)))
        on_ready(url_of(listener))
        keep_loaded_objects()
        server.run(sockets=[listener])


def keep_loaded_objects() -> None:
    """Spare the garbage collector what was imported: walking over it stops every request for a tenth of a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def build_server(app: "ASGIApp") -> uvicorn.Server:
    """uvicorn as the service needs it."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http=IntakeProtocol,
            ws="none",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=20,
            timeout_graceful_shutdown=5,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. It listens at once: two sockets can be bound to one port until one of them does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError(
            f"the intake service cannot listen on {host}:{port} ({error}); end what uses the port, or choose another "
            "(0 takes a free one)"
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
