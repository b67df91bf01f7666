"""Buyers over HTTP: who may, what is sent, what is answered. The steps do the work."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request

from lead_pipeline.contracts.catalogue import BuyerChanges, BuyerSent, Sent
from lead_pipeline.domain.money import decimal_text
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerCaller, SellerOrBuyer, acting
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
from lead_pipeline.steps.catalogue_buyers import change_buyer, create_buyer, delete_buyer
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.buyers import BuyerRow, find_buyer, list_buyers

router = APIRouter(prefix="/api/buyers", tags=["catalogue"])


class BuyerTold(Told):
    """A buyer. An INACTIVE one receives nothing. A limit that is null does not bind."""

    id: str
    name: str
    email: str | None
    status: str
    priority: int
    weekly_limit: str | None
    monthly_limit: str | None
    balance: str
    currency: str
    version: int
    created_at: When

    @classmethod
    def of(cls, row: BuyerRow, currency: str) -> "BuyerTold":
        """The answer about a row."""
        limits = (row.weekly_limit_minor, row.monthly_limit_minor)
        weekly, monthly = (None if minor is None else decimal_text(minor, currency) for minor in limits)
        return cls(
            id=row.buyer_id,
            name=row.name,
            email=row.email,
            status=row.status,
            priority=row.priority,
            weekly_limit=weekly,
            monthly_limit=monthly,
            balance=decimal_text(row.balance_minor, currency),
            currency=currency,
            version=row.version,
            created_at=row.created_at,
        )


class BuyerAnswer(Done):
    """One buyer."""

    buyer: BuyerTold


class BuyersAnswer(Paged):
    """Buyers, oldest first."""

    buyers: list[BuyerTold]


_Whole = Annotated[BuyerSent, Depends(body_of(BuyerSent))]
_Part = Annotated[Sent, Depends(body_of(BuyerChanges))]


@router.post("", summary="Make a buyer", status_code=201, responses=WRITE_PROBLEMS, openapi_extra=describes(BuyerSent))
def make(request: Request, caller: SellerCaller, sent: _Whole) -> BuyerAnswer:
    """Its wallet is empty. Buyers may also register themselves, with the seller's invite code."""
    with acting(request, caller) as conn:
        return BuyerAnswer(buyer=BuyerTold.of(create_buyer(conn, caller, sent), caller.currency))


@router.get("", summary="List buyers", responses=READ_PROBLEMS)
def list_(
    request: Request, caller: SellerOrBuyer, asked: PageAsked, status: Literal["ACTIVE", "INACTIVE"] | None = None
) -> BuyersAnswer:
    """Oldest first. A buyer sees itself only."""
    with acting(request, caller) as conn:
        page = list_buyers(conn, caller.workspace_id, asked, status=status)
    told = [BuyerTold.of(row, caller.currency) for row in page.rows]
    return BuyersAnswer(buyers=told, next_cursor=cursor_of(page.next))


@router.get("/{buyer_id}", summary="Get a buyer", responses=READ_PROBLEMS)
def get(request: Request, caller: SellerOrBuyer, buyer_id: str) -> BuyerAnswer:
    """A buyer sees itself only."""
    with acting(request, caller) as conn:
        return BuyerAnswer(buyer=BuyerTold.of(find_buyer(conn, caller.workspace_id, buyer_id), caller.currency))


@router.patch("/{buyer_id}", summary="Change a buyer", responses=WRITE_PROBLEMS, openapi_extra=describes(BuyerChanges))
def change(request: Request, caller: SellerCaller, buyer_id: str, sent: _Part) -> BuyerAnswer:
    """The fields that are sent; all others stay."""
    return _change(request, caller, buyer_id, changes_of(sent))


@router.put("/{buyer_id}", summary="Replace a buyer", responses=WRITE_PROBLEMS, openapi_extra=describes(BuyerSent))
def replace(request: Request, caller: SellerCaller, buyer_id: str, sent: _Whole) -> BuyerAnswer:
    """Fields that are not sent become what they are without being sent."""
    return _change(request, caller, buyer_id, whole_of(sent))


@router.delete("/{buyer_id}", summary="Delete a buyer", responses=WRITE_PROBLEMS)
def delete(request: Request, caller: SellerCaller, buyer_id: str) -> Done:
    """What it subscribed to is cancelled; its wallet and its leads stay in the books."""
    with acting(request, caller) as conn:
        delete_buyer(conn, caller, buyer_id, intake_of(request).clock())
    return Done()


def _change(request: Request, caller: Caller, buyer_id: str, given: tuple[dict[str, Any], int | None]) -> BuyerAnswer:
    with acting(request, caller) as conn:
        return BuyerAnswer(buyer=BuyerTold.of(change_buyer(conn, caller, buyer_id, *given), caller.currency))
