"""Stripe's webhook: verify the raw bytes, land the event, answer 200, then apply it. What it changes is the step's."""

import json
from typing import Any

import psycopg
import structlog
from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, Response

from lead_pipeline.domain.signatures import verify_stripe
from lead_pipeline.domain.stripe_events import SOURCE, read_event
from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.landing import Landing
from lead_pipeline.service.market.desk import Desk, desk_of
from lead_pipeline.service.openapi import BODY_PROBLEMS, problems
from lead_pipeline.service.problems import Problem
from lead_pipeline.steps.stripe_events import apply_events

PATH = "/api/webhooks/stripe"
_KEPT_HEADERS = ("stripe-signature", "content-type", "user-agent")
_RETRY = {"Retry-After": "60"}
_SIGNED: dict[str, Any] = {
    "parameters": [
        {
            "name": "Stripe-Signature",
            "in": "header",
            "required": True,
            "description": "`t=<Unix seconds>,v1=<hex HMAC-SHA256 of `<t>.<body>`, keyed with the endpoint's secret>`; "
            "at most 300 s from our clock.",
            "schema": {"type": "string"},
        }
    ],
    "requestBody": {
        "description": "One event. Any signed bytes are kept.",
        "content": {
            "application/json": {
                "schema": {},
                "example": {
                    "id": "evt_1",
                    "type": "payment_intent.succeeded",
                    "created": 1767225600,
                    "data": {"object": {"id": "pi_1", "status": "succeeded", "amount": 2500, "currency": "usd"}},
                },
            }
        },
    },
}
_log = structlog.get_logger(__name__)
router = APIRouter(tags=["webhooks"])


@router.post(
    PATH,
    summary="An event of Stripe",
    response_class=JSONResponse,
    responses={
        200: {"description": "It is durable, now or since it first came."},
        **problems(401, *BODY_PROBLEMS, 500, 503),
    },
    openapi_extra=_SIGNED,
)
async def receive(request: Request) -> Response:
    """Answers once the event is durable. `payment_intent.succeeded`, `payment_intent.payment_failed` and
    `customer.subscription.updated` are applied right after; others are kept.
    """
    intake = intake_of(request)
    secrets = intake.settings.webhook_secrets(SOURCE)
    if not secrets:
        intake.counts.add(SOURCE, "unavailable")
        words = "STRIPE_WEBHOOK_SECRET is not set. Set it to the signing secret of Stripe's endpoint, then restart."
        raise Problem(503, "Not set up", words, headers=_RETRY)
    body, now = await request.body(), intake.clock()
    refused = verify_stripe(body, request.headers, secrets, now=now.timestamp())
    if refused is not None:
        intake.counts.add(SOURCE, "invalid_signature")
        _log.warning("refused webhook", source=SOURCE, reason=refused.reason, detail=refused.detail)
        raise Problem(401, "Invalid signature", "Invalid signature. Sign the exact bytes with the endpoint's secret.")
    event = read_event(body)
    drop_id, is_new = await intake.landing.land(
        Landing(
            source=SOURCE,
            kind="webhook",
            external_id=event.external_id,
            body=body,
            received_at=now,
            headers=json.dumps({name: request.headers[name] for name in _KEPT_HEADERS if name in request.headers}),
            event_type=event.event_type,
            stage="landed" if event.is_applied else "kept",
        )
    )
    counted = "landed" if event.is_applied else "unknown_event"
    intake.counts.add(SOURCE, counted if is_new else "duplicate")
    _log.info("received webhook", source=SOURCE, event_type=event.event_type, drop_id=drop_id, is_new=is_new)
    answer = {"success": True, "drop_id": drop_id, "status": "accepted" if is_new else "duplicate"}
    later = BackgroundTask(_apply, desk_of(request), drop_id) if is_new and event.is_applied else None
    return JSONResponse(answer, background=later)


def _apply(desk: Desk, drop_id: int) -> None:
    """Where it cannot be done now, the round beside the requests does it."""
    try:
        with desk.connect() as conn:
            apply_events(conn, [drop_id], desk.run)
    except (LeadPipelineError, psycopg.Error) as error:
        _log.warning("event waits", source=SOURCE, drop_id=drop_id, error=type(error).__name__)
