"""What the supplier API is sent and what it answers: shapes, words and examples. Decides nothing."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from lead_pipeline.contracts.supplier_leads import EXAMPLE, schema
from lead_pipeline.domain.money import decimal_text
from lead_pipeline.store.supplier_drops import SupplierDrop

INGEST_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": schema(), "example": EXAMPLE}},
    }
}
REFUSED_EXAMPLE = (
    "The lead is kept and went nowhere. Mend the fields that `errors` names and send it anew, "
    "or ask the seller to repair the drop `dropId`."
)


Outcome = Literal["assigned", "nobody_eligible", "everybody_refused", "campaign_paused"]
_WORDS = {
    "nobody_eligible": "No buyer of the campaign takes such a lead now: by its subscription, its states or its hours. "
    "The lead is kept, and offered again for 24 hours.",
    "everybody_refused": "Every buyer who takes such a lead is at a cap or a limit, or its wallet is too low. "
    "The lead is kept, and offered again for 24 hours.",
    "campaign_paused": "The campaign is paused. The lead is kept, and offered again for 24 hours.",
}
_GONE = "The campaign was deleted before the lead was decided. The lead is kept and is not sold."


class Sale(BaseModel):
    """One buyer who got the lead."""

    buyer_id: str = Field(serialization_alias="buyerId")
    buyer: str = Field(description="The buyer's name.")
    price: str = Field(description='In the seller\'s currency: "25.00".')
    subscription_id: str | None = Field(serialization_alias="subscriptionId")
    reason: str = Field(description="Why this buyer.")


class IngestAnswer(BaseModel):
    """What became of a lead. `outcome`, `assignments` and `leadScore` are of sellers' campaigns."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "success": True,
                "dropId": 17,
                "status": "accepted",
                "leadId": "019b76da-a800-7000-8000-000000000001",
                "assignedTo": "service-industry",
                "reason": "Matched rule: Life insurance",
                "outcome": "assigned",
                "assignments": [
                    {
                        "buyerId": "0b9b6d8e-5b1f-4c62-9f0e-3a1b2c3d4e5f",
                        "buyer": "Shield Life",
                        "price": "25.00",
                        "subscriptionId": "6f1f5e0a-8a3d-4b57-8f0b-1c2d3e4f5a6b",
                        "reason": "round robin: next in turn",
                    }
                ],
                "leadScore": 87,
            }
        }
    )

    success: Literal[True] = True
    drop_id: int = Field(serialization_alias="dropId", description="What it is kept as; ask for its status by it.")
    status: Literal["accepted", "duplicate"]
    lead_id: str | None = Field(default=None, serialization_alias="leadId", description="Null while it is not decided.")
    assigned_to: str | None = Field(
        default=None, serialization_alias="assignedTo", description="Workspace (slug) that receives a lead that is new."
    )
    reason: str | None = Field(default=None, description="Why there; of a lead that nobody bought, why not.")
    outcome: Outcome | None = Field(
        default=None, description="What became of it in its campaign; of a duplicate, what became of the first one."
    )
    assignments: list[Sale] = Field(default=[], description="Who bought it.")
    lead_score: int | None = Field(default=None, serialization_alias="leadScore", ge=0, le=100)

    @classmethod
    def of(cls, drop: SupplierDrop, status: Literal["accepted", "duplicate"]) -> Self:
        """What became of a decided drop."""
        return cls(
            drop_id=drop.drop_id,
            status=status,
            lead_id=drop.lead_id,
            assigned_to=drop.assigned_to if status == "accepted" else None,
            reason=_reason(drop) if status == "accepted" or drop.outcome is not None else None,
            outcome=drop.outcome,  # type: ignore[arg-type]  # the table allows these four
            assignments=_sales(drop),
            lead_score=drop.lead_score,
        )


class LeadStatus(BaseModel):
    """Where a supplier's lead stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "dropId": 17,
                "status": "refused",
                "receivedAt": "2026-01-31T12:00:00Z",
                "leadId": None,
                "assignedTo": None,
                "reason": None,
                "repair": "waiting",
                "errors": [{"field": "data.email", "message": "invalid_email: no-at-sign"}],
                "outcome": None,
                "assignments": [],
                "leadScore": None,
            }
        }
    )

    drop_id: int = Field(serialization_alias="dropId")
    status: Literal["pending", "accepted", "duplicate", "refused"]
    received_at: datetime = Field(serialization_alias="receivedAt")
    lead_id: str | None = Field(serialization_alias="leadId")
    assigned_to: str | None = Field(serialization_alias="assignedTo", description="Workspace that received it (slug).")
    reason: str | None = Field(description="Why there; of a lead that nobody bought, why not.")
    repair: Literal["waiting", "repaired", "discarded"] | None = Field(description="Of a lead that was refused.")
    errors: list[dict[str, str]] = Field(description="Why it was refused: `field` and `message`.")
    outcome: Outcome | None = Field(description="What became of it in its campaign.")
    assignments: list[Sale] = Field(description="Who bought it.")
    lead_score: int | None = Field(serialization_alias="leadScore", ge=0, le=100)

    @classmethod
    def of(cls, drop: SupplierDrop) -> Self:
        """The status of a drop."""
        return cls(
            drop_id=drop.drop_id,
            status=drop.status,  # type: ignore[arg-type]  # SupplierDrop.status is one of these
            received_at=drop.received_at,
            lead_id=drop.lead_id,
            assigned_to=drop.assigned_to,
            reason=_reason(drop),
            repair=drop.repair,  # type: ignore[arg-type]  # the table allows these three
            errors=refused_fields(drop),
            outcome=drop.outcome,  # type: ignore[arg-type]  # the table allows these four
            assignments=_sales(drop),
            lead_score=drop.lead_score,
        )


def _reason(drop: SupplierDrop) -> str | None:
    if drop.outcome in _WORDS:
        return _GONE if drop.outcome == "campaign_paused" and drop.is_campaign_gone else _WORDS[drop.outcome]
    return drop.assignment_reason


def _sales(drop: SupplierDrop) -> list[Sale]:
    return [
        Sale(
            buyer_id=sale["buyerId"],
            buyer=sale["buyer"],
            price=decimal_text(sale["priceMinor"], drop.currency or ""),
            subscription_id=sale["subscriptionId"],
            reason=sale["reason"],
        )
        for sale in drop.sales
    ]


def refused_fields(drop: SupplierDrop) -> list[dict[str, str]]:
    """A refused row's reasons, each at the field of the request that it came from."""
    return [
        {
            "field": f"data.{reason['column']}" if reason["column"] not in (None, "fingerprint") else "data",
            "message": ": ".join(str(part) for part in (reason["check"], reason["value"]) if part is not None),
        }
        for reason in drop.reasons or []
    ]
