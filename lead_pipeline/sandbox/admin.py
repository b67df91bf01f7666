"""The tests' own side of the sandbox: faults, the record, and a fresh start. Needs no key."""

from collections.abc import Iterable
from typing import Any, Protocol

from fastapi import APIRouter
from starlette.responses import JSONResponse

from lead_pipeline.sandbox.faults import Fault, FaultPlan, FaultSpec
from lead_pipeline.sandbox.record import Record


class Memory(Protocol):
    """What a stand-in keeps between calls."""

    def clear(self) -> None:
        """Forget all of it."""


def admin_routes(plan: FaultPlan, record: Record, memories: Iterable[Memory], companies: int) -> APIRouter:
    """/healthz and the routes under /admin."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok", "companies": companies, "seed": plan.seed})

    @routes.post("/admin/faults")
    async def add_fault(spec: FaultSpec) -> JSONResponse:
        return JSONResponse(_shown(plan.add(spec)), 201)

    @routes.get("/admin/faults")
    async def list_faults() -> JSONResponse:
        return JSONResponse({"faults": [_shown(fault) for fault in plan.faults]})

    @routes.delete("/admin/faults")
    async def clear_faults() -> JSONResponse:
        return JSONResponse({"cleared": plan.clear()})

    @routes.get("/admin/record")
    async def show_record() -> JSONResponse:
        return JSONResponse(record.as_json())

    @routes.post("/admin/reset")
    async def reset() -> JSONResponse:
        """Record, faults and what the stand-ins keep: a key used before is free again."""
        record.clear()
        for memory in memories:
            memory.clear()
        return JSONResponse({"cleared": plan.clear()})

    return routes


def _shown(fault: Fault) -> dict[str, Any]:
    return {"id": fault.id, **fault.spec.model_dump(), "matched": fault.matched, "fired": fault.fired}
