"""Whether the process is up, whether it can work, and what it counted."""

import asyncio

import psycopg
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import JSONResponse, Response

from lead_pipeline.service.context import intake_of
from lead_pipeline.service.openapi import problems
from lead_pipeline.service.problems import RETRY_SECONDS, Problem
from lead_pipeline.store.schema import newest_version

READY_SECONDS = 1.0
router = APIRouter(tags=["operation"])
_STATUS = {
    "content": {
        "application/json": {
            "schema": {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}
        }
    }
}


@router.get("/healthz", summary="Is the process up?", response_class=JSONResponse, responses={200: _STATUS})
async def healthz() -> Response:
    """Always 200 while the process answers at all. It asks nothing of the database."""
    return JSONResponse({"status": "ok"})


@router.get(
    "/readyz",
    summary="Can it take requests?",
    response_class=JSONResponse,
    responses={200: _STATUS, **problems(503)},
)
async def readyz(request: Request) -> Response:
    """200 where the database answers within a second and its schema is the newest; else 503."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            version = await _version(intake_of(request).url)
    except (psycopg.Error, TimeoutError):
        raise _not_ready("Postgres does not answer. Check DATABASE_URL and the server.") from None
    newest = await asyncio.to_thread(newest_version)
    if version != newest:
        raise _not_ready(f"The schema is at {version}, not at {newest}. Run `lead-pipeline db migrate`, then restart.")
    return JSONResponse({"status": "ok"})


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Requests by source and outcome, time and size of commits, drops that wait."""
    return Response(intake_of(request).metrics.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})


async def _version(url: str) -> str | None:
    conn = await psycopg.AsyncConnection.connect(url, autocommit=True, application_name="lead_pipeline readiness")
    try:
        row = await (await conn.execute("SELECT version_num FROM public.alembic_version")).fetchone()
    finally:
        conn.pgconn.finish()
    return None if row is None else str(row[0])


def _not_ready(detail: str) -> Problem:
    return Problem(503, "Not ready", detail, headers={"Retry-After": str(RETRY_SECONDS)})
