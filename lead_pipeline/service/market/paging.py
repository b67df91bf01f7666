"""How a list is asked for, page by page: `limit` and an opaque `cursor`, which the answer names the next of."""

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query

from lead_pipeline.contracts.ids import UUID
from lead_pipeline.errors import FieldsRefused
from lead_pipeline.store.pages import Asked, Place

MOST, USUAL = 200, 50
_ID = re.compile(UUID)
_NOTIFICATION = re.compile(f"lead-{UUID}|notice-[0-9]{{19}}")
_Limit = Annotated[int, Query(ge=1, le=MOST)]
_Cursor = Annotated[str | None, Query(max_length=300, description="`nextCursor` of the page before.")]


def _asked(limit: _Limit = USUAL, cursor: _Cursor = None) -> Asked:
    return Asked(limit, None if cursor is None else read_cursor(cursor))


def _notifications_asked(limit: _Limit = USUAL, cursor: _Cursor = None) -> Asked:
    return Asked(limit, None if cursor is None else read_cursor(cursor, _NOTIFICATION))


PageAsked = Annotated[Asked, Depends(_asked)]
NotificationsAsked = Annotated[Asked, Depends(_notifications_asked)]


def cursor_of(place: Place | None) -> str | None:
    """The cursor behind a page, None behind the last one."""
    if place is None:
        return None
    return urlsafe_b64encode(json.dumps([place.at.astimezone(UTC).isoformat(), place.id]).encode()).decode()


def read_cursor(cursor: str, ids: re.Pattern[str] = _ID) -> Place:
    """The place that `cursor_of` wrote, its id one of `ids`. Raises FieldsRefused for any other text."""
    try:
        at, row_id = json.loads(urlsafe_b64decode(cursor.encode("ascii", "strict")))
        place = Place(datetime.fromisoformat(at), row_id)
        if place.at.tzinfo is not None and ids.fullmatch(row_id):
            return place
    except (binascii.Error, ValueError, TypeError):
        pass
    raise FieldsRefused([{"field": "cursor", "message": "is none of ours: send the nextCursor of the page before"}])
