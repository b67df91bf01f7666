"""What every call passes before it is answered: counted, checked for its key, and made to go wrong.

Pure ASGI, because resets and cut answers lie below what a web framework can express.
"""

import asyncio
import base64
import hmac
import time
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lead_pipeline.sandbox.faults import FaultPlan, FaultSpec, targets_of
from lead_pipeline.sandbox.provider_errors import RESEND, TWILIO, provider_error
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.transport import hang_up, reset

OPEN_PATHS = ("/healthz", "/admin/")
# Slack's webhooks carry no key: the address is the secret. Ours carry a signature.
KEYLESS_PATHS = ("/alerts",)
KEYLESS_BELOW = ("/slack/services/", "/hooks/")
# Diretrix knows users and passwords; ours is the user `sandbox`, whose password is the key.
BASIC_PATHS = ("/diretrix/",)
BASIC_USER = "sandbox"
# A key of Stripe says what it is; Stripe's client reads its errors as objects.
STRIPE_PATHS = ("/stripe/",)
STRIPE_KEY_BEGINS = "sk_test_"
# These check their keys themselves: the tokens of one come and go, and both refuse in words of their own.
SELF_CHECKED_PATHS = ("/salesforce/", "/hubspot/")
NAP = 0.1
NONSENSE = {"ok": True, "result": []}
"""JSON with a good status that answers no question anybody asked."""


class Gate:
    """The outermost application. `closing` ends latencies early when the server stops."""

    def __init__(self, app: ASGIApp, *, key: str, plan: FaultPlan, record: Record) -> None:
        self.closing: Callable[[], bool] = lambda: False
        self._app, self._key = app, key
        self._bearer = f"Bearer {key}"
        self._stripe = f"Bearer {STRIPE_KEY_BEGINS}{key}"
        self._basic = f"Basic {base64.b64encode(f'{BASIC_USER}:{key}'.encode()).decode()}"
        self._plan = plan
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OPEN_PATHS):
            await self._app(scope, receive, send)
            return
        self._record.request(scope["path"])
        given, path = Headers(scope=scope).get("authorization", ""), scope["path"]
        wanted = self._wanted(path)
        has_key = hmac.compare_digest(given.encode("latin-1"), wanted.encode())
        if not has_key and path not in KEYLESS_PATHS and not path.startswith((*KEYLESS_BELOW, *SELF_CHECKED_PATHS)):
            scheme = wanted.partition(" ")[0]
            what = "Bearer <key>" if scheme == "Bearer" else f"Basic <{BASIC_USER}:key in base64>"
            # Resend alone tells a wrong key from none.
            status = 403 if given and path.startswith(RESEND) else 401
            refusal = f"missing or wrong key: send `Authorization: {what}`"
            await _error(path, status, refusal, {"WWW-Authenticate": scheme})(scope, receive, send)
            return
        faults = self._plan.take(targets_of(scope["path"]), scope["method"])
        if faults:
            receive = await _buffered(receive)
        times_cleared = self._record.times_cleared
        for latency in faults:
            if latency.kind == "latency":
                await self._wait(latency.seconds)
        if self._record.times_cleared != times_cleared:
            await reset(send, receive)  # a slow call of before the fresh start is no call of after it
        elif not faults or faults[-1].kind == "latency":
            await self._app(scope, receive, send)
        else:
            await self._fail(faults[-1], scope, receive, send)

    def _wanted(self, path: str) -> str:
        if path.startswith(STRIPE_PATHS):
            return self._stripe
        if path.startswith(TWILIO):
            return self._of_account(path)
        return self._basic if path.startswith(BASIC_PATHS) else self._bearer

    def _of_account(self, path: str) -> str:
        """Twilio's user is the account that the path names; its token is the key."""
        account = path.removeprefix(TWILIO).split("/")[2:3]
        pair = f"{''.join(account)}:{self._key}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    async def _fail(self, fault: FaultSpec, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "rate_limit":
            wait = {"Retry-After": f"{fault.retry_after:g}"}
            answer = _error(scope["path"], 429, "too many requests", wait, retry_after=fault.retry_after)
            await answer(scope, receive, send)
        elif fault.kind == "error":
            await _error(scope["path"], 500, "internal error (asked for)")(scope, receive, send)
        elif fault.kind == "truncate":
            await self._app(scope, receive, _cutting(send))
            await hang_up(send, receive)
        elif fault.kind == "nonsense":
            await self._app(scope, receive, _swallow)
            await JSONResponse(NONSENSE)(scope, receive, send)
        else:
            if fault.kind == "lost_answer":
                await self._app(scope, receive, _swallow)
            await reset(send, receive)

    async def _wait(self, seconds: float) -> None:
        """In naps, so that a stopping server need not sit a long latency out. The call goes on after it
        even where the client has left, as a slow vendor's would."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.closing():
            await asyncio.sleep(min(left, NAP))


def _error(path: str, status: int, words: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """An error in the shape of whose path it is."""
    if (shaped := provider_error(path, status, words, headers)) is not None:
        return shaped
    problem: Any = {"type": "api_error", "message": words} if path.startswith(STRIPE_PATHS) else words
    return JSONResponse({"error": problem, **more}, status, headers)


async def _buffered(receive: Receive) -> Receive:
    """Take the whole body in first: a client that is still sending would see a reset as something else,
    and one that leaves during a latency would take its body with it."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return receive
        body += message.get("body", b"")
        more = message.get("more_body", False)
    kept: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return kept.pop() if kept else await receive()

    return replay


async def _swallow(message: Message) -> None:
    """Take an answer that nobody will see."""


def _cutting(send: Send) -> Send:
    """Pass the headers with the full Content-Length on, and half of the body."""

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            await send({**message, "body": body[: len(body) // 2], "more_body": True})

    return cut
