"""The six platforms over HTTP: lead batches under an idempotency key. What is kept is in `batches.py`."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.batches import BatchStore
from lead_pipeline.sandbox.text import Text


class LeadRow(BaseModel):
    """One lead: an id, and whatever else the sender has; each row is judged by itself."""

    model_config = ConfigDict(extra="allow")

    id: Annotated[Text, Field(min_length=1)] | StrictInt


class BatchBody(BaseModel):
    """1 to 200 leads."""

    model_config = ConfigDict(extra="forbid")

    leads: Annotated[list[LeadRow], Field(min_length=1, max_length=200)]


def platform_routes(stores: Mapping[str, BatchStore]) -> APIRouter:
    """The routes under /platforms/{platform}, for the platforms that have a store."""
    routes = APIRouter(prefix="/platforms/{platform}")

    def store_of(platform: str) -> BatchStore:
        if platform not in stores:
            raise HTTPException(404, f"no platform {platform}; there are {', '.join(stores)}")
        return stores[platform]

    @routes.post("/leads/batch")
    async def take_batch(
        platform: str, body: BatchBody, idempotency_key: Annotated[str | None, Header()] = None
    ) -> JSONResponse:
        store = store_of(platform)
        if not idempotency_key:
            raise HTTPException(400, "send an Idempotency-Key header")
        answer, replayed = store.commit(idempotency_key, [lead.model_dump() for lead in body.leads])
        return JSONResponse(answer, headers={"Idempotent-Replayed": "true"} if replayed else None)

    @routes.get("/batches/{idempotency_key:path}")
    async def stored_answer(platform: str, idempotency_key: str) -> JSONResponse:
        answer = store_of(platform).answer(idempotency_key)
        if answer is None:
            raise HTTPException(404, "nothing was committed under this key; the batch may be sent")
        return JSONResponse(answer)

    @routes.get("/leads")
    async def taken_leads(platform: str) -> JSONResponse:
        return JSONResponse({"leads": list(store_of(platform).leads.values())})

    return routes
