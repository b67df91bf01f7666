"""Work on demand: the request is landed as a drop, and a sensor starts the run. Starts nothing itself."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID, uuid4

import psycopg
from anyio import to_thread
from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from lead_pipeline.domain.webhooks import parse_body
from lead_pipeline.errors import NotFound
from lead_pipeline.service.authorisation import AdminKey
from lead_pipeline.service.context import Intake, intake_of
from lead_pipeline.service.landing import Landing
from lead_pipeline.service.openapi import BODY_PROBLEMS, problems
from lead_pipeline.service.problems import fields_problem
from lead_pipeline.store.connections import connect
from lead_pipeline.store.wanted import has_lead, has_query

_EVENT = re.compile("[!-~]{1,200}")
_Event = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The caller's own name for this request: sent again, it starts no more.",
        json_schema_extra={"pattern": f"^{_EVENT.pattern}$"},
    ),
]
_Known = Callable[[psycopg.Connection, str, UUID], bool]
_Wanted = TypeVar("_Wanted", bound=BaseModel)
_Route = TypeVar("_Route", bound=Callable[..., Any])
router = APIRouter(tags=["admin"])


class QueryWanted(BaseModel):
    """Which standing query to run."""

    model_config = ConfigDict(extra="forbid")
    query_id: UUID = Field(examples=["019b76da-a800-4000-8000-000000000001"])


class LeadWanted(BaseModel):
    """Which lead to enrich."""

    model_config = ConfigDict(extra="forbid")
    lead_id: UUID = Field(examples=["019b76da-a800-7000-8000-000000000001"])


class RequestAnswer(BaseModel):
    """The request is kept; a run serves it."""

    model_config = ConfigDict(json_schema_extra={"example": {"success": True, "requestId": 17}})
    success: Literal[True] = True
    request_id: int = Field(serialization_alias="requestId", description="What it is kept as.")


_RESPONSES: dict[int | str, dict[str, Any]] = problems(401, 403, 404, *BODY_PROBLEMS, 422, 500, 503)


def _trigger(path: str, summary: str, wanted: type[BaseModel]) -> Callable[[_Route], _Route]:
    """A route whose body is `wanted`, described but read by the route itself: the key is checked first."""
    content = {"application/json": {"schema": wanted.model_json_schema()}}
    return router.post(
        path,
        summary=summary,
        status_code=202,
        response_model=RequestAnswer,
        responses=_RESPONSES,
        openapi_extra={"requestBody": {"required": True, "content": content}},
    )


@_trigger("/api/admin/trigger-lead-generation", "Run a standing query now", QueryWanted)
async def trigger_lead_generation(request: Request, key: AdminKey, event: _Event = None) -> Response:
    """A run that asks the vendor for what the query finds today."""
    wanted = (await _wanted(request, QueryWanted)).query_id
    return await _land(request, key.workspace_id, "trigger-lead-generation", ("query_id", wanted, has_query), event)


@_trigger("/api/admin/trigger-enrichment", "Enrich a lead now", LeadWanted)
async def trigger_enrichment(request: Request, key: AdminKey, event: _Event = None) -> Response:
    """A run that asks the vendor for the contacts of the lead's company."""
    wanted = (await _wanted(request, LeadWanted)).lead_id
    return await _land(request, key.workspace_id, "trigger-enrichment", ("lead_id", wanted, has_lead), event)


async def _wanted(request: Request, model: type[_Wanted]) -> _Wanted:
    """The body, read after the key was checked."""
    try:
        return model.model_validate(parse_body(await request.body()))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        errors = [{"field": ".".join(map(str, item["loc"])), "message": item["msg"]} for item in found]
    except ValueError as error:
        errors = [{"field": "", "message": str(error)}]
    raise fields_problem(errors)


async def _land(
    request: Request, workspace_id: str, name: str, what: tuple[str, UUID, _Known], event: str | None
) -> Response:
    field, wanted, is_known = what
    if event is not None and not _EVENT.fullmatch(event):
        errors = [{"field": "Idempotency-Key", "message": "Send 1 to 200 visible ASCII characters."}]
        raise fields_problem(errors)
    intake = intake_of(request)
    if not await to_thread.run_sync(_is_known, intake, is_known, workspace_id, wanted):
        raise NotFound(f"no {field} {wanted} in this workspace. Check the id, and that the key is this workspace's.")
    request_id, _ = await intake.landing.land(
        Landing(
            source="admin",
            kind="request",
            event_type=name,
            external_id=f"{name}/{workspace_id}/{event}" if event else f"{name}/{uuid4()}",
            body=json.dumps({field: str(wanted)}).encode(),
            received_at=intake.clock(),
            workspace=workspace_id,
            stage="kept",
        )
    )
    answer = RequestAnswer(request_id=request_id)
    return Response(answer.model_dump_json(by_alias=True), 202, media_type="application/json")


def _is_known(intake: Intake, is_known: _Known, workspace_id: str, wanted: UUID) -> bool:
    with connect(intake.url, autocommit=True) as conn:
        return is_known(conn, workspace_id, wanted)
