"""Resend over HTTP: e-mails under idempotency keys, what became of them, and its limit of requests a second.

<https://resend.com/docs/api-reference/emails/send-email>. Every address is delivered to, but those of resend.dev that
Resend keeps for tests: bounced@, complained@ and suppressed@, each with any +label. The label `slow` makes the request
last a second, in which its key is in use.
"""

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Annotated, Any

from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.provider_errors import resend_error
from lead_pipeline.sandbox.record import Record

LONGEST_KEY, KEY_SECONDS = 256, 24 * 3600.0
_DELIVERED_AFTER = 1.0
_FATES = {"bounced": "bounced", "complained": "complained", "suppressed": "suppressed"}
_REQUIRED = ("from", "to", "subject")


@dataclass
class _Kept:
    answer: dict[str, Any]
    at: float
    asks: int = 0


@dataclass
class _Key:
    digest: str
    at: float
    id: str | None = None


@dataclass
class Resend:
    """One team. `per_second`: requests that it takes in any second, None for no limit. `clock` is in seconds."""

    record: Record
    per_second: int | None = None
    clock: Callable[[], float] = time.monotonic
    _emails: dict[str, _Kept] = field(default_factory=dict)
    _keys: dict[str, _Key] = field(default_factory=dict)
    _calls: list[float] = field(default_factory=list)

    def over_limit(self) -> JSONResponse | None:
        """Count a request, and refuse it where it is one too many."""
        if self.per_second is None:
            return None
        now = self.clock()
        self._calls = [at for at in self._calls if at > now - 1]
        if len(self._calls) < self.per_second:
            self._calls.append(now)
            return None
        words = f"Too many requests. You can only make {self.per_second} requests per second."
        headers = {"ratelimit-limit": str(self.per_second), "ratelimit-remaining": "0", "ratelimit-reset": "1"}
        return resend_error(429, "rate_limit_exceeded", words, {**headers, "retry-after": "1"})

    async def send(self, body: bytes, key: str | None) -> JSONResponse:
        """Take an e-mail once for a key."""
        if key is not None and not 1 <= len(key) <= LONGEST_KEY:
            return resend_error(400, "invalid_idempotency_key", f"The key must be between 1-{LONGEST_KEY} chars.")
        email = _read(body)
        if isinstance(email, JSONResponse):
            return email
        to = email["to"][0]
        name = key or _reference(email) or to
        self.record.messages.asked("email", name)
        if key is not None and (known := self._known(key, body)) is not None:
            return known
        local, _, domain = to.partition("@")
        if domain == "resend.dev" and local.endswith("+slow"):
            await asyncio.sleep(_DELIVERED_AFTER)
        made = str(uuid.uuid4())
        if key is not None:
            self._keys[key].id = made
        kept = {"object": "email", "id": made, "created_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}+00"}
        self._emails[made] = _Kept({**kept, **_shape(email)}, self.clock())
        content = json.dumps([email.get(part) for part in ("to", "subject", "html", "text")])
        self.record.messages.took("email", name, content, {"provider": "resend", "id": made, **email})
        return JSONResponse({"id": made})

    def ask(self, email_id: str) -> JSONResponse:
        """An e-mail with its last event: queued, at the first question sent, then delivered, which it is after a second
        in any case."""
        if email_id not in self._emails:
            return resend_error(404, "not_found", "Email not found")
        kept = self._emails[email_id]
        kept.asks += 1
        is_over = kept.asks > 1 or self.clock() - kept.at >= _DELIVERED_AFTER
        local, _, domain = kept.answer["to"][0].partition("@")
        fate = _FATES.get(local.partition("+")[0], "delivered") if domain == "resend.dev" else "delivered"
        return JSONResponse({**kept.answer, "last_event": fate if is_over else "sent"})

    def clear(self) -> None:
        """Forget all e-mails and keys."""
        for part in (self._emails, self._keys, self._calls):
            part.clear()

    def _known(self, key: str, body: bytes) -> JSONResponse | None:
        digest, now = hashlib.sha256(body).hexdigest(), self.clock()
        known = self._keys.get(key)
        if known is None or now - known.at >= KEY_SECONDS:
            self._keys[key] = _Key(digest, now)
            return None
        if known.digest != digest:
            words = "Same idempotency key used with a different request payload."
            return resend_error(409, "invalid_idempotent_request", words)
        if known.id is None:
            words = "Same idempotency key used while original request is still in progress."
            return resend_error(409, "concurrent_idempotent_requests", words)
        return JSONResponse({"id": known.id})


def resend_routes(resend: Resend) -> APIRouter:
    """The routes under /resend."""
    routes = APIRouter(prefix="/resend")

    @routes.post("/emails")
    async def send(request: Request, idempotency_key: Annotated[str | None, Header()] = None) -> JSONResponse:
        return resend.over_limit() or await resend.send(await request.body(), idempotency_key)

    @routes.get("/emails/{email_id}")
    async def ask(email_id: str) -> JSONResponse:
        return resend.over_limit() or resend.ask(email_id)

    return routes


def _read(body: bytes) -> dict[str, Any] | JSONResponse:
    """The e-mail in a body, `to` as a list; or Resend's refusal of it."""
    try:
        email = json.loads(body)
    except (ValueError, RecursionError):
        return resend_error(422, "validation_error", "The request body must be valid JSON.")
    if not isinstance(email, dict):
        return resend_error(422, "validation_error", "The request body must be a JSON object.")
    for name in _REQUIRED:
        if not email.get(name):
            return resend_error(422, "missing_required_field", f"Missing `{name}` field.")
    if not (email.get("html") or email.get("text")):
        return resend_error(422, "missing_required_field", "Missing `html` or `text` field.")
    to = email["to"] if isinstance(email["to"], list) else [email["to"]]
    for name, given in (("from", [email["from"]]), ("to", to)):
        if len(given) > 50 or not all(isinstance(one, str) and _is_mailbox(one) for one in given):
            words = f"Invalid `{name}` field. The email address needs to follow the `email@example.com` or " + (
                "`Name <email@example.com>` format."
            )
            return resend_error(422, "validation_error", words)
    return {**email, "to": to}


def _is_mailbox(text: str) -> bool:
    local, _, domain = parseaddr(text)[1].partition("@")
    return bool(local) and "." in domain and text.isprintable()


def _reference(email: dict[str, Any]) -> str | None:
    headers = email.get("headers")
    found = headers.get("X-Entity-Ref-ID") if isinstance(headers, dict) else None
    return found if isinstance(found, str) else None


def _shape(email: dict[str, Any]) -> dict[str, Any]:
    given = {name: email.get(name) for name in ("to", "from", "subject", "html", "text", "bcc", "cc", "reply_to")}
    return {**given, "scheduled_at": None}
