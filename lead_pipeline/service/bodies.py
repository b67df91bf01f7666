"""How much of a body is taken, how fast it must come, and how it may be packed. Pure ASGI; reads nothing by itself.

The application receives decoded bytes as if they had been sent so; what breaks a bound is raised from its `receive`,
as the problem that it is. Slow request heads are `protocol`'s business.
"""

import asyncio
import zlib
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lead_pipeline.service.problems import Problem
from lead_pipeline.service.protocol import WHOLE

IDLE_SECONDS = 10.0
GRACE_SECONDS = 20.0
SLOWEST_BYTES_PER_SECOND = 16 * 1024
_STEP = 64 * 1024
_GZIP = 31  # zlib's window bits for a gzip header
_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))


class BodyBounds:
    """Middleware. `limit_of` gives the bytes that a path's body may have, packed and unpacked.

    A sender may pause for `idle` seconds, and be slower than the least rate for `grace` seconds.
    """

    def __init__(
        self, app: ASGIApp, *, limit_of: Callable[[str], int], idle: float | None = None, grace: float | None = None
    ) -> None:
        self._app, self._limit_of = app, limit_of
        self._idle = IDLE_SECONDS if idle is None else idle
        self._grace = GRACE_SECONDS if grace is None else grace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _WITH_BODY:
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        encoding, length = "", b""
        for name, value in scope["headers"]:
            if name == b"content-encoding":
                encoding += ("," if encoding else "") + value.decode("latin-1").strip().lower()
            elif name == b"content-length":
                length = value
        if not encoding and length and int(length) <= limit and WHOLE in scope:
            await self._app(scope, receive, send)
            return
        body = _Body(receive, limit, self._idle, self._grace)
        if encoding in ("", "identity"):
            source: Receive = body.receive
        elif encoding in ("gzip", "x-gzip"):
            source = _Unpacked(body, limit).receive
        else:
            body.refusal = Problem(
                415, "Encoding not taken", "Send the body plain, or with Content-Encoding: gzip.",
                headers={"Accept-Encoding": "gzip, identity"},
            )  # fmt: skip
            source = body.receive
        if length and int(length) > limit:
            body.refusal = _too_large(limit, leaving="expect" in Headers(scope=scope))
        await self._app(scope, source, send)


class _Body:
    """The bytes as they come, counted and timed. Once they have ended, `receive` waits for the client to leave."""

    def __init__(self, receive: Receive, limit: int, idle: float, grace: float) -> None:
        self._receive, self._limit, self._idle, self._grace = receive, limit, idle, grace
        self._loop = asyncio.get_running_loop()
        self._begin = self._loop.time()
        self.size = 0
        self.refusal: Problem | None = None
        self.is_whole = False

    async def receive(self) -> Message:
        if self.is_whole:
            return await self._receive()
        if self.refusal is not None:
            raise self.refusal
        try:
            async with asyncio.timeout_at(self._deadline()):
                message = await self._receive()
        except TimeoutError:
            self.refusal = Problem(
                408, "Too slow", "The body stopped coming, or came too slowly. Send it again, in one go.",
                headers={"Connection": "close"},
            )  # fmt: skip
            raise self.refusal from None
        self.size += len(message.get("body", b""))
        if self.size > self._limit:
            self.refusal = _too_large(self._limit)
            raise self.refusal
        self.is_whole = not message.get("more_body", False)
        return message

    def _deadline(self) -> float:
        due = self._begin + self._grace + self.size / SLOWEST_BYTES_PER_SECOND
        return min(self._loop.time() + self._idle, due)


class _Unpacked:
    """The bytes of a gzip body, at most a step at a time, so that a bomb never unfolds."""

    def __init__(self, body: _Body, limit: int) -> None:
        self._body, self._limit = body, limit
        self._unpacker = zlib.decompressobj(_GZIP)
        self._packed, self.size, self._holds_more = b"", 0, False
        self._ended: Message | None = None

    async def receive(self) -> Message:
        if self._ended is not None:
            return await self._body.receive()
        if not self._packed and not self._holds_more and not self._body.is_whole:
            message = await self._body.receive()
            if message["type"] != "http.request":
                self._ended = message
                return message
            self._packed = message.get("body", b"")
        plain = self._next()
        self.size += len(plain)
        if self.size > self._limit:
            raise _too_large(self._limit)
        more = bool(self._packed) or self._holds_more or not self._body.is_whole
        if not more and self._body.size and not self._unpacker.eof:
            raise Problem(400, "Body cut off", "The gzip stream ends too early. Send it again, whole.")
        message = {"type": "http.request", "body": plain, "more_body": more}
        if not more:
            self._ended = message
        return message

    def _next(self) -> bytes:
        if not self._packed and not self._holds_more:
            return b""
        try:
            if self._unpacker.eof:  # a second member, as `cat a.gz b.gz` makes it
                self._unpacker = zlib.decompressobj(_GZIP)
            plain = self._unpacker.decompress(self._packed, _STEP)
        except zlib.error:
            raise Problem(400, "Not gzip", "Content-Encoding says gzip; the body is not. Mend one of them.") from None
        is_over = self._unpacker.eof
        self._packed = self._unpacker.unused_data if is_over else self._unpacker.unconsumed_tail
        self._holds_more = not is_over and len(plain) == _STEP  # zlib may have taken all, and not given all yet
        return plain


def _too_large(limit: int, *, leaving: bool = False) -> Problem:
    """`leaving`: the client waits with its body for a word of ours, and this is it."""
    return Problem(
        413, "Body too large", f"At most {limit:,} bytes are taken here, unpacked ones counted. Send less at a time.",
        headers={"Connection": "close"} if leaving else None, limit_bytes=limit,
    )  # fmt: skip
