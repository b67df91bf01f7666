"""What a closing event of the CRM says: which lead, closed by whom and when. Finds no manager and words nothing.

Contact2Sale posts the lead as it answers it: `attributes` holds `seller` with id, name and e-mail, `customer`,
`lead_source` and `updated_at`. Other spellings are read too, and no body raises.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lead_pipeline.domain.crm import CRM, lead_id_of, moment_of
from lead_pipeline.domain.inert_text import one_line
from lead_pipeline.domain.vendor_rows import text_of
from lead_pipeline.domain.webhooks import event_fields

ACTION = "on_close_lead"
_REALTORS = ("seller", "user", "realtor")
_ENDINGS = ("done_details", "archive_details")
_MOMENTS = ("closed_at", "done_at", "archived_at")
_SOURCES = ("lead_source", "source")


@dataclass(frozen=True, slots=True)
class Closing:
    """A lead that was closed.

    `keys` are the realtor's e-mail and id in lower case, in this order, those that were sent. `closed_at` is the CRM's
    moment, its last change where it names none.
    """

    lead_id: str
    keys: tuple[str, ...] = field(default=(), repr=False)
    name: str | None = field(default=None, repr=False)
    closed_at: datetime | None = None
    customer: str | None = field(default=None, repr=False)
    source: str | None = None

    @property
    def realtor(self) -> str | None:
        """What the realtor is known by, None where the event names nobody."""
        return next(iter(self.keys), self.name)

    @property
    def lookups(self) -> list[tuple[str, bool]]:
        """By what the realtor is looked up, the surest first, and whether that is a name: only where all else is none.

        Two realtors of one name are two.
        """
        name = None if self.name is None else key_of(self.name)
        is_all = name is not None and set(self.keys) <= {name}
        return [*((key, False) for key in self.keys), *([(name, True)] if name is not None and is_all else [])]

    @property
    def subject(self) -> str:
        """What a message about it is about: the same for every event that tells of it, however late it comes."""
        moment = "" if self.closed_at is None else f"/{self.closed_at.isoformat()}"
        return f"close/{self.lead_id}{moment}"


def read_closing(body: bytes) -> Closing | None:
    """The closing that an event tells of; None where it tells of none, or of no lead."""
    fields: dict[str, Any] = {}
    with suppress(ValueError):
        fields = event_fields(CRM, body)
    lead_id = lead_id_of(fields.get("id"))
    if fields.get("hook_action") != ACTION or lead_id is None:
        return None
    attributes = _object(fields.get("attributes"))
    keys, name = _realtor(attributes)
    return Closing(
        lead_id,
        keys,
        name,
        _closed_at(attributes),
        _named(attributes.get("customer")),
        _first(_named(attributes.get(one)) for one in _SOURCES),
    )


def key_of(text: str) -> str:
    """An e-mail or id as realtors are compared by it."""
    return one_line(text).lower()


def is_news(closing: Closing, told: datetime | None) -> bool:
    """Whether a closing is later than the last one of its lead that somebody was told of (None: of none was).

    One without a moment cannot be told from that one.
    """
    return told is None or (closing.closed_at is not None and closing.closed_at > told)


def _realtor(attributes: Mapping[str, Any]) -> tuple[tuple[str, ...], str | None]:
    given = _first(value for name in _REALTORS if (value := attributes.get(name)))
    # A bare text is an address, or else an id or a name.
    bare = ("email",) if "@" in str(given) else ("id", "name")
    person = given if isinstance(given, dict) else dict.fromkeys(bare, given)
    keys = (key_of(text) for name in ("email", "id") if (text := text_of(person.get(name))))
    return tuple(dict.fromkeys(key for key in keys if key)), _line(person.get("name"))


def _closed_at(attributes: Mapping[str, Any]) -> datetime | None:
    places = (attributes, *(_object(attributes.get(name)) for name in _ENDINGS))
    named = (moment_of(place.get(name)) for name in _MOMENTS for place in places)
    moment = _first(named) or moment_of(attributes.get("updated_at"))
    with suppress(OverflowError):
        return None if moment is None else moment.astimezone(UTC)
    return None


def _named(value: object) -> str | None:
    """The name of what may be an object with one, or the name itself."""
    return _line(value.get("name") if isinstance(value, dict) else value)


def _line(value: object) -> str | None:
    text = text_of(value)
    return None if text is None else one_line(text) or None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)
