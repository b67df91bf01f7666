"""Campaigns over HTTP: who may, what is sent, what is answered. Subscribing is `subscriptions`'."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from lead_pipeline.contracts.catalogue import CampaignChanges, CampaignSent, Sent
from lead_pipeline.domain.money import decimal_text
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
from lead_pipeline.steps.catalogue_campaigns import change_campaign, create_campaign, delete_campaign
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.campaigns import CampaignRow, find_campaign, list_campaigns
from lead_pipeline.store.categories import find_category

router = APIRouter(prefix="/api/campaigns", tags=["catalogue"])


class CampaignTold(Told):
    """A campaign. `category` is the slug of its category."""

    id: str
    slug: str
    name: str
    description: str
    category_id: str
    category: str
    price_per_lead: str
    currency: str
    distribution_logic: str
    allow_state_selection: bool
    seed: int | None
    status: str
    version: int
    created_at: When

    @classmethod
    def of(cls, row: CampaignRow, currency: str) -> "CampaignTold":
        """The answer about a row."""
        return cls(
            id=row.campaign_id,
            slug=row.slug,
            name=row.name,
            description=row.description,
            category_id=row.category_id,
            category=row.category,
            price_per_lead=decimal_text(row.price_minor, currency),
            currency=currency,
            distribution_logic=row.distribution_logic,
            allow_state_selection=row.allow_state_selection,
            seed=row.seed,
            status=row.status,
            version=row.version,
            created_at=row.created_at,
        )


class CampaignAnswer(Done):
    """One campaign."""

    campaign: CampaignTold


class CampaignsAnswer(Paged):
    """Campaigns, oldest first."""

    campaigns: list[CampaignTold]


_Whole = Annotated[CampaignSent, Depends(body_of(CampaignSent))]
_Part = Annotated[Sent, Depends(body_of(CampaignChanges))]


@router.post(
    "", summary="Make a campaign", status_code=201, responses=WRITE_PROBLEMS, openapi_extra=describes(CampaignSent)
)
def make(request: Request, caller: SellerCaller, sent: _Whole) -> CampaignAnswer:
    """Its slug is made of its name. Leads name it by its id or slug."""
    with acting(request, caller) as conn:
        return CampaignAnswer(campaign=CampaignTold.of(create_campaign(conn, caller, sent), caller.currency))


@router.get("", summary="List campaigns", responses=READ_PROBLEMS)
def list_(
    request: Request,
    caller: AnyCaller,
    asked: PageAsked,
    status: Literal["ACTIVE", "PAUSED"] | None = None,
    category: Annotated[str | None, Query(alias="categoryId", description="Id or slug.")] = None,
) -> CampaignsAnswer:
    """Those of the seller, oldest first."""
    with acting(request, caller) as conn:
        of = None if category is None else find_category(conn, caller.workspace_id, category).category_id
        page = list_campaigns(conn, caller.workspace_id, asked, status=status, category=of)
    told = [CampaignTold.of(row, caller.currency) for row in page.rows]
    return CampaignsAnswer(campaigns=told, next_cursor=cursor_of(page.next))


@router.get("/{campaign}", summary="Get a campaign", responses=READ_PROBLEMS)
def get(request: Request, caller: AnyCaller, campaign: str) -> CampaignAnswer:
    """By its id or slug."""
    with acting(request, caller) as conn:
        found = find_campaign(conn, caller.workspace_id, campaign)
    return CampaignAnswer(campaign=CampaignTold.of(found, caller.currency))


@router.patch(
    "/{campaign}", summary="Change a campaign", responses=WRITE_PROBLEMS, openapi_extra=describes(CampaignChanges)
)
def change(request: Request, caller: SellerCaller, campaign: str, sent: _Part) -> CampaignAnswer:
    """The fields that are sent; all others stay."""
    return _change(request, caller, campaign, changes_of(sent))


@router.put(
    "/{campaign}", summary="Replace a campaign", responses=WRITE_PROBLEMS, openapi_extra=describes(CampaignSent)
)
def replace(request: Request, caller: SellerCaller, campaign: str, sent: _Whole) -> CampaignAnswer:
    """Fields that are not sent become what they are without being sent; the slug stays."""
    return _change(request, caller, campaign, whole_of(sent))


@router.delete("/{campaign}", summary="Delete a campaign", responses=WRITE_PROBLEMS)
def delete(request: Request, caller: SellerCaller, campaign: str) -> Done:
    """It takes no lead any more; what it sold stays sold."""
    with acting(request, caller) as conn:
        delete_campaign(conn, caller, campaign, intake_of(request).clock())
    return Done()


def _change(
    request: Request, caller: Caller, campaign: str, given: tuple[dict[str, Any], int | None]
) -> CampaignAnswer:
    with acting(request, caller) as conn:
        changed = change_campaign(conn, caller, campaign, *given)
    return CampaignAnswer(campaign=CampaignTold.of(changed, caller.currency))
