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
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lead_pipeline.sandbox.faults import FaultPlan, FaultSpec, targets_of
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.transport import hang_up, reset

OPEN_PATHS = ("/healthz", "/admin/")
# Slack's webhooks carry no key: the address is the secret.
KEYLESS_PATHS = ("/alerts",)
# Diretrix knows users and passwords; ours is the user `sandbox`, whose password is the key.
BASIC_PATHS = ("/diretrix/",)
BASIC_USER = "sandbox"
# A key of Stripe says what it is; Stripe's client reads its errors as objects.
STRIPE_PATHS = ("/stripe/",)
STRIPE_KEY_BEGINS = "sk_test_"
NAP = 0.1
NONSENSE = {"ok": True, "result": []}
"""JSON with a good status that answers no question anybody asked."""


class Gate:
    """The outermost application. `closing` ends latencies early when the server stops."""

    def __init__(self, app: ASGIApp, *, key: str, plan: FaultPlan, record: Record) -> None:
        self.closing: Callable[[], bool] = lambda: False
        self._app = app
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
        given = Headers(scope=scope).get("authorization", "")
        wanted = self._wanted(scope["path"])
        has_key = hmac.compare_digest(given.encode("latin-1"), wanted.encode())
        if not has_key and scope["path"] not in KEYLESS_PATHS:
            scheme = wanted.partition(" ")[0]
            what = "Bearer <key>" if scheme == "Bearer" else f"Basic <{BASIC_USER}:key in base64>"
            refusal = _problem(scope, f"missing or wrong key: send `Authorization: {what}`")
            await JSONResponse(refusal, 401, {"WWW-Authenticate": scheme})(scope, receive, send)
            return
        faults = self._plan.take(targets_of(scope["path"]), scope["method"])
        if faults:
            receive = await _buffered(receive)
        for latency in faults:
            if latency.kind == "latency":
                await self._wait(latency.seconds)
        if not faults or faults[-1].kind == "latency":
            await self._app(scope, receive, send)
        else:
            await self._fail(faults[-1], scope, receive, send)

    def _wanted(self, path: str) -> str:
        if path.startswith(STRIPE_PATHS):
            return self._stripe
        return self._basic if path.startswith(BASIC_PATHS) else self._bearer

    async def _fail(self, fault: FaultSpec, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "rate_limit":
            answer = JSONResponse(
                {**_problem(scope, "too many requests"), "retry_after": fault.retry_after},
                429,
                {"Retry-After": f"{fault.retry_after:g}"},
            )
            await answer(scope, receive, send)
        elif fault.kind == "error":
            await JSONResponse(_problem(scope, "internal error (asked for)"), 500)(scope, receive, send)
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


def _problem(scope: Scope, words: str) -> dict[str, Any]:
    if scope["path"].startswith(STRIPE_PATHS):
        return {"error": {"type": "api_error", "message": words}}
    return {"error": words}


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
