"""Audience Labs: the bulk imports of a day, and the leads of each.

Holds the wire of one list and one page, and the pure reading of a page, for pages that are kept as well. Holds no loop
over pages and no mapping to our columns: the step pages, the domain maps.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from lead_pipeline.errors import PermanentError
from lead_pipeline.vendors.agreed import (
    agreed_id,
    agreed_object,
    agreed_objects,
    agreed_text,
    is_path_part,
    not_agreed,
)
from lead_pipeline.vendors.transport import Transport

PAGE_SIZE = 100
_IMPORTS, _LEADS = "Audience Labs /imports", "Audience Labs /imports/leads"


@dataclass(frozen=True)
class BulkImport:
    """One import. `workspace` is a slug or id as sent, `status` their own word, `leads` how many they count."""

    import_id: str
    workspace: str | None
    status: str
    leads: int | None


@dataclass(frozen=True)
class ImportsAnswer:
    """The imports of a day. `body` is the answer's exact bytes."""

    body: bytes = field(repr=False)
    imports: list[BulkImport]


@dataclass(frozen=True)
class LeadsPage:
    """One page: `body` is its exact bytes, `leads` its entries as they came, junk included."""

    body: bytes = field(repr=False)
    leads: list[Any] = field(repr=False)
    next_cursor: str | None


class AudienceLabs:
    """The account of one key."""

    def __init__(self, transport: Transport, base_url: str, key: str) -> None:
        self._transport = transport
        self._url = f"{base_url.rstrip('/')}/imports"
        self._headers = {"Authorization": f"Bearer {key}"}

    def imports(self, created_on: dt.date) -> ImportsAnswer:
        """The imports made on a day (UTC), whatever their status.

        Raises VendorUnavailable, also for an answer that is not what was agreed, and VendorRefused.
        """
        body = self._ask(f"{self._url}?{urlencode({'created_on': created_on.isoformat()})}")
        entries = agreed_objects(agreed_object(body, _IMPORTS), "imports", _IMPORTS)
        return ImportsAnswer(body, [_bulk_import(entry) for entry in entries])

    def leads(self, import_id: str, cursor: str | None) -> LeadsPage:
        """The page at `cursor`, None for the first. Raises as `imports` does, and PermanentError for no id."""
        if not is_path_part(import_id):
            raise PermanentError("an import of Audience Labs is asked for by what can be no id. Take one of its list.")
        asked = {"limit": str(PAGE_SIZE)} | ({} if cursor is None else {"cursor": cursor})
        page = read_leads_page(self._ask(f"{self._url}/{quote(import_id, safe='')}/leads?{urlencode(asked)}"))
        if page.next_cursor is not None and page.next_cursor == cursor:
            raise not_agreed(_LEADS, "next_cursor is the cursor that was asked for, so paging would never end")
        return page

    def _ask(self, url: str) -> bytes:
        return self._transport.request("GET", url, headers=self._headers).content


def read_leads_page(body: bytes) -> LeadsPage:
    """What a page says. Raises VendorUnavailable where it is not what was agreed."""
    answer = agreed_object(body, _LEADS)
    leads, next_cursor = answer.get("leads"), answer.get("next_cursor")
    if not isinstance(leads, list):
        raise not_agreed(_LEADS, "leads is not a list")
    if not (next_cursor is None or (isinstance(next_cursor, str) and next_cursor and next_cursor.isprintable())):
        raise not_agreed(_LEADS, "next_cursor is neither text nor null")
    return LeadsPage(body, leads, next_cursor)


def _bulk_import(entry: dict[str, Any]) -> BulkImport:
    status, leads = agreed_text(entry, "status", _IMPORTS), entry.get("lead_count")
    if status is None:
        raise not_agreed(_IMPORTS, "an import has no status")
    if not (leads is None or (type(leads) is int and leads >= 0)):
        raise not_agreed(_IMPORTS, "lead_count is neither a number nor null")
    given = entry.get("workspace_id")
    workspace = str(given) if type(given) is int else agreed_text(entry, "workspace_id", _IMPORTS)
    return BulkImport(agreed_id(entry, "id", _IMPORTS), workspace, status, leads)
