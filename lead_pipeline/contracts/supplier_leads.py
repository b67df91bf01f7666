"""What a supplier sends: `{campaignId, categoryId, state, quality, data}`, field by field.

Holds nothing on whether the lead is any good: validation says that. A field that
is not known is refused: a misspelt one that was dropped silently would be a lead sent wrongly.
"""

from functools import lru_cache
from typing import Annotated, Any

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lead_pipeline.domain.geography import normalise_states
from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.domain.webhooks import parse_body

QUALITIES = ("HOT", "WARM", "COLD")
MOST_FIELDS, LONGEST_NAME, LONGEST_TEXT = 100, 100, 10_000
EXAMPLE: dict[str, Any] = {
    "campaignId": "spring-insurance",
    "categoryId": "life-insurance",
    "state": "CA",
    "quality": "HOT",
    "data": {
        "firstName": "Ada",
        "lastName": "Example",
        "email": "ada@shop.example",
        "phone": "+1234567890",
        "age": 41,
        "coverage": "100000",
    },
}


def _storable(text: str) -> str:
    if storable_text(text) != text:
        raise ValueError("holds a character that cannot be stored")
    return text


def _state(text: str) -> str:
    if _us_state(text) is None:
        raise ValueError("is no US state: send its two letters, such as CA, or its name")
    return text


def _quality(text: str) -> str:
    if text.upper() not in QUALITIES:
        raise ValueError(f"is none of {', '.join(QUALITIES)}")
    return text


def _scalar(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        raise ValueError(  # noqa: TRY004 - pydantic makes field errors of these
            "is no single value: send text, a number, true, false or null"
        )
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise ValueError(f"is longer than {LONGEST_TEXT} characters")
    return value


_Id = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_storable)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME), AfterValidator(_storable)]


class SupplierLead(BaseModel):
    """One lead as a supplier sends it. `quality` in any case; `data` holds whatever the category asks for."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": EXAMPLE})

    campaign_id: _Id = Field(alias="campaignId")
    category_id: _Id = Field(alias="categoryId", description="One of those that the supplier may send to.")
    state: Annotated[str, StringConstraints(max_length=100), AfterValidator(_state)] = Field(
        description="A US state, by its two letters or its name."
    )
    quality: Annotated[str, AfterValidator(_quality)] = Field(description="HOT, WARM or COLD, in any case.")
    data: dict[_Name, Annotated[Any, AfterValidator(_scalar)]] = Field(
        min_length=1, max_length=MOST_FIELDS, description="Up to 100 fields of single values."
    )

    @property
    def state_code(self) -> str | None:
        """The state's two letters."""
        return _us_state(self.state)


def read_supplier_lead(body: bytes) -> tuple[SupplierLead | None, list[dict[str, str]]]:
    """The lead that a body holds, or every reason why it is none: `field` and `message` each."""
    try:
        return SupplierLead.model_validate(parse_body(body)), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return None, [{"field": _field(item["loc"]), "message": item["msg"]} for item in found]
    except ValueError as error:
        return None, [{"field": "", "message": str(error)}]


def schema() -> dict[str, Any]:
    """The body's JSON schema."""
    return SupplierLead.model_json_schema(by_alias=True)


def _field(place: tuple[int | str, ...]) -> str:
    """Where it is, without pydantic's word for a name at fault; a name that the sender chose is cut and printable."""
    return ".".join(storable_text(str(part))[:LONGEST_NAME] for part in place if part != "[key]")


@lru_cache(maxsize=1024)
def _us_state(text: str) -> str | None:
    [code] = normalise_states(pd.Series([storable_text(text)], dtype="str"), pd.Series(["US"], dtype="str")).tolist()
    return code if isinstance(code, str) else None
