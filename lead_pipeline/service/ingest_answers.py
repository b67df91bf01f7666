"""What the supplier API is sent and what it answers: shapes and examples. Decides nothing."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from lead_pipeline.contracts.supplier_leads import EXAMPLE, schema
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


class IngestAnswer(BaseModel):
    """What became of a lead."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "success": True,
                "dropId": 17,
                "status": "accepted",
                "leadId": "019b76da-a800-7000-8000-000000000001",
                "assignedTo": "service-industry",
                "reason": "matched rule Life insurance",
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
    reason: str | None = Field(default=None, description="Why there.")


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
            }
        }
    )

    drop_id: int = Field(serialization_alias="dropId")
    status: Literal["pending", "accepted", "duplicate", "refused"]
    received_at: datetime = Field(serialization_alias="receivedAt")
    lead_id: str | None = Field(serialization_alias="leadId")
    assigned_to: str | None = Field(serialization_alias="assignedTo", description="Workspace that received it (slug).")
    reason: str | None = Field(description="Why there.")
    repair: Literal["waiting", "repaired", "discarded"] | None = Field(description="Of a lead that was refused.")
    errors: list[dict[str, str]] = Field(description="Why it was refused: `field` and `message`.")

    @classmethod
    def of(cls, drop: SupplierDrop) -> Self:
        """The status of a drop."""
        return cls(
            drop_id=drop.drop_id,
            status=drop.status,  # type: ignore[arg-type]  # SupplierDrop.status is one of these
            received_at=drop.received_at,
            lead_id=drop.lead_id,
            assigned_to=drop.assigned_to,
            reason=drop.assignment_reason,
            repair=drop.repair,  # type: ignore[arg-type]  # the table allows these three
            errors=refused_fields(drop),
        )


def refused_fields(drop: SupplierDrop) -> list[dict[str, str]]:
    """A refused row's reasons, each at the field of the request that it came from."""
    return [
        {
            "field": f"data.{reason['column']}" if reason["column"] not in (None, "fingerprint") else "data",
            "message": ": ".join(str(part) for part in (reason["check"], reason["value"]) if part is not None),
        }
        for reason in drop.reasons or []
    ]
