"""Audience Labs over HTTP: the imports of a day and their leads. What there is, is in `audience_imports.py`."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.audience_imports import imports_of, leads_page
from lead_pipeline.sandbox.config import SandboxConfig
from lead_pipeline.sandbox.datashopper import Day
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.text import Text

LARGEST_PAGE = 100


def audience_labs_routes(config: SandboxConfig, record: Record) -> APIRouter:
    """The routes under /audience-labs/v1."""
    routes = APIRouter(prefix="/audience-labs/v1")

    @routes.get("/imports")
    async def imports(created_on: Day) -> JSONResponse:
        record.vendor_calls["audience-labs"][created_on.isoformat()] += 1
        made = imports_of(config.seed, created_on, config.today()) if config.has_imports else []
        return JSONResponse({"imports": made})

    @routes.get("/imports/{import_id}/leads")
    async def leads(
        import_id: str,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE,
        cursor: Text | None = None,
    ) -> JSONResponse:
        record.vendor_calls["audience-labs"][import_id] += 1
        found, next_cursor = leads_page(config.seed, import_id, config.today(), cursor=cursor, limit=limit)
        return JSONResponse({"leads": found, "next_cursor": next_cursor})

    return routes
