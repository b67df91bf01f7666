"""HubSpot over HTTP: upserts of up to 100 records by a unique property, 190 calls in ten seconds, so many a day.

Errors are HubSpot's. A record whose name or company has `locked` in it is put off the first time, one with `always
locked` every time. POST /admin/hubspot sets the calls used.
"""

import hmac
import json
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.seeded import number

NAME, MOST, PER_TEN_SECONDS, WINDOW = "hubspot", 100, 190, 10.0
_ONE_OF = {"companies": ("name", "domain"), "contacts": ("email", "firstname", "lastname")}
_TIME = "2026-01-05T09:00:00.000Z"


class PortalState(BaseModel):
    """What tests ask of the portal; what is absent stays."""

    model_config = ConfigDict(extra="forbid")

    used: int | None = None
    allowed: int | None = None


@dataclass
class Portal:
    """What the portal keeps: records by object and unique value, and its calls. `clock` is in seconds."""

    key: str
    record: Record
    clock: Callable[[], float] = time.monotonic
    used: int = 0
    allowed: int = 500_000
    records: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _recent: deque[float] = field(default_factory=deque)
    _locked: set[str] = field(default_factory=set)

    def exceeded(self) -> str | None:
        """Count one call. The policy that it breaks, None where it breaks none."""
        now = self.clock()
        while self._recent and self._recent[0] <= now - WINDOW:
            self._recent.popleft()
        if self.used >= self.allowed:
            return "DAILY"
        if len(self._recent) >= PER_TEN_SECONDS:
            return "TEN_SECONDLY_ROLLING"
        self._recent.append(now)
        self.used += 1
        return None

    def upsert(self, kind: str, inputs: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Results, and errors that name the trace of what failed."""
        self.record.asked(NAME, [str(one["id"]) for one in inputs])
        results, errors = [], []
        for one in inputs:
            error = self._fault(kind, one)
            if error is None:
                results.append(self._commit(kind, one))
            else:
                errors.append({**error, "context": {"objectWriteTraceId": [one["objectWriteTraceId"]]}})
        return results, errors

    def headers(self) -> dict[str, str]:
        """What HubSpot tells of its limits with each answer."""
        return {
            "X-HubSpot-RateLimit-Daily": str(self.allowed),
            "X-HubSpot-RateLimit-Daily-Remaining": str(self.allowed - self.used),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(WINDOW * 1000)),
            "X-HubSpot-RateLimit-Max": str(PER_TEN_SECONDS),
            "X-HubSpot-RateLimit-Remaining": str(PER_TEN_SECONDS - len(self._recent)),
        }

    def clear(self) -> None:
        """Forget all of it."""
        for part in (self.records, self._recent, self._locked):
            part.clear()
        self.used, self.allowed = 0, 500_000

    def _fault(self, kind: str, given: dict[str, Any]) -> dict[str, Any] | None:
        properties, one_of = given["properties"], _ONE_OF.get(kind, ())
        if one_of and not any(str(properties.get(name, "")).strip() for name in one_of):
            return _row_error("VALIDATION_ERROR", f"one of these properties is required: {', '.join(one_of)}")
        named = f"{properties.get('name', '')} {properties.get('company', '')}"
        if "locked" in named and ("always" in named or given["id"] not in self._locked):
            self._locked.add(given["id"])
            return _row_error("RATE_LIMITS", "this record is being written to; try again")
        return None

    def _commit(self, kind: str, given: dict[str, Any]) -> dict[str, Any]:
        known = self.records.get((kind, given["id"]))
        properties = {**(known or {}), **given["properties"], given["idProperty"]: given["id"]}
        if known != properties:
            self.records[kind, given["id"]] = properties
            self.record.committed(NAME, [given["id"]])
        return {
            "id": str(number(kind, given["id"]) % 10**11),
            "properties": properties,
            "createdAt": _TIME,
            "updatedAt": _TIME,
            "archived": False,
            "new": known is None,
            "objectWriteTraceId": given["objectWriteTraceId"],
        }


def hubspot_routes(portal: Portal) -> APIRouter:
    """The routes under /hubspot, and the tests' own."""
    routes = APIRouter()

    @routes.post("/admin/hubspot")
    async def set_state(state: PortalState) -> JSONResponse:
        portal.used = portal.used if state.used is None else state.used
        portal.allowed = portal.allowed if state.allowed is None else state.allowed
        return JSONResponse({"used": portal.used, "allowed": portal.allowed})

    @routes.get("/hubspot/crm/v3/objects/{kind}")
    async def some(request: Request, kind: str) -> JSONResponse:
        refused = _admit(portal, request)
        kept = [{"properties": one} for (name, _), one in portal.records.items() if name == kind]
        return refused or JSONResponse({"results": kept[:1]}, headers=portal.headers())

    @routes.post("/hubspot/crm/v3/objects/{kind}/batch/upsert")
    async def upsert(request: Request, kind: str) -> JSONResponse:
        refused = _admit(portal, request)
        if refused is not None:
            return refused
        portal.record.vendor_calls[NAME]["upsert"] += 1
        inputs = _inputs(await request.body())
        if isinstance(inputs, str):
            return _error(portal, 400, inputs, category="VALIDATION_ERROR")
        results, errors = portal.upsert(kind, inputs)
        answer = {"status": "COMPLETE", "results": results, "startedAt": _TIME, "completedAt": _TIME}
        told = {"numErrors": len(errors), "errors": errors} if errors else {}
        return JSONResponse({**answer, **told}, 207 if errors else 200, portal.headers())

    return routes


def _admit(portal: Portal, request: Request) -> JSONResponse | None:
    """Refuse a call without the key, or one too many."""
    given = request.headers.get("authorization", "").encode("latin-1")
    if not hmac.compare_digest(given, f"Bearer {portal.key}".encode()):
        words = "Authentication credentials not found. This API supports OAuth 2.0 authentication"
        return _error(portal, 401, words, category="INVALID_AUTHENTICATION")
    policy = portal.exceeded()
    if policy is None:
        return None
    words = f"You have reached your {policy.lower()} limit."
    return _error(portal, 429, words, errorType="RATE_LIMIT", policyName=policy)


def _inputs(body: bytes) -> list[dict[str, Any]] | str:
    """What is to be upserted, or what is wrong with it."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return "Invalid input JSON"
    inputs = read.get("inputs") if isinstance(read, dict) else None
    if not isinstance(inputs, list) or not all(_is_input(one) for one in inputs):
        return "Invalid input JSON: inputs must have id, idProperty, objectWriteTraceId and properties of text"
    if not 1 <= len(inputs) <= MOST:
        return f"The maximum number of items allowed in inputs is {MOST}"
    if len({one["id"] for one in inputs}) < len(inputs):
        return "Duplicate IDs found in batch input"
    return inputs


def _is_input(one: object) -> bool:
    return (
        isinstance(one, dict)
        and all(isinstance(one.get(name), str) and one[name] for name in ("id", "idProperty", "objectWriteTraceId"))
        and isinstance(one.get("properties"), dict)
        and all(isinstance(value, str) for value in one["properties"].values())
    )


def _error(portal: Portal, status: int, message: str, **more: str) -> JSONResponse:
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), **more}
    return JSONResponse(body, status, portal.headers())


def _row_error(category: str, message: str) -> dict[str, Any]:
    return {"status": "error", "category": category, "message": message}
