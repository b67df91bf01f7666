"""DataShopper: the company search.

Holds the wire of one search page. Holds no loop over pages and no mapping to our columns: the step pages, the
domain maps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lead_pipeline.errors import VendorUnavailable
from lead_pipeline.vendors.transport import Transport


@dataclass(frozen=True)
class SearchPage:
    """One answer: `body` is its exact bytes, `companies` its entries as they came, junk included."""

    body: bytes
    companies: list[Any]
    next_cursor: str | None
    headers: Mapping[str, str]


class DataShopper:
    """The company search of one account."""

    def __init__(self, transport: Transport, base_url: str, api_key: str) -> None:
        self._transport = transport
        self._url = f"{base_url.rstrip('/')}/companies/search"
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def search(self, params: Mapping[str, Any], cursor: str | None) -> SearchPage:
        """The page at `cursor`, None for the first; `params` is what `search_params` gives.

        Raises VendorUnavailable, also for an answer that is not what was agreed, and VendorRefused.
        """
        answer = self._transport.request("POST", self._url, json={**params, "cursor": cursor}, headers=self._headers)
        parsed = answer.json()
        if not isinstance(parsed, dict):
            raise _not_agreed("it is not an object")
        companies, next_cursor = parsed.get("companies"), parsed.get("next_cursor")
        if not isinstance(companies, list):
            raise _not_agreed("companies is not a list")
        if not (next_cursor is None or (isinstance(next_cursor, str) and next_cursor)):
            raise _not_agreed("next_cursor is neither text nor null")
        if next_cursor is not None and next_cursor == cursor:
            raise _not_agreed("next_cursor is the cursor that was asked for, so paging would never end")
        return SearchPage(answer.content, companies, next_cursor, dict(answer.headers))


def _not_agreed(what: str) -> VendorUnavailable:
    return VendorUnavailable(
        f"DataShopper /companies/search: answer is not what was agreed: {what}. "
        "Try again later; if it lasts, ask the vendor."
    )
