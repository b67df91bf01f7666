"""Runs the sandbox on a socket: in a background thread for tests, or blocking for the command line."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import uvicorn

from lead_pipeline.http_server import ThreadedServer, serve_until_ended
from lead_pipeline.sandbox.config import LARGEST_PAGE, SandboxConfig, utc_today
from lead_pipeline.sandbox.webhook_sender import Intake

NAME = "the sandbox"


class SandboxServer(ThreadedServer):
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
        intake: Intake | None = None,
        c2s_per_minute: int | None = 10,
        has_imports: bool = True,
    ) -> None:
        config = SandboxConfig(companies_path, seed, key, page_size, as_of, today, intake, c2s_per_minute, has_imports)
        super().__init__(NAME, lambda: _server(config), host=host, port=port)


def serve(
    host: str = "127.0.0.1",
    port: int = 8099,
    companies_path: Path | None = None,
    seed: int = 7,
    key: str = "sandbox",
    *,
    page_size: int = LARGEST_PAGE,
    as_of: date | None = None,
    intake: Intake | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted. `on_ready` gets the URL once the socket listens. Raises as SandboxServer."""
    config = SandboxConfig(companies_path, seed, key, page_size, as_of, intake=intake)
    serve_until_ended(NAME, lambda: _server(config), host=host, port=port, on_ready=on_ready or (lambda _: None))


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
