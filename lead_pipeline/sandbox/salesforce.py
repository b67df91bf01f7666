"""Salesforce over HTTP: tokens of the client credentials flow, upserts of up to 200 records, so many calls a day.

Errors are Salesforce's: a list of `{"message", "errorCode"}`. A record whose Company has `locked` in it cannot be had
the first time, one with `always locked` never. POST /admin/salesforce sets the calls used and ends all tokens.
"""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.seeded import number

NAME, CLIENT_ID, MOST = "salesforce", "sandbox", 200
_REQUIRED = {"Lead": ("LastName", "Company"), "Contact": ("LastName",), "Account": ("Name",)}
_PREFIX = {"Lead": "00Q", "Contact": "003", "Account": "001"}
_EXPIRED = ("Session expired or invalid", "INVALID_SESSION_ID")


class OrgState(BaseModel):
    """What tests ask of the org; what is absent stays."""

    model_config = ConfigDict(extra="forbid")

    used: int | None = None
    allowed: int | None = None
    expire_tokens: bool = False


@dataclass
class Org:
    """What the org keeps: open tokens, records by object and external id, and how many calls were made today."""

    key: str
    record: Record
    used: int = 0
    allowed: int = 100_000
    tokens: set[str] = field(default_factory=set)
    records: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _issued: int = 0
    _locked: set[str] = field(default_factory=set)

    def token(self) -> str:
        """A new token, good until it is ended."""
        self._issued += 1
        made = f"00D000000000001!{number('token', self._issued):016x}"
        self.tokens.add(made)
        return made

    def upsert(self, kind: str, id_field: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """One result a record, in their order."""
        ids = [str(one.get(id_field, "")) for one in records]
        self.record.asked(NAME, ids)
        return [self._one(kind, id_field, one, ids) for one in records]

    def clear(self) -> None:
        """Forget all of it."""
        for part in (self.tokens, self.records, self._locked):
            part.clear()
        self.used, self.allowed = 0, 100_000

    def _one(self, kind: str, id_field: str, given: dict[str, Any], ids: list[str]) -> dict[str, Any]:
        external = str(given.get(id_field) or "")
        if (given.get("attributes") or {}).get("type") != kind:
            return _failed("INVALID_TYPE", f"the record is no {kind}", [])
        if not external:
            return _failed("MISSING_ARGUMENT", f"{id_field} not specified", [id_field])
        if ids.count(external) > 1:
            return _failed("DUPLICATE_VALUE", f"Duplicate external id specified: {external}", [id_field])
        missing = [name for name in _REQUIRED.get(kind, ()) if not str(given.get(name) or "").strip()]
        if missing:
            return _failed("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
        if self._is_locked(external, str(given.get("Company", ""))):
            return _failed("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", [])
        known = self.records.get((kind, external))
        fields = {name: value for name, value in given.items() if name != "attributes"}
        record_id = f"{_PREFIX.get(kind, 'a00')}{number(kind, external) % 10**15:015d}"
        if known != fields:
            self.records[kind, external] = fields
            self.record.committed(NAME, [external])
        return {"id": record_id, "success": True, "errors": [], "created": known is None}

    def _is_locked(self, external: str, company: str) -> bool:
        if "locked" not in company or ("always" not in company and external in self._locked):
            return False
        self._locked.add(external)
        return True


def salesforce_routes(org: Org) -> APIRouter:
    """The routes under /salesforce, which is the instance's URL too, and the tests' own."""
    routes = APIRouter()

    @routes.post("/admin/salesforce")
    async def set_state(state: OrgState) -> JSONResponse:
        org.used = org.used if state.used is None else state.used
        org.allowed = org.allowed if state.allowed is None else state.allowed
        if state.expire_tokens:
            org.tokens.clear()
        return JSONResponse({"used": org.used, "allowed": org.allowed})

    @routes.post("/salesforce/services/oauth2/token")
    async def give_token(request: Request) -> JSONResponse:
        form = {name: values[-1] for name, values in parse_qs((await request.body()).decode("latin-1")).items()}
        org.record.vendor_calls[NAME]["token"] += 1
        if form.get("grant_type") != "client_credentials":
            return JSONResponse(
                {"error": "unsupported_grant_type", "error_description": "grant type not supported"}, 400
            )
        if form.get("client_id") != CLIENT_ID:
            return JSONResponse({"error": "invalid_client_id", "error_description": "client identifier invalid"}, 400)
        if form.get("client_secret") != org.key:
            return JSONResponse({"error": "invalid_client", "error_description": "invalid client credentials"}, 400)
        instance = f"{request.url.scheme}://{request.url.netloc}/salesforce"
        return JSONResponse(
            {
                "access_token": org.token(),
                "signature": "c2FuZGJveA==",
                "scope": "api",
                "instance_url": instance,
                "id": f"{instance}/id/00D000000000001/005000000000001",
                "token_type": "Bearer",
                "issued_at": "1767225600000",
            }
        )

    @routes.get("/salesforce/services/data/{version}/limits")
    async def limits(request: Request, version: str) -> JSONResponse:
        refused = _admit(org, request)
        left = {"DailyApiRequests": {"Max": org.allowed, "Remaining": org.allowed - org.used}}
        return refused or JSONResponse(left, headers=_usage(org))

    @routes.patch("/salesforce/services/data/{version}/composite/sobjects/{kind}/{id_field}")
    async def upsert(request: Request, version: str, kind: str, id_field: str) -> JSONResponse:
        refused = _admit(org, request)
        if refused is not None:
            return refused
        org.record.vendor_calls[NAME]["upsert"] += 1
        records = _records(await request.body())
        if records is None:
            return _error(org, 400, "Unexpected body: expected allOrNone and records", "JSON_PARSER_ERROR")
        if len(records) > MOST:
            return _error(
                org, 400, f"record limit reached. cannot submit more than {MOST} records", "EXCEEDED_ID_LIMIT"
            )
        return JSONResponse(org.upsert(kind, id_field, records), headers=_usage(org))

    return routes


def _admit(org: Org, request: Request) -> JSONResponse | None:
    """Count a call, and refuse one without a session or beyond the allowance."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or token not in org.tokens:
        return _error(org, 401, *_EXPIRED)
    if org.used >= org.allowed:
        return _error(org, 403, "TotalRequests Limit exceeded.", "REQUEST_LIMIT_EXCEEDED")
    org.used += 1
    return None


def _records(body: bytes) -> list[dict[str, Any]] | None:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    records = read.get("records") if isinstance(read, dict) else None
    if not isinstance(records, list) or not records or not all(isinstance(one, dict) for one in records):
        return None
    return records


def _usage(org: Org) -> dict[str, str]:
    return {"Sforce-Limit-Info": f"api-usage={org.used}/{org.allowed}"}


def _error(org: Org, status: int, message: str, code: str) -> JSONResponse:
    return JSONResponse([{"message": message, "errorCode": code}], status, _usage(org))


def _failed(code: str, message: str, fields: list[str]) -> dict[str, Any]:
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": fields}]}
