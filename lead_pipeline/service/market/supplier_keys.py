"""Keys of suppliers over HTTP. A key is told once, in the answer that makes it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from lead_pipeline.contracts.catalogue import KeySent
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerCaller, acting
from lead_pipeline.service.market.messages import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    Done,
    Paged,
    Told,
    When,
    body_of,
    describes,
)
from lead_pipeline.service.market.paging import PageAsked, cursor_of
from lead_pipeline.steps.catalogue_suppliers import give_key, take_key
from lead_pipeline.store.suppliers import SupplierKey, find_supplier, keys_of_supplier

router = APIRouter(prefix="/api/suppliers/{supplier_id}/keys", tags=["catalogue"])


class NewKeyAnswer(Done):
    """The only time that the key is told: send it in the header X-API-Key."""

    key: str
    key_id: str


class KeyTold(Told):
    """A key, by its first characters."""

    id: str
    prefix: str
    name: str
    created_at: When
    revoked_at: When | None
    last_used_at: When | None

    @classmethod
    def of(cls, row: SupplierKey) -> "KeyTold":
        """The answer about a row."""
        return cls(
            id=row.key_id,
            prefix=row.prefix,
            name=row.name,
            created_at=row.created_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
        )


class KeysAnswer(Paged):
    """Keys, oldest first."""

    keys: list[KeyTold]


_Named = Annotated[KeySent, Depends(body_of(KeySent))]


@router.post(
    "", summary="Give a supplier a key", status_code=201, responses=WRITE_PROBLEMS, openapi_extra=describes(KeySent)
)
def make(request: Request, caller: SellerCaller, supplier_id: str, sent: _Named) -> NewKeyAnswer:
    """Send `{}` or a name for it."""
    with acting(request, caller) as conn:
        made = give_key(conn, caller, supplier_id, sent.name, intake_of(request).clock())
    return NewKeyAnswer(key=made.key, key_id=made.key_id)


@router.get("", summary="List a supplier's keys", responses=READ_PROBLEMS)
def list_(request: Request, caller: SellerCaller, supplier_id: str, asked: PageAsked) -> KeysAnswer:
    """Ended ones too, oldest first."""
    with acting(request, caller) as conn:
        found = find_supplier(conn, caller.workspace_id, supplier_id)
        page = keys_of_supplier(conn, found.supplier_id, asked)
    return KeysAnswer(keys=[KeyTold.of(row) for row in page.rows], next_cursor=cursor_of(page.next))


@router.delete("/{key_id}", summary="End a supplier's key", responses=WRITE_PROBLEMS)
def end(request: Request, caller: SellerCaller, supplier_id: str, key_id: str) -> Done:
    """For ever, from now on."""
    with acting(request, caller) as conn:
        take_key(conn, caller, supplier_id, key_id, intake_of(request).clock())
    return Done()
