"""SendGrid over HTTP: one call, which takes what it is given and never tells what became of it.

<https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>
"""

import json
import uuid
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from lead_pipeline.sandbox.provider_errors import sendgrid_error
from lead_pipeline.sandbox.record import Record

MOST_BYTES = 30 * 1024 * 1024
_ORDER = ["text/plain", "text/html"]


def sendgrid_routes(record: Record) -> APIRouter:
    """The routes under /sendgrid. A message is told apart by its own argument `delivery_id`, else by its receiver."""
    routes = APIRouter(prefix="/sendgrid")

    @routes.post("/v3/mail/send")
    async def send(request: Request) -> Response:
        body = await request.body()
        if len(body) > MOST_BYTES:
            return sendgrid_error(413, None, "The JSON payload you have included in your request is too large.")
        mail = _read(body)
        if isinstance(mail, Response):
            return mail
        first = mail["personalizations"][0]
        to = first["to"][0]["email"]
        arguments = {**(mail.get("custom_args") or {}), **(first.get("custom_args") or {})}
        key = str(arguments.get("delivery_id") or to)
        record.messages.asked("email", key)
        made = uuid.uuid4().hex[:22]
        content = json.dumps([to, mail["subject"], mail["content"]])
        record.messages.took("email", key, content, {"provider": "sendgrid", "id": made, **mail})
        return Response(None, 202, {"X-Message-Id": made})

    return routes


def _read(body: bytes) -> dict[str, Any] | Response:
    """The message in a body, or SendGrid's refusal of it."""
    try:
        mail = json.loads(body)
        recipients = [one["email"] for each in mail["personalizations"] for one in each["to"]]
    except (ValueError, RecursionError):
        return sendgrid_error(400, None, "Bad Request")
    except (LookupError, TypeError):
        recipients = []
    if not recipients:
        words = "The personalizations field is required and must have at least one personalization."
        return sendgrid_error(400, "personalizations", words)
    for place, address in enumerate(recipients):
        if not _is_address(address):
            return sendgrid_error(400, f"personalizations.{place}.to", "Does not contain a valid address.")
    sender = mail.get("from")
    if not isinstance(sender, dict) or not _is_address(sender.get("email")):
        return sendgrid_error(400, "from.email", "The from email does not contain a valid address.")
    if not isinstance(mail.get("subject"), str) or not mail["subject"]:
        return sendgrid_error(400, "subject", "The subject is required. It must be a string of at least one character.")
    return _content_fault(mail.get("content")) or mail


def _content_fault(content: object) -> Response | None:
    if not isinstance(content, list) or not content or not all(isinstance(part, dict) for part in content):
        words = "Unless a valid template_id is provided, the content parameter is required."
        return sendgrid_error(400, "content", words)
    for place, part in enumerate(content):
        if not isinstance(part.get("value"), str) or not part["value"]:
            words = "The content value must be a string at least one character in length."
            return sendgrid_error(400, f"content.{place}.value", words)
    kinds = [part.get("type") for part in content]
    if kinds != [kind for kind in _ORDER if kind in kinds]:
        words = "If present, text/plain and text/html may only be provided once, text/plain before text/html."
        return sendgrid_error(400, "content", words)
    return None


def _is_address(address: object) -> bool:
    return isinstance(address, str) and address.isprintable() and "." in address.partition("@")[2]
