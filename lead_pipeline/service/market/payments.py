"""Cards, funds, recharges and refunds over HTTP: who may, what is sent, what is answered. The steps do the work."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Request
from starlette.responses import Response

from lead_pipeline.contracts.payments import CardSent, FundsSent, RechargeSent, RefundSent
from lead_pipeline.domain.card_amounts import fault_of
from lead_pipeline.domain.money import decimal_text, decimals_of
from lead_pipeline.errors import FieldsRefused, PaymentRefused
from lead_pipeline.service.context import Intake
from lead_pipeline.service.market.callers import BuyerCaller, SellerCaller
from lead_pipeline.service.market.desk import CONNECTIONS, WAIT_SECONDS, Desk, desk_of
from lead_pipeline.service.market.messages import READ_PROBLEMS, WRITE_PROBLEMS, Done, body_of, describes
from lead_pipeline.service.market.money_messages import (
    CardAnswer,
    CardsAnswer,
    CardTold,
    FundsAnswer,
    PaymentTold,
    RefundAnswer,
    SetupAnswer,
)
from lead_pipeline.service.market.recharging import Recharging
from lead_pipeline.service.openapi import problems
from lead_pipeline.steps import cards
from lead_pipeline.steps.add_funds import add_funds
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.move_money import refund
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.connections import open_pool
from lead_pipeline.store.ledger import wallet_balances
from lead_pipeline.store.payment_methods import list_methods
from lead_pipeline.vendors.stripe_api import StripeApi

_KEY = re.compile("[!-~]{1,200}")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    intake: Intake = app.state.intake
    settings, run = intake.settings, Run(f"payments-{uuid4()}", intake.clock)
    with (
        StripeApi(*settings.stripe, timeout=settings.vendor_timeout_seconds) as stripe,
        open_pool(intake.url, size=CONNECTIONS, wait=WAIT_SECONDS) as pool,
    ):
        desk = Desk(stripe, pool, run)
        recharging = Recharging(intake.url, desk)
        recharging.start()
        try:
            yield {"desk": desk}
        finally:
            recharging.close()


router = APIRouter(prefix="/api/payments", tags=["payments"], lifespan=_lifespan)
_Funds = Annotated[FundsSent, Depends(body_of(FundsSent))]
_Card = Annotated[CardSent, Depends(body_of(CardSent))]
_Recharge = Annotated[RechargeSent, Depends(body_of(RechargeSent))]
_Refund = Annotated[RefundSent, Depends(body_of(RefundSent))]
_CardId = Annotated[str, Path(max_length=200)]
_ClientKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The client's own name for this payment: sent again, it charges nothing more.",
        json_schema_extra={"pattern": f"^{_KEY.pattern}$"},
    ),
]
_CHARGES = {**WRITE_PROBLEMS, **problems(402, 502)}


@router.post("/setup-intent", summary="Begin to add a card", responses=_CHARGES)
def begin(request: Request, caller: BuyerCaller) -> SetupAnswer:
    """The card's number goes from the browser to Stripe, by Stripe's own script and `clientSecret`; never here."""
    desk = desk_of(request)
    with desk.connect() as conn:
        made = cards.begin_card(conn, desk.stripe, _buyer(caller))
    key = request.app.state.intake.settings.stripe_publishable_key
    return SetupAnswer(setup_intent_id=made.setup_intent_id, client_secret=made.client_secret, publishable_key=key)


@router.get("/methods", summary="List cards", responses=READ_PROBLEMS)
def list_cards(request: Request, caller: BuyerCaller) -> CardsAnswer:
    """One's own, the primary one first."""
    with desk_of(request).connect() as conn:
        return CardsAnswer(methods=[CardTold.of(row) for row in list_methods(conn, _buyer(caller))])


@router.post("/methods", summary="Add a card", status_code=201, responses=_CHARGES, openapi_extra=describes(CardSent))
def add(request: Request, caller: BuyerCaller, sent: _Card) -> CardAnswer:
    """The card of a finished setup intent. A buyer's first card is its primary one."""
    desk = desk_of(request)
    with desk.connect() as conn:
        added = cards.add_card(conn, desk.stripe, _buyer(caller), sent.payment_method_id, desk.run)
    return CardAnswer(method=CardTold.of(added))


@router.post("/methods/{method}/primary", summary="Make a card primary", responses=WRITE_PROBLEMS)
def choose(request: Request, caller: BuyerCaller, method: _CardId) -> CardAnswer:
    """It is charged from now on, by recharges too."""
    desk = desk_of(request)
    with desk.connect() as conn:
        return CardAnswer(method=CardTold.of(cards.choose_card(conn, _buyer(caller), method, desk.run)))


@router.delete("/methods/{method}", summary="Remove a card", responses=_CHARGES)
def remove(request: Request, caller: BuyerCaller, method: _CardId) -> Done:
    """A charge of it that is under way ends as it ends. The primary card goes last."""
    desk = desk_of(request)
    with desk.connect() as conn:
        cards.remove_card(conn, desk.stripe, _buyer(caller), method)
    return Done()


@router.post(
    "/add-funds",
    summary="Add funds",
    response_model=FundsAnswer,
    responses={
        202: {"description": "Stripe's answer is not known yet; it is asked until it is.", "model": FundsAnswer},
        **_CHARGES,
    },
    openapi_extra=describes(FundsSent),
)
def fund(request: Request, caller: BuyerCaller, sent: _Funds, key: _ClientKey = None) -> Response:
    """The primary card is charged once for an Idempotency-Key, and the wallet credited once."""
    if key is not None and not _KEY.fullmatch(key):
        raise FieldsRefused([{"field": "Idempotency-Key", "message": "Send 1 to 200 visible ASCII characters."}])
    desk, amount = desk_of(request), _chargeable("amount", sent.amount, caller.currency)
    with desk.connect() as conn:
        payment = add_funds(conn, desk.stripe, _buyer(caller), amount, key=key, run=desk.run)
        balance = wallet_balances(conn, [payment.buyer_id])[payment.buyer_id]
    if payment.state == "failed":
        raise PaymentRefused(f"{payment.failure} Nothing was charged (payment {payment.payment_id}).")
    answer = FundsAnswer(
        payment=PaymentTold.of(payment), balance=decimal_text(balance, caller.currency), currency=caller.currency
    )
    return Response(
        answer.model_dump_json(by_alias=True), 202 if payment.is_open else 200, media_type="application/json"
    )


@router.put(
    "/auto-recharge", summary="Set the recharge", responses=WRITE_PROBLEMS, openapi_extra=describes(RechargeSent)
)
def recharge(request: Request, caller: BuyerCaller, sent: _Recharge) -> Done:
    """Below the threshold the primary card is charged the amount, one charge at a time; at once where it is low now."""
    faults, desk = Faults(), desk_of(request)
    threshold = faults.amount("threshold", sent.threshold, caller.currency)
    faults.stop()
    amount = None if sent.amount is None else _chargeable("amount", sent.amount, caller.currency)
    with desk.connect() as conn:
        cards.change_recharge(conn, _buyer(caller), threshold_minor=threshold, amount_minor=amount, run=desk.run)
    return Done()


@router.post(
    "/refunds", summary="Refund a lead", status_code=201, responses=_CHARGES, openapi_extra=describes(RefundSent)
)
def give_back(request: Request, caller: SellerCaller, sent: _Refund) -> RefundAnswer:
    """What a buyer was charged for a lead, back into its wallet: once, within 30 days."""
    desk = desk_of(request)
    with desk.connect() as conn:
        entry = refund(
            conn,
            workspace_id=caller.workspace_id,
            lead_id=sent.lead_id,
            buyer_id=sent.buyer_id,
            reason=sent.reason,
            now=desk.run.clock(),
            run=desk.run,
        )
    return RefundAnswer(entry_id=str(entry))


def _chargeable(field: str, text: str, currency: str) -> int:
    """Minor units that a card may be charged at once. Raises FieldsRefused."""
    faults = Faults()
    minor = faults.amount(field, text, currency)
    words = None if minor is None else fault_of(minor, currency, unit=10 ** decimals_of(currency))
    if words is not None:
        faults.add(field, words)
    faults.stop()
    assert minor is not None
    return minor


def _buyer(caller: Caller) -> str:
    assert caller.buyer_id is not None
    return caller.buyer_id
