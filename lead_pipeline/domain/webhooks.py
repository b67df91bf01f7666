"""What the body of a verified webhook is: its event, its identity, its workspace, and what it holds.

One reading of the bytes, for the service that lands an event and for the step that decides it. Does not decide
what happens to an event, and makes no rows of it (`webhook_rows`). Any bytes have an answer.
"""

import codecs
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from lead_pipeline.domain.vendor_rows import storable_text, text_of

SOURCES = ("datashopper", "clay", "audience-labs", "c2s")
MAX_DEPTH = 64
"""Of nesting. Fixed, so that a body is read alike wherever it is read: Python's own bound moves with the stack."""

Holds = Literal["leads", "contacts", "nothing", "unknown"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event, as far as it can be read.

    `event_type` (hook_action of C2S) is at most 200 characters, None where there is none. `external_id` is
    `event/<id>`, or `sha256/<hex>` of source, newline and body. `workspace` is a slug or id as sent. `problem` says
    why `holds` is unknown, and what to do. `timestamp` is the body's own, unchecked: see `verify_body_time`.
    """

    event_type: str | None
    external_id: str
    workspace: str | None
    holds: Holds
    problem: str | None
    timestamp: object = None


class _Event(NamedTuple):
    """What an event holds, and the field, with its type, that it cannot be without."""

    holds: Holds
    field: str = ""
    type: type[list[Any]] | type[dict[str, Any]] = list


_NOTHING = _Event("nothing")
_EVENTS: Mapping[str, Mapping[str, _Event]] = MappingProxyType(
    {
        "datashopper": {
            "leads.batch": _Event("leads", "leads", list),
            "leads.single": _Event("leads", "lead", dict),
            "test": _NOTHING,
        },
        "audience-labs": {
            "import.batch": _Event("leads", "leads", list),
            "import.completed": _NOTHING,
            "import.failed": _NOTHING,
            "test": _NOTHING,
        },
        "clay": {
            "enrichment.completed": _Event("contacts"),
            "enrichment.failed": _Event("contacts"),
            "test": _NOTHING,
        },
        "c2s": {
            "on_create_lead": _Event("leads", "customer", dict),
            "on_update_lead": _Event("leads", "customer", dict),
            "on_close_lead": _NOTHING,
        },
    }
)
_CRM = "c2s"
_TOO_DEEP = f"the body is nested deeper than {MAX_DEPTH} levels. Have the sender post a flatter one."
_LONGEST = 200
_LONGEST_WORKSPACE = 100


def read_envelope(source: str, body: bytes) -> Envelope:
    """The envelope of a body of one of SOURCES."""
    try:
        document = parse_body(body)
    except ValueError as error:
        return _unreadable(source, body, str(error))
    if not isinstance(document, dict):
        return _unreadable(source, body, "the body is JSON, but no object. Have the sender post one object.")
    fields = _fields(source, document)
    name = _event_name(source, fields)
    event = _EVENTS.get(source, {}).get(name or "")
    problem = _problem(source, name, event, fields)
    return Envelope(
        event_type=storable_text(name[:_LONGEST]) if name else None,
        external_id=_event_id(source, fields) or _digest(source, body),
        workspace=_workspace(fields),
        holds="unknown" if event is None or problem else event.holds,
        problem=problem,
        timestamp=document.get("timestamp"),
    )


def lead_entries(source: str, body: bytes) -> list[Any]:
    """The leads of an event as they were sent, none where it holds none. An entry may be any JSON value.

    Of C2S the one entry is the lead itself, without its wrapper. Raises ValueError as `parse_body` does.
    """
    document = parse_body(body)
    if not isinstance(document, dict):
        return []
    fields = _fields(source, document)
    event = _EVENTS.get(source, {}).get(_event_name(source, fields) or "")
    if event is None or event.holds != "leads" or _problem(source, "", event, fields):
        return []
    if source == _CRM:
        return [fields]
    return fields[event.field] if event.type is list else [fields[event.field]]


def event_fields(source: str, body: bytes) -> dict[str, Any]:
    """The fields of an event, of C2S without the wrapper; none where the body is no object. Raises as `parse_body`."""
    document = parse_body(body)
    return _fields(source, document) if isinstance(document, dict) else {}


def parse_body(body: bytes) -> Any:
    """The JSON value of a UTF-8 body, with or without a mark at its start. Numbers out of range are None.

    Raises ValueError, saying what to do, for anything that is not JSON: NaN, UTF-16, nesting beyond MAX_DEPTH.
    """
    text = body.removeprefix(codecs.BOM_UTF8)
    try:
        document = _DECODER.decode(text.decode())
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {str(error)[:120]}. Have the sender post JSON in UTF-8.") from None
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _is_too_deep(document):
        raise ValueError(_TOO_DEEP)
    return document


def _unreadable(source: str, body: bytes, problem: str) -> Envelope:
    return Envelope(None, _digest(source, body), None, "unknown", problem)


def _fields(source: str, document: dict[str, Any]) -> dict[str, Any]:
    """The body's fields. C2S sends them bare or under `data`."""
    data = document.get("data") if source == _CRM and "attributes" not in document else None
    return {**document, **data} if isinstance(data, dict) else document


def _event_name(source: str, fields: dict[str, Any]) -> str | None:
    name = fields.get("hook_action" if source == _CRM else "event_type")
    return name if isinstance(name, str) and name else None


def _problem(source: str, name: str | None, event: _Event | None, fields: dict[str, Any]) -> str | None:
    if event is None:
        field = "hook_action" if source == _CRM else "event_type"
        what = f"unknown {field} {name[:60]!r}" if name else f"no {field}"
        return f"{what}; known are {', '.join(_EVENTS.get(source, ()))}. Have the sender send one of them."
    if not event.field:
        return None
    inside = fields.get("attributes") if source == _CRM else fields
    if isinstance(inside, dict) and isinstance(inside.get(event.field), event.type):
        return None
    kind = "a list" if event.type is list else "an object"
    where = "attributes." if source == _CRM else ""
    return f"{name} without {kind} `{where}{event.field}`. Have the sender put it into the body."


def _event_id(source: str, fields: dict[str, Any]) -> str | None:
    """`event/<id>`, of C2S `event/<hook_action>/<id>/<updated_at>`; None where no such name is safely this event's."""
    if source == _CRM:
        attributes = fields.get("attributes")
        changed = attributes.get("updated_at") if isinstance(attributes, dict) else None
        action, lead = _identifier(fields.get("hook_action")), _identifier(fields.get("id"))
        changed = _identifier(text_of(changed) if isinstance(changed, float) else changed)
        name = None if not (action and lead and changed) or "/" in action + lead else f"{action}/{lead}/{changed}"
    else:
        named = (value for value in (fields.get("event_id"), fields.get("id")) if type(value) in (str, int))
        name = _identifier(next(named, None))
    return f"event/{name}" if name and len(name) <= _LONGEST else None


def _identifier(value: object) -> str | None:
    """Text, or a whole number as text. None for all else, and for text that storing it would change."""
    if type(value) is int:
        return str(value)
    return value if isinstance(value, str) and value.strip() and storable_text(value) == value else None


def _workspace(fields: dict[str, Any]) -> str | None:
    for name in ("workspace_id", "workspaceId"):
        value = fields.get(name)
        if isinstance(value, str) and 0 < len(value) <= _LONGEST_WORKSPACE:
            return storable_text(value)
    return None


def _digest(source: str, body: bytes) -> str:
    digest = hashlib.sha256(b"%b\n%b" % (source.encode(), body)).hexdigest()
    return f"sha256/{digest}"


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON value")


def _is_too_deep(document: object) -> bool:
    level: list[Any] = [[document]]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)
