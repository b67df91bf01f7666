"""Clay's asynchronous side: an enrichment is taken now, and its contacts are sent by a signed webhook shortly after.

The people are in `people.py`, the sending in `webhook_sender.py`. Without an intake nothing is sent.
"""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Header, HTTPException
from pydantic import Field
from starlette.responses import JSONResponse

from lead_pipeline.errors import VendorRefused, VendorUnavailable
from lead_pipeline.sandbox.clay import ContactBody, contacts_of
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.seeded import number
from lead_pipeline.sandbox.text import Text
from lead_pipeline.sandbox.webhook_sender import Intake, WebhookSender
from lead_pipeline.tls import trusted

SOURCE = "clay"
SHORTLY = 0.2
"""Seconds until the webhook is sent, and until it is sent again where nobody took it; they double."""
ATTEMPTS = 6
PATIENCE = 5.0

_log = logging.getLogger(__name__)


class EnrichmentBody(ContactBody):
    """A contact search whose answer is to name the lead that it is for."""

    lead_id: Annotated[Text, Field(min_length=1, max_length=200)]


@dataclass
class Enrichments:
    """What was taken, by idempotency key, and the webhooks that are on their way."""

    seed: int
    record: Record
    intake: Intake | None
    _sender: WebhookSender | None = None
    _taken: dict[str, EnrichmentBody] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.intake is not None and self.intake.secrets.get(SOURCE):
            self._sender = WebhookSender(self.intake, httpx.Client(timeout=PATIENCE, verify=trusted()))

    def take(self, key: str, body: EnrichmentBody) -> str:
        """The request's id, the same for the same key; a webhook follows the first only.

        Raises VendorRefused (409) where the key was used for another body. Called in a running loop.
        """
        self.record.vendor_calls["clay-async"][body.lead_id] += 1
        request_id = f"enrichment-{number(self.seed, key):016x}"
        if key in self._taken:
            if self._taken[key] != body:
                raise VendorRefused("this Idempotency-Key was used for another body; take a new one", status=409)
            return request_id
        self._taken[key] = body
        if self._sender is not None:
            event = json.dumps(_event(self.seed, request_id, body)).encode()
            task = asyncio.get_running_loop().create_task(self._send(self._sender, body.lead_id, event))
            # A loop holds its tasks weakly.
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return request_id

    def clear(self) -> None:
        """Forget what was taken, and leave unsent what has not been sent."""
        self._taken.clear()
        for task in self._under_way:
            task.cancel()

    async def _send(self, sender: WebhookSender, lead_id: str, event: bytes) -> None:
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(SHORTLY * 2**attempt)
            try:
                status = await asyncio.to_thread(sender.post, SOURCE, event)
            except VendorUnavailable:
                continue
            if status < 300:
                self.record.webhooks[SOURCE][lead_id] += 1
                return
            if status < 500 and status != 429:
                _log.warning("the intake refused the enrichment of lead %s with %d", lead_id, status)
                return
        _log.warning("nobody took the enrichment of lead %s in %d attempts", lead_id, ATTEMPTS)


def clay_async_routes(enrichments: Enrichments) -> APIRouter:
    """The route under /clay/v1 that answers 202."""
    routes = APIRouter(prefix="/clay/v1")

    @routes.post("/enrichments")
    async def enrich(body: EnrichmentBody, idempotency_key: Annotated[str | None, Header()] = None) -> JSONResponse:
        if not idempotency_key:
            raise HTTPException(400, "send an Idempotency-Key header")
        return JSONResponse({"request_id": enrichments.take(idempotency_key, body)}, 202)

    return routes


def _event(seed: int, request_id: str, body: EnrichmentBody) -> dict[str, Any]:
    return {
        "event_id": request_id,
        "event_type": "enrichment.completed",
        "lead_id": body.lead_id,
        "domain": body.domain,
        "contacts": contacts_of(seed, body),
    }
