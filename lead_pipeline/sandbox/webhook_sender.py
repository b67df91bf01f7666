"""How the stand-ins send webhooks: to which address of the intake service, and signed as each vendor signs.

Sends what it is handed, once. What is sent when, and what the intake should answer, is in `scenarios`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

import httpx

from lead_pipeline.domain.signatures import sign_webhook
from lead_pipeline.errors import SettingsError, VendorUnavailable
from lead_pipeline.tls import trusted

PATHS: Mapping[str, str] = MappingProxyType(
    {
        "datashopper": "/api/webhooks/datashopper",
        "clay": "/api/webhooks/clay",
        "audience-labs": "/api/webhooks/audience-labs",
        "c2s": "/api/v1/webhooks/c2s",
    }
)
"""Source to path, as it was told to each vendor."""
SECONDS = 30.0


@dataclass(frozen=True)
class Intake:
    """An intake service as vendors know it: its address, and the secret shared with each source."""

    url: str
    secrets: Mapping[str, str] = field(repr=False)

    def address(self, source: str) -> str:
        """Where events of a source go. Raises SettingsError for a source that sends none."""
        if source not in PATHS:
            raise SettingsError(f"{source!r} sends no webhooks. These do: {', '.join(PATHS)}.")
        return self.url.rstrip("/") + PATHS[source]

    def secret(self, source: str) -> str:
        """What a source signs with. Raises SettingsError where none is shared."""
        secret = self.secrets.get(source, "")
        if not secret:
            raise SettingsError(f"no webhook secret is shared with {source}: hand one over with the intake's address.")
        return secret


def signed_headers(source: str, body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """All headers beside a JSON body: the vendor's signature of these very bytes, and its time where it sends one.

    Audience Labs' time is the body's own `timestamp`, which whoever makes the body puts there. `now` names its offset.
    """
    return {"content-type": "application/json"} | sign_webhook(source, body, secret, now=now.timestamp())


class WebhookSender:
    """Sends one event at a time and says how it was answered. Blocks: in a running loop, call it in a thread."""

    def __init__(self, intake: Intake, client: httpx.Client | None = None) -> None:
        self._intake, self._client = intake, client or httpx.Client(timeout=SECONDS, verify=trusted())

    def post(
        self, source: str, body: bytes, *, headers: Mapping[str, str] | None = None, now: datetime | None = None
    ) -> int:
        """The status of the answer. `headers` go over the signed ones; `now` is what is signed as the time.

        Raises VendorUnavailable where nobody answers, SettingsError where the source is unknown or has no secret.
        """
        url, secret = self._intake.address(source), self._intake.secret(source)
        signed = signed_headers(source, body, secret, now or datetime.now(UTC))
        try:
            return self._client.post(url, content=body, headers={**signed, **(headers or {})}).status_code
        except httpx.TransportError as error:
            raise VendorUnavailable(
                f"no intake service answers at {self._intake.url} ({type(error).__name__}); start one with "
                "`lead-pipeline up`, or name another."
            ) from error
