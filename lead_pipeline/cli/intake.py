"""`lead-pipeline intake`: the service that vendors, suppliers and front ends call, by itself."""

import typer

from lead_pipeline.cli.session import migrated, settings
from lead_pipeline.cli.tables import stdout
from lead_pipeline.domain.webhooks import SOURCES
from lead_pipeline.settings import Settings

_console = stdout()


def intake(
    host: str = typer.Option("127.0.0.1", help="Address to listen on; 0.0.0.0 is every one."),
    port: int = typer.Option(None, help="PORT of the environment by default; 0 takes a free one."),
) -> None:
    """Serve webhooks, uploads and supplier leads until Ctrl-C. What was answered is durable."""
    # FastAPI takes half a second to import, which no other command should wait for.
    from lead_pipeline.service.logs import configure_logs  # noqa: PLC0415
    from lead_pipeline.service.server import serve  # noqa: PLC0415

    chosen = settings()
    with migrated(chosen) as url:
        configure_logs()
        serve(
            chosen,
            url,
            host=host,
            port=chosen.port if port is None else port,
            on_ready=lambda address: _console.print(_announcement(address, chosen), highlight=False, markup=False),
        )


def _announcement(address: str, chosen: Settings) -> str:
    ready = [source for source in SOURCES if chosen.webhook_secrets(source)]
    missing = [source for source in SOURCES if source not in ready]
    lines = [f"intake at {address} (what it takes: {address}/docs)", f"webhooks of {', '.join(ready) or 'nobody yet'}"]
    if missing:
        lines.append(f"no secret is set for {', '.join(missing)}: they are answered 503")
    return "\n".join(lines)
