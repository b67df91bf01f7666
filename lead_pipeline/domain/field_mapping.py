"""Which part of an upload body fills which field of a platform: what a mapping may say, and what it makes of a body.

Pure. Knows no platform: what each of them requires is in `contracts.platform_accounts`.
"""

from collections.abc import Mapping
from typing import Any

SINGLE = (
    "id", "company_name", "domain", "industry", "employee_count", "revenue", "location.city", "location.state",
    "location.country", "intent_score", "primary_contact.full_name", "primary_contact.email", "primary_contact.title",
    "created_at", "enriched_at",
)  # fmt: skip
"""Paths that lead to one text, number or time."""
WHOLE = ("location", "intent_signals", "contacts", "primary_contact")
"""Paths that lead to an object or a list."""
BODY = (*(path for path in SINGLE if "." not in path), *WHOLE)
"""The body's own fields."""
_KEYS = ({"const"}, {"path"}, {"path", "default"})


def source_fault(source: object, *, takes_whole: bool) -> str | None:
    """What is wrong with the source of a field, None where nothing is.

    A source is a path, `{"path": ..., "default": ...}` or `{"const": ...}`. Not `takes_whole`: lists and objects are
    refused.
    """
    if isinstance(source, Mapping):
        fault = _object_fault(source)
        if fault is not None or "const" in source:
            return fault
        source = source["path"]
    if not isinstance(source, str) or not source:
        return "is empty: name the path that fills it"
    if source in WHOLE and not takes_whole:
        return f"takes one value, and {source} is a list or an object: name a part of it, or a field beside it"
    if source not in (*SINGLE, *WHOLE):
        return f"has a path that no upload has. There are: {', '.join((*SINGLE, *WHOLE) if takes_whole else SINGLE)}"
    return None


def map_body(mapping: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a platform, filled from an upload body; None where the body has nothing and no default is named."""
    return {field: _value(source, body) for field, source in mapping.items()}


def paths_sent(mapping: Mapping[str, Any], body: Mapping[str, Any]) -> list[str]:
    """The paths of a body that leave with it, those without a value left out; without a mapping, all of its fields."""
    paths = {path for path in map(_path, mapping.values()) if path is not None} if mapping else set(BODY)
    return sorted(path for path in paths | {"id"} if _at(path, body) not in (None, [], {}))


def _object_fault(source: Mapping[str, Any]) -> str | None:
    if set(source) not in _KEYS:
        return 'is no source: name a path, {"path": ..., "default": ...} or {"const": ...}'
    for name in ("const", "default"):
        if name in source and not _is_plain(source[name]):
            return f"has a {name} that is empty, or is no text, number or truth value"
    return None


def _value(source: Any, body: Mapping[str, Any]) -> Any:
    if isinstance(source, str):
        return _at(source, body)
    if "const" in source:
        return source["const"]
    found = _at(source["path"], body)
    return source.get("default") if found in (None, "") else found


def _path(source: Any) -> str | None:
    path: str | None = source if isinstance(source, str) else source.get("path")
    return path


def _at(path: str, body: Mapping[str, Any]) -> Any:
    found: Any = body
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _is_plain(value: object) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and value.strip() != "")
