"""Leads over HTTP: a seller lists all of its own, a buyer those assigned to it, a supplier those that it sent."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import pandas as pd
import psycopg
from fastapi import APIRouter, Depends, Query, Request

from lead_pipeline.domain.geography import normalise_states
from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import FieldsRefused, NotFound
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import AnyCaller, acting, market_pool
from lead_pipeline.service.market.lead_answers import (
    DeliveriesAnswer,
    DeliveryDayTold,
    LeadAnswer,
    LeadDetail,
    LeadsAnswer,
    LeadTold,
)
from lead_pipeline.service.market.messages import READ_PROBLEMS
from lead_pipeline.service.market.paging import PageAsked, cursor_of
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store import buyers, campaigns, suppliers
from lead_pipeline.store.market_leads import (
    LeadRow,
    LeadsWanted,
    bought_leads,
    find_lead,
    received_leads,
    sales_of,
)
from lead_pipeline.store.market_rows import known_id
from lead_pipeline.store.pages import Asked, Page
from lead_pipeline.store.supplier_deliveries import delivery_days

DAYS, MOST_DAYS = 30, 92
router = APIRouter(tags=["market leads"])
_Time = Annotated[datetime | None, Query(description="ISO 8601; UTC where it names no offset.")]


class Filters:
    """What narrows the list. Ids of deleted campaigns, buyers and suppliers find their leads, too."""

    def __init__(
        self,
        campaign: Annotated[str | None, Query(alias="campaignId", description="Id or slug.")] = None,
        buyer: Annotated[str | None, Query(alias="buyerId")] = None,
        supplier: Annotated[str | None, Query(alias="supplierId")] = None,
        state: Annotated[str | None, Query(max_length=100, description="A US state, by code or name.")] = None,
        outcome: Literal["assigned", "nobody_eligible", "everybody_refused", "campaign_paused"] | None = None,
        *,
        since: Annotated[_Time, Query(alias="from")] = None,
        until: Annotated[_Time, Query(alias="to", description="Not included.")] = None,
    ) -> None:
        self.campaign, self.buyer, self.supplier, self.outcome = campaign, buyer, supplier, outcome
        self.state = None if state is None else _state(state)
        self.since, self.until = _utc(since), _utc(until)

    def page(self, conn: psycopg.Connection, caller: Caller, asked: Asked) -> Page[LeadRow]:
        """The page that they ask for. Raises NotFound for what the caller does not have."""
        supplier_id = self._known(conn, caller, suppliers.TABLE, suppliers.KEY, self.supplier) or caller.supplier_id
        buyer_id = self._known(conn, caller, buyers.TABLE, buyers.KEY, self.buyer) or caller.buyer_id
        if supplier_id is not None and buyer_id is not None:
            raise FieldsRefused([{"field": "supplierId", "message": "goes with no buyer: ask for one of them"}])
        wanted = LeadsWanted(
            campaign_id=self._campaign(conn, caller),
            state=self.state,
            outcome=self.outcome,
            since=self.since,
            until=self.until,
        )
        if buyer_id is not None:
            return bought_leads(conn, buyer_id, asked, wanted)
        return received_leads(conn, caller.workspace_id, asked, wanted, supplier_id=supplier_id)

    def _campaign(self, conn: psycopg.Connection, caller: Caller) -> str | None:
        if self.campaign is None or as_uuid(self.campaign) is not None:
            return self._known(conn, caller, campaigns.TABLE, campaigns.KEY, self.campaign)
        return campaigns.find_campaign(conn, caller.workspace_id, self.campaign).campaign_id

    @staticmethod
    def _known(conn: psycopg.Connection, caller: Caller, table: str, key: str, given: str | None) -> str | None:
        if given is None:
            return None
        found = known_id(conn, table, key, caller.workspace_id, as_uuid(given))
        if found is None:
            raise NotFound(f"no {key.removesuffix('_id')} {given!r} here. Check the id.")
        return found


@router.get("/api/leads", summary="List leads", responses=READ_PROBLEMS)
def list_(request: Request, caller: AnyCaller, asked: PageAsked, filters: Annotated[Filters, Depends()]) -> LeadsAnswer:
    """The newest first: of one buyer as they were assigned, else as they were received."""
    with acting(request, caller) as conn:
        page = filters.page(conn, caller, asked)
        sales = sales_of(conn, [row.lead_id for row in page.rows])
    told = [LeadTold.of(row, sales.get(row.lead_id, []), caller) for row in page.rows]
    return LeadsAnswer(leads=told, next_cursor=cursor_of(page.next))


@router.get("/api/leads/{lead_id:uuid}", summary="Get a lead", responses=READ_PROBLEMS)
def get(request: Request, caller: AnyCaller, lead_id: UUID) -> LeadAnswer:
    """With the parts of its score."""
    with acting(request, caller) as conn:
        row = find_lead(conn, caller.workspace_id, str(lead_id))
        sales = sales_of(conn, [row.lead_id])
    return LeadAnswer(lead=LeadDetail.of(row, sales.get(row.lead_id, []), caller))


@router.get("/api/suppliers/{supplier_id}/deliveries", summary="Follow a supplier's leads", responses=READ_PROBLEMS)
def deliveries(
    request: Request,
    caller: AnyCaller,
    supplier_id: str,
    since: Annotated[date | None, Query(alias="from", description="30 days back where it is not sent.")] = None,
    until: Annotated[date | None, Query(alias="to", description="Included; today where it is not sent.")] = None,
) -> DeliveriesAnswer:
    """What became of them, counted by day and outcome: for the seller, and for the supplier itself."""
    last = until or intake_of(request).clock().date()
    first = since or last - timedelta(days=min(DAYS, (last - date.min).days))
    if not 0 <= (last - first).days <= MOST_DAYS:
        raise FieldsRefused([{"field": "from", "message": f"must be at most {MOST_DAYS} days before `to`"}])
    with acting(request, caller) as conn:
        found = suppliers.find_supplier(conn, caller.workspace_id, supplier_id)
    with market_pool(request).connection() as conn:  # raw drops are the owner's
        days = delivery_days(conn, caller.workspace_id, found.supplier_id, since=first, until=last)
    return DeliveriesAnswer(days=[DeliveryDayTold.of(day) for day in days])


def _state(text: str) -> str:
    [code] = normalise_states(pd.Series([text], dtype="str"), pd.Series(["US"], dtype="str")).tolist()
    if not isinstance(code, str):
        raise FieldsRefused([{"field": "state", "message": "is no US state: send its two letters, such as CA"}])
    return code


def _utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
