"""One field of a category: its type, its bounds, and how a number or a date of a lead is read. Checks no lead."""

import math
import re
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class FieldType(StrEnum):
    """What a field's value is. NUMBER also takes a number written as text; DATE is `YYYY-MM-DD`."""

    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    DATE = "date"
    SELECT = "select"


@dataclass(frozen=True)
class FieldSpec:
    """One field. `min` and `max` bound a number or a date (both ends included), the lengths a text's characters."""

    name: str
    type: FieldType
    required: bool = False
    label: str | None = None
    min: Decimal | date | None = None
    max: Decimal | date | None = None
    minLength: int | None = None  # noqa: N815 - named as it is sent and stored
    maxLength: int | None = None  # noqa: N815
    options: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The field as JSON: what `read_fields` reads, without what it does not say."""
        said = {key: json_of(getattr(self, key)) for key in KEYS}
        return {key: value for key, value in said.items() if value is not None and value != []}


def read_number(value: object) -> Decimal | None:
    """The number of a JSON number or of a text that writes one plainly; None for anything else, NaN too."""
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, (int, float)):
        return Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    return Decimal(value.strip()) if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) else None


def read_date(value: object) -> date | None:
    """The date of a text `YYYY-MM-DD`, None for anything else."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def json_of(value: object) -> Any:
    """A bound or a list of options as JSON."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


KEYS = frozenset(field.name for field in fields(FieldSpec))
