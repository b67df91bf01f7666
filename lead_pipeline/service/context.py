"""What every request can reach: the settings, the database's address, the clock, the landing and the counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request

from lead_pipeline.domain.webhooks import SOURCES
from lead_pipeline.service.counts import Counts
from lead_pipeline.service.landing import DropLanding
from lead_pipeline.service.metrics import Metrics
from lead_pipeline.settings import Settings


def utc_now() -> datetime:
    """The clock of production; tests hand in their own."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Intake:
    """One service process. `url` is the database's libpq address, `clock` answers aware UTC times."""

    settings: Settings
    url: str
    clock: Callable[[], datetime]
    landing: DropLanding
    counts: Counts
    metrics: Metrics
    webhook_secrets: Mapping[str, tuple[str, ...]]


def open_intake(settings: Settings, url: str, *, clock: Callable[[], datetime] = utc_now) -> Intake:
    """Everything that a service process holds, not started yet: the application's lifespan does that."""
    metrics = Metrics()
    secrets = {source: settings.webhook_secrets(source) for source in SOURCES}
    return Intake(settings, url, clock, DropLanding(url, metrics), Counts(url, metrics, clock), metrics, secrets)


def intake_of(request: Request) -> Intake:
    """The process that a request came to."""
    intake: Intake = request.app.state.intake
    return intake
