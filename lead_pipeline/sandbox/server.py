"""Runs the sandbox on a socket: in a background thread for tests, or blocking for the command line."""

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

import uvicorn

from lead_pipeline.http_server import ThreadedServer, serve_until_ended
from lead_pipeline.sandbox.config import LARGEST_PAGE, SandboxConfig, utc_today
from lead_pipeline.sandbox.stripe_process import StripeProcess
from lead_pipeline.sandbox.webhook_sender import Intake

NAME = "the sandbox"


class SandboxServer(ThreadedServer):
    """`with SandboxServer() as sandbox: httpx.get(sandbox.url + "/healthz")`. Port 0 takes a free one.

    `stripe`: with a Stripe under /stripe, which is a process of its own and takes a second to start.

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
        resend_per_second: int | None = None,
        stripe: bool = False,
    ) -> None:
        limits = (c2s_per_minute, has_imports, resend_per_second)
        config = SandboxConfig(companies_path, seed, key, page_size, as_of, today, intake, *limits)
        self._stripe = StripeProcess() if stripe else None
        super().__init__(NAME, lambda: self._build_with_stripe(config), host=host, port=port)

    def stop(self) -> None:
        """As ThreadedServer's; Stripe's stand-in ends with it."""
        super().stop()
        if self._stripe is not None:
            self._stripe.stop()

    def _build_with_stripe(self, config: SandboxConfig) -> uvicorn.Server:
        if self._stripe is None:
            return _server(config)
        with ExitStack() as undone:
            child = undone.enter_context(self._stripe)
            server = _server(replace(config, stripe_url=child.url))
            undone.pop_all()
        return server


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
    stripe: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted. `on_ready` gets the URL once the socket listens. Raises as SandboxServer."""
    config = SandboxConfig(companies_path, seed, key, page_size, as_of, intake=intake)
    with StripeProcess() if stripe else nullcontext() as child:
        config = replace(config, stripe_url=None if child is None else child.url)
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
