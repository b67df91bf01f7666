"""What is answered about a lead: to its seller whole, to a buyer without who sent it, to a supplier without who bought.

Shapes only; what a caller may see at all, the database says.
"""

from typing import Any

from pydantic import Field

from lead_pipeline.domain.money import decimal_text
from lead_pipeline.service.market.messages import Done, Paged, Told, When
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.market_leads import LeadRow, SaleRow
from lead_pipeline.store.supplier_deliveries import DeliveryDay

_OWN_ATTRIBUTES = ("campaign_id", "category_id", "supplier_quality")
_CONTACT = {
    "firstName": "first_name",
    "lastName": "last_name",
    "fullName": "full_name",
    "email": "email",
    "phone": "phone",
    "companyName": "company_name",
    "city": "city",
}


class SaleTold(Told):
    """A buyer that has the lead, at which price, and why it was this one."""

    buyer_id: str
    buyer: str
    price: str
    currency: str
    reason: str
    assigned_at: When


class LeadTold(Told):
    """A lead. `campaign` and `category` are slugs; `outcome` is null while it is not decided."""

    id: str
    campaign_id: str
    campaign: str
    category_id: str
    category: str
    supplier_id: str | None = Field(description="Who sent it; null for a buyer.")
    state: str
    quality: str
    lead_score: int
    received_at: When
    outcome: str | None
    decided_at: When | None
    data: dict[str, Any] = Field(description="Contact and the category's fields; empty once they were archived.")
    assignments: list[SaleTold]

    @classmethod
    def of(cls, row: LeadRow, sales: list[SaleRow], caller: Caller) -> "LeadTold":
        """The answer about a row."""
        return cls(**_told(row, sales, caller))


class LeadDetail(LeadTold):
    """A lead with how its score came about, and what is doubtful about it."""

    score_parts: dict[str, Any]
    flags: list[str]

    @classmethod
    def of(cls, row: LeadRow, sales: list[SaleRow], caller: Caller) -> "LeadDetail":
        """The answer about a row."""
        return cls(**_told(row, sales, caller), score_parts=row.score_parts, flags=row.flags or [])


class LeadAnswer(Done):
    """One lead."""

    lead: LeadDetail


class LeadsAnswer(Paged):
    """Leads, the newest first: as received, or for a buyer as assigned."""

    leads: list[LeadTold]


class DeliveryDayTold(Told):
    """A UTC day: received = pending + accepted + duplicate + refused; `outcomes` are of those accepted."""

    day: str
    received: int
    pending: int
    accepted: int
    duplicate: int
    refused: int
    outcomes: dict[str, int]

    @classmethod
    def of(cls, row: DeliveryDay) -> "DeliveryDayTold":
        """The answer about a row."""
        return cls(
            day=row.day.isoformat(),
            received=row.received,
            pending=row.pending,
            accepted=row.accepted,
            duplicate=row.duplicate,
            refused=row.refused,
            outcomes={
                "assigned": row.assigned,
                "nobody_eligible": row.nobody_eligible,
                "everybody_refused": row.everybody_refused,
                "campaign_paused": row.campaign_paused,
                "undecided": row.undecided,
            },
        )


class DeliveriesAnswer(Done):
    """Days on which leads came, the last first."""

    days: list[DeliveryDayTold]


def _told(row: LeadRow, sales: list[SaleRow], caller: Caller) -> dict[str, Any]:
    contact = {name: getattr(row, column) for name, column in _CONTACT.items()}
    more = {name: value for name, value in (row.attributes or {}).items() if name not in _OWN_ATTRIBUTES}
    return {
        "id": row.lead_id,
        "campaign_id": row.campaign_id,
        "campaign": row.campaign,
        "category_id": row.category_id,
        "category": row.category,
        "supplier_id": None if caller.role == "BUYER" else row.supplier_id,
        "state": row.state,
        "quality": row.quality,
        "lead_score": row.lead_score,
        "received_at": row.received_at,
        "outcome": row.outcome,
        "decided_at": row.decided_at,
        "data": {name: value for name, value in {**more, **contact}.items() if value is not None},
        "assignments": [
            SaleTold(
                buyer_id=sale.buyer_id,
                buyer=sale.buyer,
                price=decimal_text(sale.price_minor, caller.currency),
                currency=caller.currency,
                reason=sale.reason,
                assigned_at=sale.decided_at,
            )
            for sale in sales
        ],
    }
