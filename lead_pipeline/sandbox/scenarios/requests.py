"""A message as the bytes and headers that are sent: signed now, or flawed in the way that it asks for."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from lead_pipeline.domain.signatures import SAMPLE
from lead_pipeline.sandbox.scenarios.scenario import Message
from lead_pipeline.sandbox.webhook_sender import signed_headers

DATED_INSIDE = "audience-labs"
_WRONG = "somebody-elses-secret-" * 2
_SIGNATURES = MappingProxyType(
    {
        "datashopper": "x-datashopper-signature",
        "clay": "x-clay-signature",
        "audience-labs": "x-audiencelabs-signature",
        "c2s": "x-webhook-token",
    }
)


@dataclass(frozen=True)
class SignedRequest:
    """What goes over the wire."""

    body: bytes
    headers: dict[str, str]


def request_of(message: Message, secret: str, now: datetime, *, workspace: str | None = None) -> SignedRequest:
    """The request of a message at `now`, which names its offset. `workspace` goes into a body that is JSON."""
    when = now - timedelta(seconds=message.age)
    body = _body(message, when, workspace)
    headers = signed_headers(message.source, body, _WRONG if message.flaw == "wrong secret" else secret, when)
    signature = _SIGNATURES[message.source]
    match message.flaw:
        case "changed after signing":
            body += b" "
        case "no signature":
            del headers[signature]
        case "sample signature":
            headers[signature] = SAMPLE
        case "no time":
            headers = {name: value for name, value in headers.items() if not name.endswith("-timestamp")}
    return SignedRequest(body, headers)


def _body(message: Message, when: datetime, workspace: str | None) -> bytes:
    if isinstance(message.event, bytes):
        return message.event
    document = dict(message.event)
    if workspace is not None:
        document["workspace_id"] = workspace
    if message.source == DATED_INSIDE and message.flaw != "no time":
        document["timestamp"] = when.astimezone(UTC).isoformat()
    return json.dumps(document, ensure_ascii=False).encode()
