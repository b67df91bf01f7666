"""A channel that takes alerts as Slack's incoming webhooks do: `{"text": ...}` in, a plain `ok` out."""

import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from lead_pipeline.sandbox.record import Record


def alert_routes(record: Record) -> APIRouter:
    """/alerts. Refusals are Slack's: 400 with `invalid_payload` or `no_text`."""
    routes = APIRouter()

    @routes.post("/alerts")
    async def take_alert(request: Request) -> PlainTextResponse:
        try:
            body = json.loads(await request.body())
        except (ValueError, RecursionError):
            return PlainTextResponse("invalid_payload", 400)
        if not isinstance(body, dict):
            return PlainTextResponse("invalid_payload", 400)
        if not isinstance(body.get("text"), str) or not body["text"].strip():
            return PlainTextResponse("no_text", 400)
        record.alerts.append(body)
        return PlainTextResponse("ok")

    return routes
