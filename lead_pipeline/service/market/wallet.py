"""A buyer's wallet over HTTP, for the buyer itself and for its seller. Reads only."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request

from lead_pipeline.contracts.ids import WHOLE_UUID
from lead_pipeline.errors import FieldsRefused, NotFound
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerOrBuyer, acting
from lead_pipeline.service.market.messages import READ_PROBLEMS
from lead_pipeline.service.market.money_messages import (
    StatementAnswer,
    WalletAnswer,
    statement_answer,
    wallet_answer,
)
from lead_pipeline.service.market.paging import MOST, USUAL
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.payment_methods import list_methods
from lead_pipeline.store.payments import last_recharge
from lead_pipeline.store.statements import statement
from lead_pipeline.store.wallets import list_movements, read_wallet

router = APIRouter(prefix="/api/payments", tags=["payments"])
_BuyerId = Annotated[
    str | None,
    Query(alias="buyerId", pattern=WHOLE_UUID, description="A seller names whose."),
]
_Month = Annotated[
    str | None, Query(pattern="^(?:19|2[0-9])[0-9]{2}-(?:0[1-9]|1[0-2])$", examples=["2026-03"], description="YYYY-MM.")
]
_Cursor = Annotated[str | None, Query(pattern="^[0-9]{1,18}$", description="`nextCursor` of the page before.")]


@router.get("/wallet", summary="A wallet and its transactions", responses=READ_PROBLEMS)
def wallet(
    request: Request,
    caller: SellerOrBuyer,
    buyer_id: _BuyerId = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
    cursor: _Cursor = None,
) -> WalletAnswer:
    """What it holds, its limits and its recharge, and its movements, newest first."""
    whose = whose_wallet(caller, buyer_id)
    with acting(request, caller) as conn:
        return wallet_answer(
            read_wallet(conn, whose, intake_of(request).clock()),
            list_methods(conn, whose),
            last_recharge(conn, whose),
            list_movements(conn, whose, before=None if cursor is None else int(cursor), limit=limit),
        )


@router.get("/statement", summary="A month's statement", responses=READ_PROBLEMS)
def statement_of_month(
    request: Request, caller: SellerOrBuyer, month: _Month = None, buyer_id: _BuyerId = None
) -> StatementAnswer:
    """What the wallet held, every line that moved it, and what it held then: opening and lines sum to closing.

    A month begins and ends at midnight where the seller is; without `month` it is the current one.
    """
    whose, zone = whose_wallet(caller, buyer_id), ZoneInfo(caller.time_zone)
    since, until = _month_of(month, intake_of(request).clock().astimezone(zone))
    with acting(request, caller) as conn:
        return statement_answer(statement(conn, whose, since, until), zone)


def _month_of(month: str | None, local: datetime) -> tuple[datetime, datetime]:
    """Midnight of a month's first day and of the next month's, in the zone of `local`."""
    year, number = (local.year, local.month) if month is None else (int(part) for part in month.split("-"))
    first = datetime(year, number, 1, tzinfo=local.tzinfo)
    return first, datetime(year + number // 12, number % 12 + 1, 1, tzinfo=local.tzinfo)


def whose_wallet(caller: Caller, buyer_id: str | None) -> str:
    """The buyer that is asked about. Raises FieldsRefused where a seller names none, NotFound for another buyer's."""
    if caller.buyer_id is not None:
        if buyer_id not in (None, caller.buyer_id):
            raise NotFound(f"no buyer {buyer_id}. Leave buyerId out: it is your own wallet.")
        return caller.buyer_id
    if buyer_id is None:
        raise FieldsRefused([{"field": "buyerId", "message": "name the buyer whose wallet it is: ?buyerId=..."}])
    return buyer_id
