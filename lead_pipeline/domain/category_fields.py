"""A category's own fields: what a field may say, and whether a lead's data keeps to them. Stores nothing.

Data may hold more than the fields name: what is not named is not judged.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from lead_pipeline.domain import email, phone
from lead_pipeline.domain.field_spec import KEYS, FieldSpec, FieldType, json_of, read_date, read_number
from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.errors import FieldsRefused

MOST_FIELDS, MOST_OPTIONS, LONGEST_NAME, LONGEST_TEXT = 100, 200, 100, 10_000
LARGEST = 10**15
_COUNTRY = "US"  # of a phone without a calling code: leads are sold by US state
Fault = dict[str, str]


def read_fields(value: object) -> tuple[FieldSpec, ...]:
    """The fields of a category, from JSON. Raises FieldsRefused with every fault, at `fields.<place>.<key>`."""
    if not isinstance(value, list):
        raise FieldsRefused([_fault("fields", "is no list: send a list of fields, each with name and type")])
    if len(value) > MOST_FIELDS:
        raise FieldsRefused([_fault("fields", f"has {len(value)} fields: at most {MOST_FIELDS} are taken")])
    faults: list[Fault] = []
    read = [_read_field(one, f"fields.{place}", faults) for place, one in enumerate(value)]
    known: set[str] = set()
    for place, field in enumerate(read):
        if field is not None and field.name.casefold() in known:
            faults.append(_fault(f"fields.{place}.name", "is the name of an earlier field: give each its own"))
        known.add(field.name.casefold() if field is not None else "")
    if faults:
        raise FieldsRefused(faults)
    return tuple(field for field in read if field is not None)


def check_values(specs: Sequence[FieldSpec], data: Mapping[str, Any]) -> list[Fault]:
    """Every fault of a lead's data: `field` is the field's bare name. A value that is absent, null or blank is missing.

    A phone that is none is a fault only where its field is required: elsewhere it is a matter of quality.
    """
    faults = []
    for spec in specs:
        value = data.get(spec.name)
        missing = "is required" if spec.required else None
        message = missing if is_missing(value) else _CHECKS[spec.type](spec, value)
        if message is not None:
            faults.append(_fault(spec.name, message))
    return faults


def is_missing(value: object) -> bool:
    """Whether a field of this value counts as not filled."""
    return value is None or (isinstance(value, str) and not value.strip())


def _fault(field: str, message: str) -> Fault:
    return {"field": field, "message": message}


def _read_field(value: object, at: str, faults: list[Fault]) -> FieldSpec | None:
    """The field, None where anything of it is at fault."""
    if not isinstance(value, dict):
        faults.append(_fault(at, "is no object: send {name, type, required}"))
        return None
    found = [(f"{at}.{storable_text(str(key))[:LONGEST_NAME]}", "is not known here") for key in value.keys() - KEYS]
    if not _is_text(value.get("name"), LONGEST_NAME) or value["name"] != value["name"].strip():
        found.append((f"{at}.name", f"is no name: send 1 to {LONGEST_NAME} printable characters"))
    if value.get("type") not in tuple(FieldType):
        found.append((f"{at}.type", f"is none of {', '.join(FieldType)}"))
    if not isinstance(value.get("required", False), bool):
        found.append((f"{at}.required", "is neither true nor false"))
    if value.get("label") is not None and not _is_text(value["label"], LONGEST_NAME):
        found.append((f"{at}.label", f"is no label: send 1 to {LONGEST_NAME} printable characters"))
    kind = value.get("type")
    found += [(f"{at}.{key}", message) for key, message in _bound_faults(kind, value)] + [
        (f"{at}.options", message) for message in _option_faults(kind, value.get("options"))
    ]
    faults += [_fault(*one) for one in found]
    if found:
        return None
    bounds = {key: _bound(kind, value[key]) for key in _BOUNDS if value.get(key) is not None}
    return FieldSpec(
        name=value["name"],
        type=FieldType(str(kind)),
        required=value.get("required", False),
        label=value.get("label"),
        options=tuple(value.get("options") or ()),
        **bounds,  # type: ignore[arg-type]  # each has been read as its own kind
    )


def _bound_faults(kind: object, value: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for low, high, kinds in _PAIRS:
        given = [key for key in (low, high) if value.get(key) is not None]
        read = {key: _bound(kind, value[key], is_length=low == "minLength") for key in given}
        if kind not in kinds:
            found += [(key, f"is not for a field of this type: {' and '.join(kinds)} have it") for key in given]
        elif wrong := [key for key in given if read[key] is None]:
            found += [(key, _BOUND_WORDS.get(str(kind), _LENGTH_WORDS)) for key in wrong]
        elif len(given) == 2 and read[low] > read[high]:  # type: ignore[operator]  # both were read
            found.append((low, f"is more than {high}"))
    return found


def _bound(kind: object, value: object, *, is_length: bool = False) -> Decimal | date | int | None:
    if isinstance(value, bool):
        return None
    if is_length or kind == FieldType.TEXT:
        return value if isinstance(value, int) and 0 <= value <= LONGEST_TEXT else None
    if kind == FieldType.DATE:
        return read_date(value)
    number = read_number(value) if isinstance(value, (int, float)) else None
    return number if number is not None and abs(number) <= LARGEST else None


def _option_faults(kind: object, options: object) -> list[str]:
    if kind != FieldType.SELECT:
        return ["is not for a field of this type: select has it"] if options else []
    if not isinstance(options, list) or not 0 < len(options) <= MOST_OPTIONS:
        return [f"is missing: send a list of 1 to {MOST_OPTIONS} texts to choose from"]
    if not all(_is_text(one, LONGEST_NAME) for one in options):
        return [f"holds what is no option: send texts of 1 to {LONGEST_NAME} printable characters"]
    return ["names one twice"] if len(set(options)) < len(options) else []


def _is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest and bool(value.strip()) and value.isprintable()


def _check_text(spec: FieldSpec, value: object) -> str | None:
    if not isinstance(value, str):
        return "is no text"
    if spec.minLength is not None and len(value) < spec.minLength:
        return f"is shorter than {spec.minLength} characters"
    longest = LONGEST_TEXT if spec.maxLength is None else spec.maxLength
    return f"is longer than {longest} characters" if len(value) > longest else None


def _check_email(_: FieldSpec, value: object) -> str | None:
    if not isinstance(value, str):
        return "is no e-mail address: send it as text"
    _address, error = email.ask_library(value)
    return None if error is None else f"is no e-mail address: {error}"


def _check_phone(spec: FieldSpec, value: object) -> str | None:
    if not isinstance(value, str):
        return "is no phone number: send it as text"
    if not spec.required or phone.ask_library(value[:LONGEST_NAME], _COUNTRY)[0] is not None:
        return None
    return "is no valid phone number, and this category requires one: send it with its country, such as +1"


def _check_number(spec: FieldSpec, value: object) -> str | None:
    return "is no number" if (read := read_number(value)) is None else _outside(spec, read)


def _check_date(spec: FieldSpec, value: object) -> str | None:
    return "is no date: send it as YYYY-MM-DD" if (read := read_date(value)) is None else _outside(spec, read)


def _check_select(spec: FieldSpec, value: object) -> str | None:
    return None if value in spec.options else f"is none of {', '.join(spec.options)}"[:1000]


def _outside(spec: FieldSpec, value: Decimal | date) -> str | None:
    if spec.min is not None and value < spec.min:  # type: ignore[operator]  # bounds are of the field's own kind
        return f"is less than {json_of(spec.min)}"
    if spec.max is not None and value > spec.max:  # type: ignore[operator]
        return f"is more than {json_of(spec.max)}"
    return None


_BOUNDS = ("min", "max", "minLength", "maxLength")
_PAIRS = (
    ("min", "max", (FieldType.NUMBER, FieldType.DATE)),
    ("minLength", "maxLength", (FieldType.TEXT,)),
)
_LENGTH_WORDS = f"is no whole number from 0 to {LONGEST_TEXT}"
_BOUND_WORDS: Mapping[str, str] = {
    FieldType.NUMBER: f"is no number of at most {LARGEST}",
    FieldType.DATE: "is no date: YYYY-MM-DD",
}
_CHECKS: Mapping[FieldType, Callable[[FieldSpec, object], str | None]] = {
    FieldType.TEXT: _check_text,
    FieldType.EMAIL: _check_email,
    FieldType.PHONE: _check_phone,
    FieldType.NUMBER: _check_number,
    FieldType.DATE: _check_date,
    FieldType.SELECT: _check_select,
}
