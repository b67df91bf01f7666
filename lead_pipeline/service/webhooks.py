"""Webhooks: verify the raw bytes, read the envelope, land the drop, answer. Makes no lead; the step does, later.

The hot path: no dependency of FastAPI's, no model, answers as bytes. What a refusal was for goes to the log only, so
that whoever guesses at signatures learns nothing.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from lead_pipeline.domain.signatures import Rejection, verify_body_time, verify_webhook
from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.domain.webhooks import Envelope, read_envelope
from lead_pipeline.errors import DatabaseUnavailable
from lead_pipeline.service.context import Intake, intake_of
from lead_pipeline.service.landing import Landed, Landing
from lead_pipeline.service.openapi import WEBHOOK_ANSWERS, webhook_request
from lead_pipeline.service.problems import Problem

PATHS = {
    "datashopper": "/api/webhooks/datashopper",
    "clay": "/api/webhooks/clay",
    "audience-labs": "/api/webhooks/audience-labs",
    "c2s": "/api/v1/webhooks/c2s",
}
_NAMES = {"datashopper": "DataShopper", "clay": "Clay", "audience-labs": "Audience Labs", "c2s": "Contact2Sale"}
_CREDENTIALS = frozenset(("authorization", "cookie", "x-api-key", "x-webhook-token"))
_NUL = "\\u0000"
_DATED_INSIDE = "audience-labs"
_log = structlog.get_logger(__name__)


class PlainRoute(APIRoute):
    """A route whose endpoint is called with the request alone: described like any other, resolved like none.

    Problems that it raises are answered by the application's middleware.
    """

    def __init__(self, path: str, endpoint: Callable[[Request], Awaitable[Response]], **more: Any) -> None:
        super().__init__(path, endpoint, **more)

        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)

        self.app = call


router = APIRouter(tags=["webhooks"], route_class=PlainRoute)


def _webhook(source: str) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        intake = intake_of(request)
        try:
            return await _receive(source, intake, request)
        except (Problem, ClientDisconnect) as error:
            if getattr(error, "status", 400) not in (401, 503):
                intake.counts.add(source, "refused")
            raise
        except DatabaseUnavailable:
            intake.counts.add(source, "unavailable")
            raise

    receive.__name__ = f"receive_{source.replace('-', '_')}"
    return receive


for _source, _path in PATHS.items():
    router.add_api_route(
        _path,
        _webhook(_source),
        methods=["POST"],
        summary=f"An event of {_NAMES[_source]}",
        description="Answers once the event is durable. At most 1 MiB, plain or gzip; signed before it is packed.",
        response_class=JSONResponse,
        responses=WEBHOOK_ANSWERS,
        openapi_extra=webhook_request(_source),
    )


async def _receive(source: str, intake: Intake, request: Request) -> Response:
    secrets = intake.webhook_secrets[source]
    if not secrets:
        raise _not_set_up(source, intake)
    body = await _body(request)
    headers = _headers(request.scope["headers"])
    now = intake.clock()
    refused = verify_webhook(source, body, headers, secrets, now=now.timestamp())
    if refused is not None:
        raise _invalid(source, intake, refused)
    envelope = read_envelope(source, body)
    if source == _DATED_INSIDE and not _is_unreadable(envelope):
        refused = verify_body_time(envelope.timestamp, now=now.timestamp())
        if refused is not None:
            raise _invalid(source, intake, refused)
    landed = await intake.landing.land_event(
        Landing(
            source=source,
            kind="webhook",
            external_id=envelope.external_id,
            body=body,
            received_at=now,
            workspace=envelope.workspace or intake.settings.webhook_workspace,
            headers=_stored(headers),
            event_type=envelope.event_type,
            stage="kept" if envelope.holds == "nothing" else "landed",
        )
    )
    return _answer(source, intake, envelope, landed)


async def _body(request: Request) -> bytes:
    """As `Request.body`, which costs more than the rest of a request that comes in one piece."""
    chunks: list[bytes] = []
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _answer(source: str, intake: Intake, envelope: Envelope, landed: Landed) -> Response:
    status, code, reason = "accepted", 200, envelope.problem
    if not landed.is_new:
        status, outcome = "duplicate", "duplicate"
    else:
        outcome = "unknown_event" if envelope.holds == "unknown" else "landed"
        if reason is None and envelope.holds == "leads" and not landed.has_workspace:
            reason = "no such workspace. Send the `workspace_id` of one, or have the operator set WEBHOOK_WORKSPACE."
        if reason is not None:
            status, code = "quarantined", 202
    intake.counts.add(source, outcome)
    _log.info("received webhook", source=source, event_type=envelope.event_type, drop_id=landed.drop_id, status=status)
    more = f', "reason": {json.dumps(reason)}' if code == 202 else ""
    content = f'{{"success": true, "drop_id": {landed.drop_id}, "status": "{status}"{more}}}'
    return Response(content.encode(), code, media_type="application/json")


def _invalid(source: str, intake: Intake, refused: Rejection) -> Problem:
    intake.counts.add(source, "invalid_signature")
    _log.warning("refused webhook", source=source, reason=refused.reason, detail=refused.detail)
    return Problem(
        401, "Invalid signature", "Invalid signature. Sign the exact bytes with the shared secret, and send them now."
    )


def _not_set_up(source: str, intake: Intake) -> Problem:
    intake.counts.add(source, "unavailable")
    name = "WEBHOOK_SECRET" if source == "c2s" else f"{source.replace('-', '_').upper()}_WEBHOOK_SECRET"
    return Problem(
        503, "Not set up", f"{name} is not set. Set it to the secret shared with {_NAMES[source]}, then restart.",
        headers={"Retry-After": "60"},
    )  # fmt: skip


def _is_unreadable(envelope: Envelope) -> bool:
    """Signed bytes with no event in them: kept for whoever mends them, whatever their time. A replay is a duplicate."""
    return envelope.holds == "unknown" and envelope.event_type is None and envelope.timestamp is None


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """By lower-case name; of a name that came twice, both values."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _stored(headers: dict[str, str]) -> str:
    """As a JSON object without credentials, and without the NUL that Postgres cannot hold."""
    kept = {name: value for name, value in headers.items() if name not in _CREDENTIALS}
    text = json.dumps(kept)
    return json.dumps({name: storable_text(value) for name, value in kept.items()}) if _NUL in text else text
