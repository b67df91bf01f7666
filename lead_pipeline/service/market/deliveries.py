"""Deliveries over HTTP: every message with its attempts, and those that did not arrive put back."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime

from lead_pipeline.contracts.ids import WHOLE_UUID
from lead_pipeline.contracts.notifications import Channel, DeliveryFilter, ReplaySent
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerOrBuyer, acting, market_pool
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
from lead_pipeline.steps.replay_delivery import replay_delivery
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.delivery_history import (
    Attempt,
    Delivery,
    Filter,
    attempts_of,
    find_delivery,
    list_deliveries,
    payload_of,
)
from lead_pipeline.store.delivery_replay import replay_many

router = APIRouter(prefix="/api/deliveries", tags=["notifications"])
_State = Literal["intended", "sent", "unknown", "confirmed", "failed", "dead", "skipped"]
_Replay = Annotated[ReplaySent, Depends(body_of(ReplaySent))]


def _asked_for(
    *,
    state: _State | None = None,
    channel: Channel | None = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    lead_id: Annotated[str | None, Query(alias="leadId", pattern=WHOLE_UUID)] = None,
    endpoint_id: Annotated[str | None, Query(alias="endpointId", pattern=WHOLE_UUID)] = None,
    since: Annotated[AwareDatetime | None, Query(description="With its offset, such as Z.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Not part of it.")] = None,
) -> Filter:
    return Filter(() if state is None else (state,), channel, kind, lead_id, endpoint_id, since, until)


class DeliveryTold(Told):
    """A message. Its id is its idempotency key, the same at every attempt.

    `intended`: it surely did not arrive yet; `sent`: on its way, or taken by the provider; `unknown`: the answer was
    lost; `confirmed`; `failed`: refused for good; `dead`: given up; `skipped`: there was no way to send it.
    `resends`: sends made without knowing whether the one before had arrived.
    """

    id: str
    buyer_id: str | None
    endpoint_id: str
    to: str | None
    channel: str
    kind: str
    subject: str
    lead_id: str | None
    state: str
    attempts: int
    resends: int
    replays: int
    replayed_at: When | None
    replayed_by: str | None
    provider: str | None
    provider_id: str | None
    error: str | None
    created_at: When
    next_attempt_at: When | None
    attempted_at: When | None
    settled_at: When | None

    @classmethod
    def of(cls, row: Delivery) -> "DeliveryTold":
        """The answer about a row."""
        return cls(
            id=row.delivery_id,
            buyer_id=row.buyer_id,
            endpoint_id=row.destination_id,
            to=row.shown or None,
            channel=row.channel,
            kind=row.kind,
            subject=row.subject,
            lead_id=row.lead_id,
            state=row.state,
            attempts=row.attempts,
            resends=row.resends,
            replays=row.replays,
            replayed_at=row.replayed_at,
            replayed_by=row.replayed_by,
            provider=row.provider,
            provider_id=row.provider_id,
            error=row.error,
            created_at=row.intended_at,
            next_attempt_at=row.next_attempt_at,
            attempted_at=row.attempted_at,
            settled_at=row.settled_at,
        )


class AttemptTold(Told):
    """One call about a message, a `send` or an `ask`. `outcome` null: under way, or cut off before its answer."""

    number: int
    action: str
    outcome: str | None
    status: int | None
    seconds: float | None
    error: str | None
    attempted_at: When

    @classmethod
    def of(cls, row: Attempt) -> "AttemptTold":
        """The answer about a row."""
        return cls(
            number=row.attempt_no,
            action=row.action,
            outcome=row.outcome,
            status=row.status,
            seconds=row.seconds,
            error=row.error,
            attempted_at=row.attempted_at,
        )


class DeliveriesAnswer(Paged):
    """Messages, the last first."""

    deliveries: list[DeliveryTold]


class DeliveryAnswer(Done):
    """One message."""

    delivery: DeliveryTold


class WholeDeliveryAnswer(DeliveryAnswer):
    """One message with every call about it, and to whom it belongs what was sent, as JSON text."""

    attempts: list[AttemptTold]
    payload: str | None


class ReplayAnswer(Done):
    """How many messages fit, how many were put back (of a dry run: would be), and how many have nobody to go to."""

    matched: int
    replayed: int
    unreachable: int
    dry_run: bool


@router.get("", summary="List deliveries", responses=READ_PROBLEMS)
def list_(
    request: Request, caller: SellerOrBuyer, asked: PageAsked, wanted: Annotated[Filter, Depends(_asked_for)]
) -> DeliveriesAnswer:
    """The last written down first. A buyer's own only; a seller's with those to its buyers."""
    with acting(request, caller) as conn:
        page = list_deliveries(conn, caller.workspace_id, caller.buyer_id, wanted, asked)
    return DeliveriesAnswer(deliveries=[DeliveryTold.of(row) for row in page.rows], next_cursor=cursor_of(page.next))


@router.post("/replay", summary="Replay deliveries", responses=WRITE_PROBLEMS, openapi_extra=describes(ReplaySent))
def replay_all(request: Request, caller: SellerOrBuyer, sent: _Replay) -> ReplayAnswer:
    """Those that fit and did not arrive, 10,000 at most, the oldest first; call it again for more.

    Each keeps its id, so that a receiver that had it after all knows it again.
    """
    with market_pool(request).connection() as conn:
        done = replay_many(
            conn,
            _filter_of(sent.filter),
            workspace_id=caller.workspace_id,
            buyer_id=caller.buyer_id,
            by=caller.user_id,
            now=_now(request),
            dry_run=sent.dry_run,
        )
    return ReplayAnswer(**vars(done), dry_run=sent.dry_run)


@router.get("/{delivery_id}", summary="Get a delivery", responses=READ_PROBLEMS)
def get(request: Request, caller: SellerOrBuyer, delivery_id: str) -> WholeDeliveryAnswer:
    """With its attempts. What was sent is told to whom it is for, and of a buyer's message not to the seller."""
    with acting(request, caller) as conn:
        found = find_delivery(conn, caller.workspace_id, caller.buyer_id, delivery_id)
        return WholeDeliveryAnswer(
            delivery=DeliveryTold.of(found),
            attempts=[AttemptTold.of(row) for row in attempts_of(conn, found.delivery_id)],
            payload=payload_of(conn, found.delivery_id) if _is_own(caller, found) else None,
        )


@router.post("/{delivery_id}/replay", summary="Replay a delivery", responses=WRITE_PROBLEMS)
def replay(request: Request, caller: SellerOrBuyer, delivery_id: str) -> DeliveryAnswer:
    """One that failed, died or was skipped is sent again, under its id; its attempts stay."""
    with market_pool(request).connection() as conn, conn.transaction():
        back = replay_delivery(
            conn,
            delivery_id,
            workspace_id=caller.workspace_id,
            buyer_id=caller.buyer_id,
            by=caller.user_id,
            now=_now(request),
        )
    return DeliveryAnswer(delivery=DeliveryTold.of(back))


def _filter_of(sent: DeliveryFilter) -> Filter:
    return Filter(tuple(sent.states), sent.channel, sent.kind, sent.lead_id, sent.endpoint_id, sent.since, sent.until)


def _is_own(caller: Caller, delivery: Delivery) -> bool:
    return caller.buyer_id == delivery.buyer_id


def _now(request: Request) -> datetime:
    return intake_of(request).clock()
