"""The intake service as uvicorn runs it: by a test in a thread, or by the command until it is ended."""

import gc
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import uvicorn

from lead_pipeline.http_server import ThreadedServer, serve_until_ended
from lead_pipeline.service.app import build_app
from lead_pipeline.service.context import open_intake, utc_now
from lead_pipeline.service.protocol import IntakeProtocol
from lead_pipeline.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

NAME = "the intake service"
_GARBAGE = (20_000, 20, 50)
"""Objects before the collector looks for cycles: a request makes hundreds and hardly any cycle."""


class IntakeServer(ThreadedServer):
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
        self.app = build_app(open_intake(settings, url, clock=clock))
        super().__init__(NAME, lambda: build_server(self.app), host=host, port=port)


def serve(
    settings: Settings, url: str, *, host: str = "127.0.0.1", port: int = 0, on_ready: Callable[[str], None]
) -> None:
    """Serve until SIGINT or SIGTERM. `on_ready` gets the URL once the socket listens. Raises as IntakeServer."""

    def build() -> uvicorn.Server:
        server = build_server(build_app(open_intake(settings, url)))
        keep_loaded_objects()
        return server

    serve_until_ended(NAME, build, host=host, port=port, on_ready=on_ready)


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
