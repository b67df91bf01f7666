"""What a seller or buyer sends about categories, campaigns, buyers, subscriptions and suppliers, field by field.

Each body has its part for PATCH, in which any field may be absent. Holds nothing that needs the store:
whether a category exists, or an amount suits the currency, is decided in the steps.
"""

import math
from copy import copy
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    create_model,
)

from lead_pipeline.contracts.bodies import Body
from lead_pipeline.domain.candidates import Logic
from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.errors import FieldsRefused

LARGEST_COUNT = 1_000_000
_LONGEST_FIELD, _LONGEST_AMOUNT = 100, 40


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return text


def _storable(text: str) -> str:
    if storable_text(text) != text:
        raise ValueError("holds a character that cannot be stored")
    return text


def _amount_text(value: Any) -> str:
    """A decimal as text, also where it came as a number: 25, 25.0."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_LONGEST_AMOUNT:
        value = str(value)
    if isinstance(value, float) and math.isfinite(value):
        value = str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if not isinstance(value, str) or len(value) > _LONGEST_AMOUNT:
        raise ValueError('is no amount: send a decimal such as "25.00"')
    return value


def _logic(text: str) -> str:
    if text not in tuple(Logic):
        raise ValueError(f"is none of {', '.join(Logic)}")
    return text


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
Amount = Annotated[
    str,
    BeforeValidator(_amount_text),
    Field(description='Decimal, in the seller\'s currency, such as "25.00".', examples=["25.00"]),
]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Scale = Annotated[int, Field(ge=1, le=10)]


class Sent(Body):
    """A body about something that has versions. `version`: the one that the sender saw, where it cares."""

    version: int | None = Field(default=None, ge=1, le=2**31 - 1, description="If given, it must still be this one.")


class CategorySent(Sent):
    """A category. Without a `slug` it gets one made of its name."""

    name: Name
    slug: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    fields: list[Any] = Field(
        default_factory=list,
        max_length=100,
        description="Of each: name, type (text, email, phone, number, date, select), required; min, max, minLength, "
        "maxLength, options, label.",
        examples=[[{"name": "age", "type": "number", "required": True, "min": 18}]],
    )


class CampaignSent(Sent):
    """A campaign. `category_id` is a category's id or slug."""

    category_id: Reference
    name: Name
    description: Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_storable)] = ""
    price_per_lead: Amount
    distribution_logic: Annotated[str, AfterValidator(_logic)] = Field(json_schema_extra={"enum": list(Logic)})
    allow_state_selection: bool = False
    seed: int | None = Field(
        default=None, ge=-(2**63), le=2**63 - 1, description="Weighted round robin by seeded chance."
    )
    status: Literal["ACTIVE", "PAUSED"] = "ACTIVE"


class BuyerSent(Sent):
    """A buyer. An INACTIVE one receives nothing. `priority` is its weight where a subscription names none."""

    name: Name
    email: Annotated[str, StringConstraints(min_length=3, max_length=254)] | None = None
    status: Literal["ACTIVE", "INACTIVE"] = "ACTIVE"
    priority: Scale = 1
    weekly_limit: Amount | None = None
    monthly_limit: Amount | None = None


class SubscriptionTerms(Sent):
    """What may be changed of a subscription. `weight` and `target` are the seller's to set."""

    daily_cap: Count | None = None
    states: list[Annotated[str, StringConstraints(max_length=100)]] = Field(default_factory=list, max_length=100)
    weight: Scale | None = None
    waterfall_priority: int = Field(default=1, ge=1, le=LARGEST_COUNT, description="1 goes first.")
    target: int | None = Field(default=None, ge=1, le=LARGEST_COUNT)
    schedule: list[Any] | None = Field(
        default=None,
        max_length=100,
        description="Hours of the week in the seller's time zone; null: always.",
        examples=[[{"days": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00"}]],
    )
    status: Literal["ACTIVE", "PAUSED"] = "ACTIVE"


class SubscriptionSent(SubscriptionTerms):
    """A subscription of a buyer to a campaign (id or slug). A buyer subscribes itself and names no `buyer_id`."""

    campaign_id: Reference
    buyer_id: Reference | None = None


class SupplierSent(Sent):
    """A supplier. `permitted_categories` are ids or slugs; an INACTIVE one's keys are refused."""

    name: Name
    permitted_categories: list[Reference] = Field(default_factory=list, max_length=200)
    status: Literal["ACTIVE", "INACTIVE"] = "ACTIVE"


class KeySent(Sent):
    """What a new key is called."""

    name: Name = "api"


def _partial(whole: type[Sent]) -> type[Sent]:
    fields: dict[str, Any] = {}
    for name, field in whole.model_fields.items():
        optional = copy(field)
        optional.default, optional.default_factory = None, None  # never seen: only what was sent is read
        fields[name] = (field.annotation, optional)
    return create_model(
        whole.__name__.replace("Sent", "Changes").replace("Terms", "Changes"),
        __base__=Sent,
        __doc__=f"Any fields of {whole.__name__}; those that are absent stay as they are.",
        **fields,
    )


CategoryChanges = _partial(CategorySent)
CampaignChanges = _partial(CampaignSent)
BuyerChanges = _partial(BuyerSent)
SubscriptionChanges = _partial(SubscriptionTerms)
SupplierChanges = _partial(SupplierSent)

T = TypeVar("T", bound=BaseModel)


def read_sent(model: type[T], body: bytes) -> T:
    """The body as a model. Raises FieldsRefused with every fault at its field; a body that is no JSON has field ''."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise FieldsRefused([{"field": _field(one["loc"]), "message": one["msg"]} for one in found]) from None


def _field(place: tuple[int | str, ...]) -> str:
    """Where it is; a name that the sender chose is cut and printable."""
    return ".".join(storable_text(str(part))[:_LONGEST_FIELD] for part in place)
