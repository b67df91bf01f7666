"""Suppliers' leads: key, allowance, fields, category; landed, then decided before the answer. The steps do the work."""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any
from uuid import uuid4

import psycopg
from fastapi import APIRouter, FastAPI, Header, Path, Request, Security
from psycopg_pool import ConnectionPool
from starlette.responses import JSONResponse, Response

from lead_pipeline.contracts.supplier_leads import SupplierLead, read_supplier_lead
from lead_pipeline.errors import LeadPipelineError, NotFound, TransientError
from lead_pipeline.service.authorisation import SUPPLIER_HEADER, SUPPLIER_SCHEME
from lead_pipeline.service.context import Intake, intake_of
from lead_pipeline.service.gathering import Gathering
from lead_pipeline.service.ingest_answers import (
    INGEST_REQUEST,
    REFUSED_EXAMPLE,
    IngestAnswer,
    LeadStatus,
    refused_fields,
)
from lead_pipeline.service.landing import Landing
from lead_pipeline.service.openapi import BODY_PROBLEMS, problems
from lead_pipeline.service.problems import Problem, fields_problem
from lead_pipeline.steps.admit_leads import Admitted, Allowance, Sent, admit, check_lead
from lead_pipeline.steps.ingest_lead import decide_leads, external_id
from lead_pipeline.steps.keys import check_key
from lead_pipeline.steps.offer_leads import offer_header
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import open_pool
from lead_pipeline.store.supplier_drops import SupplierDrop, drop_of_supplier

CONNECTIONS, WAIT_SECONDS = 4, 3.0
PATIENCE, MOMENT = 0.02, 0.003
"""Seconds that a decision waits for leads that are being admitted, and for whoever was answered just now."""
_EVENT = re.compile("[!-~]{1,200}")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    intake: Intake = app.state.intake
    run = Run(f"ingest-{uuid4()}", intake.clock)
    with open_pool(intake.url, size=CONNECTIONS, wait=WAIT_SECONDS) as pool:
        yield {
            "supplier_pool": pool,
            "admitting": Gathering(partial(_admit, intake, pool)),
            "deciding": Gathering(partial(_decide, pool, run), patience=PATIENCE, moment=MOMENT),
        }


router = APIRouter(tags=["suppliers"], lifespan=_lifespan)
_Key = Annotated[str | None, Security(SUPPLIER_SCHEME)]
_Event = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The supplier's own name for this lead: sent again, it adds nothing.",
        json_schema_extra={"pattern": f"^{_EVENT.pattern}$"},
    ),
]


@router.post(
    "/api/leads/ingest",
    summary="Send a lead",
    status_code=201,
    response_model=IngestAnswer,
    responses={
        200: {"description": "The lead is known, or the same request came before.", "model": IngestAnswer},
        202: {"description": "Kept; it is decided within seconds.", "model": IngestAnswer},
        **problems(401, 403, *BODY_PROBLEMS, 422, 429, 500, 503),
    },
    openapi_extra=INGEST_REQUEST,
)
async def ingest(request: Request, sent: _Key, event: _Event = None) -> Response:
    """The lead is durable, validated, routed and assigned when the answer comes.

    422 names each field; with a `dropId` the lead is kept, and the seller can repair it.
    """
    intake = intake_of(request)
    body = await request.body()
    lead, faults = read_supplier_lead(body)
    deciding: Gathering[int, SupplierDrop | None] = request.state.deciding
    with deciding.expected():
        admitted = await _admitted(request, Sent(sent, lead))
        if event is not None and not _EVENT.fullmatch(event):
            raise fields_problem([{"field": "Idempotency-Key", "message": "Send 1 to 200 visible ASCII characters."}])
        if lead is None:
            raise fields_problem(faults)
        check_lead(lead, admitted)
        drop_id, is_new = await intake.landing.land(
            Landing(
                source="supplier",
                kind="supplier_lead",
                external_id=external_id(admitted.key, body, event),
                body=body,
                received_at=intake.clock(),
                workspace=admitted.key.workspace_id,
                headers=_headers(lead, admitted),
            )
        )
    intake.counts.add("supplier", "landed" if is_new else "duplicate")
    return _answer(await deciding.answer(drop_id), drop_id, body, is_new=is_new)


@router.get(
    "/api/leads/ingest/{drop_id}",
    summary="What became of a lead",
    response_model=LeadStatus,
    responses=problems(401, 403, 404, 422, 500, 503),
)
def status(request: Request, sent: _Key, drop_id: Annotated[int, Path(ge=1, lt=1 << 63)]) -> Response:
    """Of the supplier's own leads only; another's is as unknown as one that never was."""
    intake = intake_of(request)
    pool: ConnectionPool = request.state.supplier_pool
    with pool.connection() as conn:
        key = check_key(conn, sent, "ingest", header=SUPPLIER_HEADER, now=intake.clock())
        drop = drop_of_supplier(conn, drop_id, key.supplier_id or "")
    if drop is None:
        raise NotFound(f"this supplier sent no lead {drop_id}. Take the dropId from the answer to the lead.")
    return JSONResponse(LeadStatus.of(drop).model_dump(mode="json", by_alias=True))


async def _admitted(request: Request, sent: Sent) -> Admitted:
    admitting: Gathering[Sent, Admitted | LeadPipelineError] = request.state.admitting
    answer = await admitting.answer(sent)
    if isinstance(answer, LeadPipelineError):
        raise answer
    return answer


def _headers(lead: SupplierLead, admitted: Admitted) -> str:
    headers: dict[str, Any] = {
        "supplier_id": admitted.key.supplier_id,
        "key_id": admitted.key.key_id,
        "campaign_id": lead.campaign_id,
        "category_id": lead.category_id,
    }
    offer = admitted.offer
    return json.dumps(headers if offer is None else {**headers, "offer": offer_header(lead, offer)})


def _admit(intake: Intake, pool: ConnectionPool, sent: Sequence[Sent]) -> list[Admitted | LeadPipelineError]:
    allowance = Allowance(intake.settings.ingest_per_minute)
    with pool.connection() as conn:
        return admit(conn, sent, header=SUPPLIER_HEADER, allowance=allowance, now=intake.clock())


def _decide(pool: ConnectionPool, run: Run, drop_ids: Sequence[int]) -> list[SupplierDrop | None]:
    """None of them where the database goes away meanwhile: they are landed, and a sensor decides them."""
    try:
        with pool.connection() as conn:
            found = decide_leads(conn, sorted(set(drop_ids)), run)
    except (TransientError, psycopg.OperationalError):
        found = {}
    return [found.get(drop_id) for drop_id in drop_ids]


def _answer(drop: SupplierDrop | None, drop_id: int, body: bytes, *, is_new: bool) -> Response:
    if drop is not None and not is_new and not drop.holds(body):
        message = f"This name was sent before with another body (dropId {drop_id}). Send each lead under its own."
        raise fields_problem([{"field": "Idempotency-Key", "message": message}], dropId=drop_id)
    if drop is None or drop.status == "pending":
        return _json(IngestAnswer(drop_id=drop_id, status="accepted"), 202)
    if drop.status == "refused":
        raise Problem(422, "Lead refused", REFUSED_EXAMPLE, errors=refused_fields(drop), dropId=drop_id)
    if not is_new or drop.status == "duplicate":
        return _json(IngestAnswer.of(drop, "duplicate"), 200)
    return _json(IngestAnswer.of(drop, "accepted"), 201)


def _json(answer: IngestAnswer, status: int) -> Response:
    return Response(answer.model_dump_json(by_alias=True), status, media_type="application/json")
