"""What the bodies of all requests to the marketplace's API have in common."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Body(BaseModel):
    """A body or a part of one: strict, camelCase, without unknown fields."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, alias_generator=to_camel, validate_by_name=False
    )
