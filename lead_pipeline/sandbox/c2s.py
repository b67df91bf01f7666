"""Contact2Sale over HTTP: subscriptions, leads and the messages on them, so many calls a minute.

Any lead id exists. A message is never taken for a repeat of another, so a double send shows.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.brazil import KNOWN, brazilian
from lead_pipeline.sandbox.call_limit import CallLimit
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.seeded import number
from lead_pipeline.sandbox.text import Text

Action = Literal["on_create_lead", "on_update_lead", "on_close_lead"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubscribeBody(_Part):
    """What is posted where, and with which headers."""

    hook_url: Annotated[Text, Field(pattern="^https?://", max_length=2000)]
    hook_action: Annotated[list[Action], Field(min_length=1)]
    headers: dict[Text, Text] = {}


class UnsubscribeBody(_Part):
    """One action."""

    hook_action: Action


class MessageBody(_Part):
    """One message, and what its sender calls it."""

    message: Annotated[Text, Field(min_length=1, max_length=10_000)]
    external_id: Text | None = None


@dataclass
class Crm:
    """What the CRM keeps: a hook per action, the messages of each lead, and the calls of the last minute."""

    record: Record
    limit: CallLimit
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, list[dict[str, str | None]]] = field(default_factory=lambda: defaultdict(list))

    def write(self, lead_id: str, body: MessageBody) -> str:
        """Add a message to a lead. Its id."""
        kept = self.messages[lead_id]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        kept.append({"message": body.message, "external_id": body.external_id, "created_at": now})
        self.record.crm_message(lead_id, body.external_id, body.message)
        return f"message-{number(lead_id, len(kept)):016x}"

    def clear(self) -> None:
        """Forget all of it."""
        for part in (self.limit, self.hooks, self.messages):
            part.clear()


def c2s_routes(seed: int, crm: Crm) -> APIRouter:
    """The routes under /c2s/v1. Every call that is not one too many counts for the limit."""

    async def counted() -> None:
        crm.limit.take()

    routes = APIRouter(prefix="/c2s/v1", dependencies=[Depends(counted)])
    calls = crm.record.vendor_calls

    @routes.post("/subscribe")
    async def subscribe(body: SubscribeBody) -> JSONResponse:
        calls["c2s"]["subscribe"] += 1
        hook = {"hook_url": body.hook_url, "headers": sorted(body.headers)}
        crm.hooks.update((action, hook) for action in body.hook_action)
        return JSONResponse({"success": True, "message": "Subscribed successfully"})

    @routes.post("/unsubscribe")
    async def unsubscribe(body: UnsubscribeBody) -> JSONResponse:
        calls["c2s"]["unsubscribe"] += 1
        crm.hooks.pop(body.hook_action, None)
        return JSONResponse({"success": True, "message": "Unsubscribed successfully"})

    @routes.get("/subscriptions")
    async def subscriptions() -> JSONResponse:
        calls["c2s"]["subscriptions"] += 1
        return JSONResponse({"subscriptions": [{"hook_action": action, **hook} for action, hook in crm.hooks.items()]})

    @routes.get("/leads/{lead_id}")
    async def lead(lead_id: str) -> JSONResponse:
        calls["c2s"][lead_id] += 1
        person = brazilian(seed, number(lead_id) % KNOWN)
        customer = {"name": person.name, "email": person.emails[0], "phone": person.phones[0]}
        attributes = {"customer": customer, "messages": crm.messages.get(lead_id, [])}
        return JSONResponse({"id": lead_id, "attributes": attributes})

    @routes.post("/leads/{lead_id}/messages")
    async def send_message(lead_id: str, body: MessageBody) -> JSONResponse:
        calls["c2s"][lead_id] += 1
        return JSONResponse({"id": crm.write(lead_id, body)}, 201)

    return routes
