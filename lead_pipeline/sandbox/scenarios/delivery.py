"""One message to the intake service: signed, sent, sent again where it asks for patience, and its answer read.

Holds no schedule. Messages about one subject wait for one another here, unless they are to come together.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from lead_pipeline.errors import SettingsError, VendorUnavailable
from lead_pipeline.sandbox.scenarios.requests import SignedRequest, request_of
from lead_pipeline.sandbox.scenarios.scenario import Message
from lead_pipeline.sandbox.scenarios.tally import Answered
from lead_pipeline.sandbox.webhook_sender import Intake

PATIENCE, LONGEST_PAUSE, PAUSE = 60.0, 30.0, 0.5
_BUSY = (429, 503)
_NOT_SET_UP = "Not set up"


def utc_now() -> datetime:
    """The clock that messages are signed by."""
    return datetime.now(UTC)


class Courier:
    """Delivers the messages of one play."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        intake: Intake,
        *,
        workspace: str | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client, self._intake, self._workspace, self._clock = client, intake, workspace, clock
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._first: dict[str, SignedRequest] = {}

    async def deliver(self, message: Message) -> Answered:
        """The intake's answer. Raises VendorUnavailable where it does not answer for a minute, SettingsError where it
        has no secret for the source."""
        if message.together:
            return await self._send(message)
        async with self._turns[message.about]:
            return await self._send(message)

    async def _send(self, message: Message) -> Answered:
        end, attempts = time.monotonic() + PATIENCE, 0
        while True:
            attempts += 1
            pause, response = PAUSE, None
            try:
                response = await self._post(message)
            except httpx.TransportError as error:
                if time.monotonic() > end:
                    raise VendorUnavailable(
                        f"the intake service at {self._intake.url} stopped answering ({type(error).__name__})."
                    ) from error
            if response is not None:
                if response.status_code not in _BUSY or time.monotonic() > end:
                    return _read(message, response, attempts)
                _raise_if_not_set_up(response)
                pause = _retry_after(response)
            await asyncio.sleep(pause)

    async def _post(self, message: Message) -> httpx.Response:
        request = self._first.get(message.about) if message.again else None
        if request is None:
            # Signed at each attempt: one that has waited would be too old.
            secret = self._intake.secret(message.source)
            request = request_of(message, secret, self._clock(), workspace=self._workspace)
            self._first.setdefault(message.about, request)
        url = self._intake.address(message.source)
        return await self._client.post(url, content=request.body, headers=request.headers)


def _read(message: Message, response: httpx.Response, attempts: int) -> Answered:
    try:
        document = response.json()
    except ValueError:
        document = {}
    told = document if isinstance(document, dict) else {}
    if not response.is_success:
        return Answered(f"refused {response.status_code}", str(told.get("detail", "")))
    status = str(told.get("status", f"answered {response.status_code}"))
    if attempts > 1 and status == "duplicate" and message.expected == "accepted":
        status = "accepted"  # by an attempt whose answer was lost
    return Answered(status, str(told.get("reason", "")))


def _raise_if_not_set_up(response: httpx.Response) -> None:
    """A service without a secret says 503 too, and waiting does not give it one."""
    if _NOT_SET_UP in response.text:
        raise SettingsError(f"the intake service refuses: {_detail(response)}")


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return response.text[:200]


def _retry_after(response: httpx.Response) -> float:
    try:
        return min(max(float(response.headers["retry-after"]), PAUSE), LONGEST_PAUSE)
    except (KeyError, ValueError):
        return PAUSE
