"""Twilio over HTTP: SMS of one account, listed newest first, on their way from queued over sent to delivered.

<https://www.twilio.com/docs/messaging/api/message-resource>. Its numbers for tests answer as documented:
<https://www.twilio.com/docs/iam/test-credentials>. A message is never taken for a repeat of another.
"""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from lead_pipeline.domain.sms_text import segments
from lead_pipeline.sandbox.provider_errors import twilio_error
from lead_pipeline.sandbox.record import Record

SENDER = "+15005550006"
LONGEST = 1600
_API = "/2010-04-01/Accounts"
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_REFUSED_TO = {
    "+15005550001": (21211, "Invalid 'To' Phone Number"),
    "+15005550002": (21612, "Message cannot be sent with the current combination of 'To' and 'From' parameters"),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region of the 'To' number"),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}
_REFUSED_FROM = {
    "+15005550001": (21212, "Invalid From Number (caller ID)"),
    "+15005550008": (21611, "This 'From' number has exceeded the maximum number of queued messages"),
}
_NOT_OURS = (21606, "The 'From' phone number provided is not a valid message-capable Twilio phone number")
_DELIVERED_AFTER = 1.0


@dataclass
class _Sms:
    shown: dict[str, Any]
    at: float
    asks: int = 0


@dataclass
class Twilio:
    """What the account has sent. `clock` is in seconds."""

    record: Record
    clock: Callable[[], float] = time.monotonic
    _messages: dict[str, _Sms] = field(default_factory=dict)

    def send(self, account: str, form: dict[str, str]) -> JSONResponse:
        """Queue an SMS, or refuse it."""
        to, sender, text = (form.get(name, "") for name in ("To", "From", "Body"))
        if (fault := _fault(to, sender, text)) is not None:
            return twilio_error(400, *fault)
        made = f"SM{uuid.uuid4().hex}"
        now = format_datetime(datetime.now(UTC))
        self._messages[made] = _Sms(
            {
                "account_sid": account, "api_version": "2010-04-01", "body": text, "date_created": now,
                "date_sent": None, "date_updated": now, "direction": "outbound-api", "error_code": None,
                "error_message": None, "from": sender, "messaging_service_sid": None, "num_media": "0",
                "num_segments": str(segments(text)), "price": None, "price_unit": "USD", "sid": made,
                "status": "queued", "to": to, "uri": f"{_API}/{account}/Messages/{made}.json",
            },
            self.clock(),
        )  # fmt: skip
        self.record.messages.asked("sms", to)
        self.record.messages.took("sms", to, text, {"provider": "twilio", "id": made, "from": sender, "body": text})
        return JSONResponse(self._messages[made].shown, 201)

    def one(self, sid: str) -> JSONResponse:
        """One SMS: at the first question sent, then delivered, which it is after a second in any case."""
        if sid not in self._messages:
            return twilio_error(404, 20404, f"The requested resource /Messages/{sid}.json was not found")
        return JSONResponse(self._moved(self._messages[sid]))

    def listed(self, account: str, query: dict[str, str]) -> JSONResponse:
        """A page of the SMS to and from some numbers, the newest first."""
        found = [
            sms
            for sms in reversed(self._messages.values())
            if query.get("To") in (None, sms.shown["to"]) and query.get("From") in (None, sms.shown["from"])
        ]
        size, page = min(1000, int(query.get("PageSize", 50))), int(query.get("Page", 0))
        shown, path = found[page * size : (page + 1) * size], f"{_API}/{account}/Messages.json"
        more = urlencode({**query, "Page": page + 1}) if len(found) > (page + 1) * size else None
        return JSONResponse(
            {
                "messages": [self._moved(sms) for sms in shown], "page": page, "page_size": size,
                "start": page * size, "end": page * size + len(shown) - 1, "uri": f"{path}?{urlencode(query)}",
                "first_page_uri": f"{path}?{urlencode({**query, 'Page': 0})}", "previous_page_uri": None,
                "next_page_uri": None if more is None else f"{path}?{more}",
            }
        )  # fmt: skip

    def clear(self) -> None:
        """Forget every SMS."""
        self._messages.clear()

    def _moved(self, sms: _Sms) -> dict[str, Any]:
        sms.asks += 1
        is_there = sms.asks > 1 or self.clock() - sms.at >= _DELIVERED_AFTER
        sms.shown["status"] = "delivered" if is_there else "sent"
        sms.shown["date_sent"] = sms.shown["date_sent"] or format_datetime(datetime.now(UTC))
        return sms.shown


def twilio_routes(twilio: Twilio) -> APIRouter:
    """The routes under /twilio. The gate has seen that the account is the one whose token was sent."""
    routes = APIRouter(prefix=f"/twilio{_API}/{{account}}")

    @routes.post("/Messages.json")
    async def send(account: str, request: Request) -> JSONResponse:
        return twilio.send(account, dict(parse_qsl((await request.body()).decode("utf-8", "replace"))))

    @routes.get("/Messages.json")
    async def listed(account: str, request: Request) -> JSONResponse:
        return twilio.listed(account, dict(request.query_params))

    @routes.get("/Messages/{sid}.json")
    async def one(sid: str) -> JSONResponse:
        return twilio.one(sid)

    return routes


def _fault(to: str, sender: str, text: str) -> tuple[int, str] | None:
    if not to:
        return 21604, "A 'To' phone number is required."
    if not text:
        return 21602, "Message body is required."
    if len(text) > LONGEST:
        return 21617, f"The concatenated message body exceeds the {LONGEST} character limit."
    if sender != SENDER:
        return _REFUSED_FROM.get(sender, _NOT_OURS)
    if to in _REFUSED_TO or not _NUMBER.fullmatch(to):
        code, words = _REFUSED_TO.get(to, (21211, "Invalid 'To' Phone Number"))
        return code, f"{words}: {to}"
    return None
