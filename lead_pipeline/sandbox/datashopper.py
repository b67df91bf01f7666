"""DataShopper over HTTP: body in, one page out. What matches is decided in `search.py`."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, model_validator
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.catalogue import Catalogue
from lead_pipeline.sandbox.config import SandboxConfig
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.search import Query, search
from lead_pipeline.sandbox.text import Text


def _calendar_day(value: object) -> object:
    """`YYYY-MM-DD` and nothing else that a date parser would take."""
    if isinstance(value, str) and len(value) == 10:
        return date.fromisoformat(value)
    if value is None:
        return None
    raise ValueError("a day is written YYYY-MM-DD")


Heads = Annotated[StrictInt, Field(ge=0)]
Day = Annotated[date, BeforeValidator(_calendar_day), Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]


class _Part(BaseModel):
    # A misspelt filter that is passed over would widen the search in silence.
    model_config = ConfigDict(extra="forbid")


class Location(_Part):
    """Country as ISO 3166 code or name, state as the data spells it."""

    country: Text | None = None
    state: Text | None = None


class CompanySize(_Part):
    """Heads, both ends included."""

    min: Heads | None = None
    max: Heads | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "CompanySize":
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        return self


class SearchBody(_Part):
    """The body of a company search. `limit` bounds the whole search."""

    limit: Annotated[StrictInt, Field(ge=1, le=100)]
    topic: Text | None = None
    location: Location | None = None
    companySize: CompanySize | None = None  # noqa: N815 - the vendor's own spelling
    industry: list[Text] | None = None
    cursor: str | None = None
    as_of: Day | None = None


def datashopper_routes(catalogue: Catalogue, config: SandboxConfig, record: Record) -> APIRouter:
    """The routes under /datashopper/v1."""
    routes = APIRouter(prefix="/datashopper/v1")

    @routes.post("/companies/search")
    async def search_companies(body: SearchBody) -> JSONResponse:
        location, size = body.location or Location(), body.companySize or CompanySize()
        query = Query(
            limit=body.limit,
            topic=body.topic,
            country=location.country,
            state=location.state,
            size_min=size.min,
            size_max=size.max,
            industries=tuple(body.industry or ()),
        )
        record.vendor_calls["datashopper"][body.topic or ""] += 1
        page = search(
            catalogue,
            query,
            as_of=body.as_of or config.as_of,
            today=config.today(),
            cursor=body.cursor,
            page_size=config.page_size,
        )
        return JSONResponse(page)

    return routes
