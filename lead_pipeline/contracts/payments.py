"""What a buyer or seller sends about money: funds, cards, recharges and refunds. Whether it may be is for the steps."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from lead_pipeline.contracts.catalogue import Amount

CardId = Annotated[str, StringConstraints(pattern=r"^(?:pm|card|src)_[A-Za-z0-9_]{1,100}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class MoneySent(BaseModel):
    """A body: strict, camelCase, without unknown fields."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, alias_generator=to_camel, validate_by_name=False
    )


class FundsSent(MoneySent):
    """How much the primary card is charged, 1.00 to 50,000.00."""

    amount: Amount


class CardSent(MoneySent):
    """A card that Stripe knows, by its id."""

    payment_method_id: CardId = Field(examples=["pm_card_visa"])


class RechargeSent(MoneySent):
    """Below which balance the primary card is charged by itself, and how much; both null: never."""

    threshold: Amount | None
    amount: Amount | None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "RechargeSent":
        if (self.threshold is None) != (self.amount is None):
            raise ValueError("send both threshold and amount, or both as null")
        return self


class RefundSent(MoneySent):
    """Which charge is given back, and why."""

    lead_id: Id
    buyer_id: Id
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
