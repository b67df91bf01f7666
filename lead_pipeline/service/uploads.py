"""CSV uploads: take a file, answer its summary or its job, and tell how far a job is. The steps do the work.

A file is spooled to disk while it comes; everything that blocks runs in one of two threads kept for uploads.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any
from uuid import UUID, uuid4

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from lead_pipeline.errors import NotFound
from lead_pipeline.service.authorisation import UploadKey
from lead_pipeline.service.context import Intake, intake_of
from lead_pipeline.service.openapi import BODY_PROBLEMS, problems
from lead_pipeline.service.problems import Problem
from lead_pipeline.service.upload_answers import JOB_PATH, JobAnswer, PreviewAnswer
from lead_pipeline.service.upload_form import FIELD_BYTES, FORM_REQUEST, MOST_FIELDS, SentFile, sent_file
from lead_pipeline.steps.failed_rows import failed_rows
from lead_pipeline.steps.land_upload import counted_file, import_small, land_upload
from lead_pipeline.steps.preview_csv import preview_csv
from lead_pipeline.steps.run import Run
from lead_pipeline.store.api_keys import ApiKey
from lead_pipeline.store.connections import connect
from lead_pipeline.store.upload_jobs import UploadJob, job_of_drop, job_of_workspace, reopen_job, routing_of_drop

AT_ONCE = 2
_LOCATION: dict[str, Any] = {"Location": {"description": "Where the job is.", "schema": {"type": "string"}}}
_CSV = {"content": {"text/csv": {"schema": {"type": "string"}, "example": "row,column,check,value,Email\n3,email,invalid_email,no-at-sign,no-at-sign\n"}}}  # fmt: skip # noqa: E501


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield {"uploads_at_once": CapacityLimiter(AT_ONCE)}


router = APIRouter(tags=["uploads"], lifespan=_lifespan)


@router.post(
    "/api/leads/bulk-upload",
    summary="Upload a CSV file",
    response_model=JobAnswer | PreviewAnswer,
    responses={
        200: {"description": "Imported, known already, or (dry_run) previewed.", "headers": _LOCATION},
        202: {"description": "Kept; a run imports it.", "model": JobAnswer, "headers": _LOCATION},
        **problems(401, 403, *BODY_PROBLEMS, 422, 429, 500, 503),
    },
    openapi_extra=FORM_REQUEST,
)
async def upload(
    request: Request,
    key: UploadKey,
    dry_run: Annotated[bool, Query(description="Tell what it would do, and write nothing.")] = False,
) -> Response:
    """Up to 1,000 rows are imported before the answer (200), more by a run (202: ask at Location).

    The pro plan takes 10,000 rows in a file, the free plan 100; a workspace uploads 10 files in any hour. The same
    file again, read the same way, answers with its first job and counts for nothing.
    """
    limiter: CapacityLimiter = request.state.uploads_at_once
    async with request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES) as form:
        work = partial(_preview if dry_run else _take, intake_of(request), key, sent_file(form))
        return await to_thread.run_sync(work, limiter=limiter)


@router.get(
    JOB_PATH, summary="How far a job is", response_model=JobAnswer, responses=problems(401, 403, 404, 422, 500, 503)
)
def job(request: Request, key: UploadKey, job_id: UUID) -> Response:
    """Another workspace's job is as unknown as one that never was (404); what is no UUID is 422."""
    intake = intake_of(request)
    return _job_answer(intake, _job(intake, key, job_id))


@router.get(
    f"{JOB_PATH}/errors",
    summary="A job's failed rows as CSV",
    response_class=StreamingResponse,
    responses={200: _CSV, **problems(401, 403, 404, 422, 500, 503)},
)
def errors(request: Request, key: UploadKey, job_id: UUID) -> Response:
    """One line per row and reason: `row` (1 is the first after the header), column, check, value, the row's own cells.

    A cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    intake = intake_of(request)
    found = _job(intake, key, job_id)
    disposition = f'attachment; filename="failed-rows-{found.job_id}.csv"'
    return StreamingResponse(
        failed_rows(intake.url, found.drop_id), media_type="text/csv", headers={"Content-Disposition": disposition}
    )


@router.post(
    f"{JOB_PATH}/retry",
    summary="Try a failed job again",
    status_code=202,
    response_model=JobAnswer,
    responses=problems(401, 403, 404, 409, 422, 500, 503),
)
def retry(request: Request, key: UploadKey, job_id: UUID) -> Response:
    """What was imported stays; a run goes on from there. 409 where the job has not failed."""
    intake = intake_of(request)
    found = _job(intake, key, job_id)
    with connect(intake.url, autocommit=True) as conn:
        if not reopen_job(conn, found.drop_id, now=intake.clock()):
            raise Problem(409, "Not failed", f"This job is {found.status}; only a failed one is tried again.")
    return _job_answer(intake, _job(intake, key, job_id), status=202)


def _take(intake: Intake, key: ApiKey, sent: SentFile) -> Response:
    settings, run = intake.settings, Run(f"upload-{uuid4()}", intake.clock)
    file = counted_file(sent.stream, sent.name, sent.reading, key.plan)
    landed = land_upload(
        intake.url, settings.blobs, file, key, source=sent.source, per_hour=settings.uploads_per_hour, run=run
    )
    is_over = import_small(intake.url, settings.blobs, file, landed, run)
    with connect(intake.url, autocommit=True) as conn:
        found = job_of_drop(conn, landed.drop_id)
    return _job_answer(intake, found, status=202 if landed.is_new and not is_over else 200, duplicate=not landed.is_new)


def _preview(intake: Intake, key: ApiKey, sent: SentFile) -> Response:
    file = counted_file(sent.stream, sent.name, sent.reading, key.plan)
    run = Run("preview", intake.clock)
    return _json(PreviewAnswer.of(preview_csv(intake.url, file, key.workspace_id, key.country, run)))


def _job(intake: Intake, key: ApiKey, job_id: UUID) -> UploadJob:
    with connect(intake.url, autocommit=True) as conn:
        found = job_of_workspace(conn, job_id, key.workspace_id)
    if found is None:
        raise NotFound(f"no job {job_id} in this workspace. Take the id from the answer to the upload.")
    return found


def _job_answer(intake: Intake, found: UploadJob, *, status: int = 200, duplicate: bool = False) -> Response:
    with connect(intake.url, autocommit=True) as conn:
        routing = routing_of_drop(conn, found.drop_id)
    answer = _json(JobAnswer.of(found, routing, duplicate=duplicate), status)
    answer.headers["Location"] = JOB_PATH.format(job_id=found.job_id)
    return answer


def _json(answer: BaseModel, status: int = 200) -> Response:
    return Response(answer.model_dump_json(by_alias=True), status, media_type="application/json")
