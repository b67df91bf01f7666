"""The text that requests may hold. JSON can escape half a surrogate pair, which no answer could repeat."""

from typing import Annotated

from pydantic import AfterValidator


def _encodable(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair; send whole characters") from error
    return value


Text = Annotated[str, AfterValidator(_encodable)]
