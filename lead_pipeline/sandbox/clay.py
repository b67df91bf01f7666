"""Clay over HTTP: contacts of a company, and whether an address works. The people are in `people.py`."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.people import chosen, people_at, verdict
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.text import Text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ContactFilters(_Part):
    """Any of the words in the title, any of the seniorities; an empty list does not constrain."""

    job_titles: list[Text] = []
    seniority_levels: list[Text] = []


class ContactBody(_Part):
    """The body of a contact search. `company_name` is taken for the vendor's sake and decides nothing."""

    domain: Annotated[Text, Field(min_length=1, max_length=253)]
    limit: Annotated[StrictInt, Field(ge=1, le=100)]
    company_name: str | None = None
    filters: ContactFilters | None = None


class EmailBody(_Part):
    """One address."""

    email: Annotated[Text, Field(min_length=1, max_length=320)]


def contacts_of(seed: int, body: ContactBody) -> list[dict[str, Any]]:
    """The people that a search finds."""
    filters = body.filters or ContactFilters()
    return chosen(
        people_at(seed, body.domain), titles=filters.job_titles, seniorities=filters.seniority_levels, limit=body.limit
    )


def clay_routes(seed: int, record: Record) -> APIRouter:
    """The routes under /clay/v1."""
    routes = APIRouter(prefix="/clay/v1")

    @routes.post("/contacts/search")
    async def search_contacts(body: ContactBody) -> JSONResponse:
        record.vendor_calls["clay"][body.domain] += 1
        return JSONResponse({"contacts": contacts_of(seed, body)})

    @routes.post("/emails/verify")
    async def verify_email(body: EmailBody) -> JSONResponse:
        record.vendor_calls["clay-verify"][body.email] += 1
        return JSONResponse({"email": body.email, "status": verdict(seed, body.email)})

    return routes
