"""Receivers of our webhooks, any number of them: each verifies, knows a repeat by its id, and behaves as it is told.

<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from lead_pipeline.domain.signatures import verify_standard_webhook
from lead_pipeline.sandbox.faults import Seconds
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.text import Text


class Manner(BaseModel):
    """How a receiver behaves. Without `secrets` it takes whatever comes; `seconds`: how long an answer takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secrets: tuple[Text, ...] = ()
    status: Annotated[int, Field(ge=200, le=599)] = 200
    seconds: Seconds = 0.0
    retry_after: Seconds | None = None


@dataclass
class Hooks:
    """The receivers, and the ids that each has taken."""

    record: Record
    manners: dict[str, Manner] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)

    async def take(self, name: str, body: bytes, headers: dict[str, str]) -> JSONResponse:
        """Answer one webhook. Its effect comes before the wait, so an answer that nobody waits for is a lost one."""
        manner = self.manners.get(name, Manner())
        key = headers.get("webhook-id") or f"{name} without webhook-id"
        self.record.messages.asked("webhook", key)
        if manner.secrets and (refused := _refused(body, headers, manner.secrets)) is not None:
            return JSONResponse({"error": refused}, 401)
        is_new = 200 <= manner.status < 300 and (name, key) not in self.taken
        if is_new:
            self.taken.add((name, key))
            self.record.messages.took("webhook", key, name, {"receiver": name, "body": _shown(body)})
        if manner.seconds:
            await asyncio.sleep(manner.seconds)
        wait = {} if manner.retry_after is None else {"Retry-After": f"{manner.retry_after:g}"}
        return JSONResponse({"received": True, "is_new": is_new}, manner.status, wait)

    def clear(self) -> None:
        """Forget all receivers and ids."""
        self.manners.clear()
        self.taken.clear()


def hook_routes(hooks: Hooks) -> APIRouter:
    """/hooks/{name}, and /admin/hooks/{name}, which says how it behaves."""
    routes = APIRouter()

    @routes.post("/hooks/{name}")
    async def take(name: str, request: Request) -> JSONResponse:
        return await hooks.take(name, await request.body(), dict(request.headers))

    @routes.put("/admin/hooks/{name}")
    async def tell(name: str, manner: Manner) -> JSONResponse:
        hooks.manners[name] = manner
        return JSONResponse({"name": name, **manner.model_dump(exclude={"secrets"})})

    return routes


def _refused(body: bytes, headers: dict[str, str], secrets: tuple[str, ...]) -> str | None:
    """Why the signature does not hold, None where it does."""
    found = verify_standard_webhook(body, headers, secrets, now=time.time())
    return None if found is None else found.reason


def _shown(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
