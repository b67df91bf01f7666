"""The Work API over HTTP: the person of a CPF. The people are in `brazil.py`."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.brazil import people_index
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.text import Text


class CpfBody(BaseModel):
    """One CPF, digits only."""

    model_config = ConfigDict(extra="forbid")

    cpf: Annotated[Text, Field(pattern="^[0-9]{11}$")]


def work_api_routes(seed: int, record: Record) -> APIRouter:
    """The routes under /work-api/v1."""
    routes, people = APIRouter(prefix="/work-api/v1"), people_index(seed)

    @routes.post("/persons")
    async def person_of(body: CpfBody) -> JSONResponse:
        record.vendor_calls["work-api"][body.cpf] += 1
        person = people.by_cpf.get(body.cpf)
        if person is None:
            return JSONResponse({"person": None})
        known = {
            "cpf": person.cpf,
            "name": person.name,
            "birth_date": person.birth_date,
            "gender": person.gender,
            "occupation": person.occupation or None,
            "emails": list(person.emails),
            "phones": list(person.phones),
            "addresses": [{"city": person.city, "state": person.state, "country": "BR"}],
        }
        return JSONResponse({"person": known})

    return routes
