"""Suppliers over HTTP: who may, what is sent, what is answered; their keys are `supplier_keys`'."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request

from lead_pipeline.contracts.catalogue import Sent, SupplierChanges, SupplierSent
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import AnyCaller, SellerCaller, acting
from lead_pipeline.service.market.messages import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    Done,
    Paged,
    Told,
    When,
    body_of,
    changes_of,
    describes,
    whole_of,
)
from lead_pipeline.service.market.paging import PageAsked, cursor_of
from lead_pipeline.steps.catalogue_suppliers import change_supplier, create_supplier, delete_supplier
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.suppliers import SupplierRow, find_supplier, supplier_page

router = APIRouter(prefix="/api/suppliers", tags=["catalogue"])


class SupplierTold(Told):
    """A supplier. `permitted_categories` are ids or slugs, as they were sent; an INACTIVE one's keys are refused."""

    id: str
    name: str
    permitted_categories: list[str]
    status: str
    version: int
    created_at: When

    @classmethod
    def of(cls, row: SupplierRow) -> "SupplierTold":
        """The answer about a row."""
        return cls(
            id=row.supplier_id,
            name=row.name,
            permitted_categories=row.permitted_categories,
            status="ACTIVE" if row.is_active else "INACTIVE",
            version=row.version,
            created_at=row.created_at,
        )


class SupplierAnswer(Done):
    """One supplier."""

    supplier: SupplierTold


class SuppliersAnswer(Paged):
    """Suppliers, oldest first."""

    suppliers: list[SupplierTold]


_Whole = Annotated[SupplierSent, Depends(body_of(SupplierSent))]
_Part = Annotated[Sent, Depends(body_of(SupplierChanges))]


@router.post(
    "", summary="Make a supplier", status_code=201, responses=WRITE_PROBLEMS, openapi_extra=describes(SupplierSent)
)
def make(request: Request, caller: SellerCaller, sent: _Whole) -> SupplierAnswer:
    """It needs a key to send leads: POST /api/suppliers/{id}/keys."""
    with acting(request, caller) as conn:
        return SupplierAnswer(supplier=SupplierTold.of(create_supplier(conn, caller, sent)))


@router.get("", summary="List suppliers", responses=READ_PROBLEMS)
def list_(
    request: Request, caller: SellerCaller, asked: PageAsked, status: Literal["ACTIVE", "INACTIVE"] | None = None
) -> SuppliersAnswer:
    """Oldest first."""
    is_active = None if status is None else status == "ACTIVE"
    with acting(request, caller) as conn:
        page = supplier_page(conn, caller.workspace_id, asked, is_active=is_active)
    return SuppliersAnswer(suppliers=[SupplierTold.of(row) for row in page.rows], next_cursor=cursor_of(page.next))


@router.get("/{supplier_id}", summary="Get a supplier", responses=READ_PROBLEMS)
def get(request: Request, caller: AnyCaller, supplier_id: str) -> SupplierAnswer:
    """A supplier sees itself only."""
    with acting(request, caller) as conn:
        return SupplierAnswer(supplier=SupplierTold.of(find_supplier(conn, caller.workspace_id, supplier_id)))


@router.patch(
    "/{supplier_id}", summary="Change a supplier", responses=WRITE_PROBLEMS, openapi_extra=describes(SupplierChanges)
)
def change(request: Request, caller: SellerCaller, supplier_id: str, sent: _Part) -> SupplierAnswer:
    """The fields that are sent; all others stay."""
    return _change(request, caller, supplier_id, changes_of(sent))


@router.put(
    "/{supplier_id}", summary="Replace a supplier", responses=WRITE_PROBLEMS, openapi_extra=describes(SupplierSent)
)
def replace(request: Request, caller: SellerCaller, supplier_id: str, sent: _Whole) -> SupplierAnswer:
    """Fields that are not sent become what they are without being sent."""
    return _change(request, caller, supplier_id, whole_of(sent))


@router.delete("/{supplier_id}", summary="Delete a supplier", responses=WRITE_PROBLEMS)
def delete(request: Request, caller: SellerCaller, supplier_id: str) -> Done:
    """Its keys end; the leads that it sent stay."""
    with acting(request, caller) as conn:
        delete_supplier(conn, caller, supplier_id, intake_of(request).clock())
    return Done()


def _change(
    request: Request, caller: Caller, supplier_id: str, given: tuple[dict[str, Any], int | None]
) -> SupplierAnswer:
    with acting(request, caller) as conn:
        return SupplierAnswer(supplier=SupplierTold.of(change_supplier(conn, caller, supplier_id, *given)))
