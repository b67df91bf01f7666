"""Diretrix over HTTP: whose CPF is behind a phone or an address. The people are in `brazil.py`."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.brazil import Brazilian, people_index
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.text import Text


class PhoneBody(BaseModel):
    """One number in E.164."""

    model_config = ConfigDict(extra="forbid")

    phone: Annotated[Text, Field(pattern=r"^\+[1-9][0-9]{1,14}$")]


class AddressBody(BaseModel):
    """One address."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[Text, Field(min_length=3, max_length=320)]


def diretrix_routes(seed: int, record: Record) -> APIRouter:
    """The routes under /diretrix/v1."""
    routes, people = APIRouter(prefix="/diretrix/v1/cpf"), people_index(seed)

    @routes.post("/by-phone")
    async def by_phone(body: PhoneBody) -> JSONResponse:
        record.vendor_calls["diretrix"][body.phone] += 1
        return _answer(people.by_phone.get(body.phone))

    @routes.post("/by-email")
    async def by_email(body: AddressBody) -> JSONResponse:
        record.vendor_calls["diretrix"][body.email] += 1
        return _answer(people.by_email.get(body.email.strip().casefold()))

    return routes


def _answer(found: Brazilian | None) -> JSONResponse:
    return JSONResponse({"cpf": None if found is None else found.cpf})
