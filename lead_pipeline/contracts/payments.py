"""What a buyer or seller sends about money: funds, cards, recharges and refunds. Whether it may be is for the steps."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from lead_pipeline.contracts.bodies import Body
from lead_pipeline.contracts.catalogue import Amount
from lead_pipeline.contracts.ids import Id

CardId = Annotated[str, StringConstraints(pattern=r"^(?:pm|card|src)_[A-Za-z0-9_]{1,100}$")]


class FundsSent(Body):
    """How much the primary card is charged, 1.00 to 50,000.00."""

    amount: Amount


class CardSent(Body):
    """A card that Stripe knows, by its id."""

    payment_method_id: CardId = Field(examples=["pm_card_visa"])


class RechargeSent(Body):
    """Below which balance the primary card is charged by itself, and how much; both null: never."""

    threshold: Amount | None
    amount: Amount | None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "RechargeSent":
        if (self.threshold is None) != (self.amount is None):
            raise ValueError("send both threshold and amount, or both as null")
        return self


class RefundSent(Body):
    """Which charge is given back, and why."""

    lead_id: Id
    buyer_id: Id
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
