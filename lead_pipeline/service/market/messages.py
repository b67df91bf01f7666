"""How bodies are read and answers are made: camelCase, strict one way, `success` first the other. Knows no route."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from lead_pipeline.contracts.catalogue import Sent, read_sent
from lead_pipeline.service.openapi import BODY_PROBLEMS, problems

T = TypeVar("T", bound=BaseModel)
READ_PROBLEMS: dict[int | str, dict[str, Any]] = problems(401, 403, 404, 422, 500, 503)
WRITE_PROBLEMS: dict[int | str, dict[str, Any]] = problems(401, 403, 404, 409, *BODY_PROBLEMS, 422, 500, 503)
When = Annotated[datetime, PlainSerializer(lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"), str)]


class Told(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Done(Told):
    """It was done; there is nothing more to tell."""

    success: Literal[True] = True


class Paged(Done):
    """A page of a list."""

    next_cursor: str | None


def body_of(model: type[T]) -> Callable[[Request], Coroutine[Any, Any, T]]:
    """What a route depends on for its body, after its caller: who may not ask is not read."""

    async def read(request: Request) -> T:
        return read_sent(model, await request.body())

    return read


def describes(model: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra=` of a route whose body is `model`; its parts in their places, where no reference is needed."""
    schema = model.model_json_schema()
    inlined = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": inlined}}}}


def changes_of(sent: Sent) -> tuple[dict[str, Any], int | None]:
    """The fields that a PATCH names, and the version that its sender saw."""
    return sent.model_dump(exclude_unset=True, exclude={"version"}), sent.version


def whole_of(sent: Sent) -> tuple[dict[str, Any], int | None]:
    """Every field, as a PUT sets them, and the version that its sender saw."""
    return sent.model_dump(exclude={"version"}), sent.version


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {name: _inlined(value, parts) for name, value in schema.items()}
