"""Subscriptions over HTTP: a seller's of any buyer, a buyer's own. The steps do the work."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from lead_pipeline.contracts.catalogue import Sent, SubscriptionChanges, SubscriptionSent, SubscriptionTerms
from lead_pipeline.service.market.callers import SellerOrBuyer, acting
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
from lead_pipeline.steps.catalogue_subscriptions import cancel_subscription, change_subscription, subscribe
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.buyers import find_buyer
from lead_pipeline.store.campaigns import find_campaign
from lead_pipeline.store.subscriptions import SubscriptionRow, find_subscription, list_subscriptions

router = APIRouter(tags=["catalogue"])


class SubscriptionTold(Told):
    """A subscription. `campaign` is a slug, `buyer` a name. `is_receiving` is false for what `because` says."""

    id: str
    campaign_id: str
    campaign: str
    buyer_id: str
    buyer: str
    status: str
    is_receiving: bool
    because: str | None
    daily_cap: int | None
    states: list[str]
    weight: int | None
    waterfall_priority: int
    target: int | None
    schedule: list[dict[str, Any]] | None
    version: int
    created_at: When

    @classmethod
    def of(cls, row: SubscriptionRow) -> "SubscriptionTold":
        """The answer about a row."""
        because = _because(row)
        return cls(
            id=row.subscription_id,
            campaign_id=row.campaign_id,
            campaign=row.campaign,
            buyer_id=row.buyer_id,
            buyer=row.buyer,
            status=row.status,
            is_receiving=because is None,
            because=because,
            daily_cap=row.daily_cap,
            states=row.states,
            weight=row.weight,
            waterfall_priority=row.waterfall_rank,
            target=row.target,
            schedule=row.schedule,
            version=row.version,
            created_at=row.created_at,
        )


class SubscriptionAnswer(Done):
    """One subscription."""

    subscription: SubscriptionTold


class SubscriptionsAnswer(Paged):
    """Subscriptions, oldest first."""

    subscriptions: list[SubscriptionTold]


_New = Annotated[SubscriptionSent, Depends(body_of(SubscriptionSent))]
_Whole = Annotated[SubscriptionTerms, Depends(body_of(SubscriptionTerms))]
_Part = Annotated[Sent, Depends(body_of(SubscriptionChanges))]


@router.post(
    "/api/campaigns/subscribe",
    summary="Subscribe to a campaign",
    status_code=201,
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(SubscriptionSent),
)
def make(request: Request, caller: SellerOrBuyer, sent: _New) -> SubscriptionAnswer:
    """A buyer subscribes itself; a seller names the buyer. One that was cancelled begins again in its old place."""
    with acting(request, caller) as conn:
        return SubscriptionAnswer(subscription=SubscriptionTold.of(subscribe(conn, caller, sent)))


@router.get("/api/subscriptions", summary="List subscriptions", responses=READ_PROBLEMS)
def list_(
    request: Request,
    caller: SellerOrBuyer,
    asked: PageAsked,
    *,
    status: Literal["ACTIVE", "PAUSED", "CANCELLED"] | None = None,
    campaign: Annotated[str | None, Query(alias="campaignId", description="Id or slug.")] = None,
    buyer: Annotated[str | None, Query(alias="buyerId")] = None,
) -> SubscriptionsAnswer:
    """Oldest first; a buyer's own only. Cancelled ones only where `status` asks for them."""
    with acting(request, caller) as conn:
        workspace = caller.workspace_id
        campaign_id = None if campaign is None else find_campaign(conn, workspace, campaign).campaign_id
        buyer_id = None if buyer is None else find_buyer(conn, workspace, buyer).buyer_id
        page = list_subscriptions(conn, workspace, asked, status=status, campaign_id=campaign_id, buyer_id=buyer_id)
    told = [SubscriptionTold.of(row) for row in page.rows]
    return SubscriptionsAnswer(subscriptions=told, next_cursor=cursor_of(page.next))


@router.get("/api/subscriptions/{subscription_id}", summary="Get a subscription", responses=READ_PROBLEMS)
def get(request: Request, caller: SellerOrBuyer, subscription_id: str) -> SubscriptionAnswer:
    """A cancelled one too."""
    with acting(request, caller) as conn:
        found = find_subscription(conn, caller.workspace_id, subscription_id)
    return SubscriptionAnswer(subscription=SubscriptionTold.of(found))


@router.patch(
    "/api/subscriptions/{subscription_id}",
    summary="Change a subscription",
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(SubscriptionChanges),
)
def change(request: Request, caller: SellerOrBuyer, subscription_id: str, sent: _Part) -> SubscriptionAnswer:
    """The fields that are sent; all others stay."""
    return _change(request, caller, subscription_id, changes_of(sent))


@router.put(
    "/api/subscriptions/{subscription_id}",
    summary="Replace a subscription's terms",
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(SubscriptionTerms),
)
def replace(request: Request, caller: SellerOrBuyer, subscription_id: str, sent: _Whole) -> SubscriptionAnswer:
    """Fields that are not sent become what they are without being sent; what only the seller sets stays for a buyer."""
    return _change(request, caller, subscription_id, whole_of(sent))


@router.delete("/api/subscriptions/{subscription_id}", summary="Cancel a subscription", responses=WRITE_PROBLEMS)
def cancel(request: Request, caller: SellerOrBuyer, subscription_id: str) -> Done:
    """It takes no lead any more."""
    with acting(request, caller) as conn:
        cancel_subscription(conn, caller, subscription_id)
    return Done()


def _change(
    request: Request, caller: Caller, subscription_id: str, given: tuple[dict[str, Any], int | None]
) -> SubscriptionAnswer:
    with acting(request, caller) as conn:
        changed = change_subscription(conn, caller, subscription_id, *given)
    return SubscriptionAnswer(subscription=SubscriptionTold.of(changed))


def _because(row: SubscriptionRow) -> str | None:
    if row.status != "ACTIVE":
        return f"the subscription is {row.status}"
    if row.buyer_status != "ACTIVE":
        return f"the buyer is {row.buyer_status}"
    return None if row.campaign_status == "ACTIVE" else f"the campaign is {row.campaign_status}"
