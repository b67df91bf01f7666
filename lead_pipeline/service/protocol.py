"""HTTP/1.1 on a connection: uvicorn's protocol, with an end for connections that dawdle and for heads that are wrong.

uvicorn bounds neither the time nor the size of a request's head, and answers a head that it cannot parse in plain text.
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_SECONDS = 10.0
LINGER_SECONDS = 5.0
WHOLE = "lead_pipeline.whole"
"""In a request's scope once its last byte is here: a body that came together with its head needs no timing."""
HEAD_BYTES = 64 * 1024


class IntakeProtocol(HttpToolsProtocol):
    """Closes a connection whose request head takes too long or too much, or whose body goes on long after the answer.

    A full head mostly comes in one piece, so a timer and a count run only where it did not.
    """

    head_seconds = HEAD_SECONDS
    linger_seconds = LINGER_SECONDS

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._is_in_head = True
        self._head_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._disarm()

    def data_received(self, data: bytes) -> None:
        was_in_head = self._is_in_head
        super().data_received(data)
        if not self._is_in_head or self.transport.is_closing():
            return
        if was_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse(431, "Head too large", f"At most {HEAD_BYTES:,} bytes of headers are taken. Send fewer.")
                return
        if self._timer is None:
            self._arm(self.head_seconds)

    def on_message_begin(self) -> None:
        self._is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._head_bytes = 0
        self._disarm()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._disarm()
        self.scope[WHOLE] = True  # type: ignore[literal-required]
        self._is_in_head = self.cycle is not None and self.cycle.response_complete
        super().on_message_complete()

    def on_response_complete(self) -> None:
        answered = self.cycle
        super().on_response_complete()
        is_still_sent = self.cycle is answered and answered.more_body
        self._is_in_head = self.cycle.response_complete and not is_still_sent
        if is_still_sent and not self.transport.is_closing():
            self._arm(self.linger_seconds)  # a sender reads the answer only once it has sent everything

    def send_400_response(self, msg: str) -> None:
        """The problem document of a head that is not HTTP."""
        self._refuse(400, "Bad request", f"{msg} Send HTTP/1.1.")

    def _refuse(self, status: int, title: str, detail: str) -> None:
        kind = f"urn:lead-pipeline:problem:{title.lower().replace(' ', '-')}"
        body = json.dumps({"type": kind, "title": title, "status": status, "detail": detail}).encode()
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._too_late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self._timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._arm(self.head_seconds)  # the next request dawdles while this one is being answered
        elif not self.transport.is_closing():
            self.transport.close()
