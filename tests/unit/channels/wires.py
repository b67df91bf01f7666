"""What the tests of channels share: a message, a wire that answers as told and keeps what it was sent, golden files."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from lead_pipeline.channels.message import Message
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Transport

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KEY = "0b8e6d8f-6a5c-4f0e-9d53-0f6b0a0f4c11"
GOLDEN = Path(__file__).parents[2] / "data" / "wire"
# The client's own, which say nothing of a wire.
_OF_THE_CLIENT = {"host", "accept", "accept-encoding", "connection", "content-length", "user-agent"}
MAIL = {
    "sender": "Acme Leads <notifications@acme.example>",
    "reply_to": "sales@acme.example",
    "subject": "New lead: Jane Döe",
    "text": "Jane Döe wants a roof.\n",
    "html": "<p>Jane Döe wants a <b>roof</b>.</p>\n",
}


def message(address: str, content: dict[str, str], **more: Any) -> Message:
    return Message(KEY, address, content, **more)


class Asked:
    """A wire: `answers` are given in turn, the last one for ever; a callable may raise."""

    def __init__(self, *answers: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if callable(answer):
            return answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def transport(asked: Asked, name: str = "provider", *, is_address_secret: bool = False) -> Transport:
    return Transport(
        name,
        credential=f"the key of {name}",
        bucket=TokenBucket(1e6, 1000),
        patience=Patience(attempts=1),
        wire=httpx.MockTransport(asked),
        is_address_secret=is_address_secret,
    )


def lost(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("lost", request=request)


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody is there", request=request)


def as_golden(request: httpx.Request) -> dict[str, Any]:
    """A request as the golden files have it."""
    headers = {name: value for name, value in request.headers.items() if name not in _OF_THE_CLIENT}
    kind, body = headers.get("content-type", ""), request.content.decode()
    shown: Any = body or None
    if kind == "application/json":
        shown = json.loads(body)
    elif kind == "application/x-www-form-urlencoded":
        shown = dict(parse_qsl(body))
    return {"method": request.method, "url": str(request.url), "headers": headers, "body": shown}


def golden(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text())
