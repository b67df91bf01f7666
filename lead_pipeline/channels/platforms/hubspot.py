"""HubSpot: records upserted by a unique property, up to 100 a call, with the token of a private app.

The wire is POST /crm/v3/objects/{object}/batch/upsert. Each input carries the lead's id as its trace, so that a 207
says which ones failed. Upserts may be repeated. Holds no batching beyond one call.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote

import httpx

from lead_pipeline.channels.platforms.port import BatchOutcome, Rejection
from lead_pipeline.channels.platforms.upserts import as_settings, as_unknown, longest_reason
from lead_pipeline.channels.wire import Wire
from lead_pipeline.contracts.platform_accounts import PlatformAccount
from lead_pipeline.domain.field_mapping import map_body
from lead_pipeline.domain.provider_limits import PROVIDERS, Allowance
from lead_pipeline.errors import OutcomeUnknown, PermanentError, SettingsError, VendorRefused

PASSING = frozenset({"RATE_LIMITS", "INTERNAL_ERROR"})
"""Categories of a record's error that say nothing against the record."""
_CATEGORY = re.compile(r"[A-Z][A-Z_]{2,60}")
_UNDERSTOOD = (400, 401, 403, 404)
_UNNAMED = "the answer did not name it"


class HubSpot:
    """One workspace's portal. Implements `Platform`."""

    repeats_safely = True
    batch_size = PROVIDERS["hubspot"].batch_size

    def __init__(self, account: PlatformAccount, wire: Wire) -> None:
        self.allowance: Allowance | None = None
        self._name = account.platform
        self._account = account
        self._objects = f"{account.url.rstrip('/')}/crm/v3/objects/{quote(account.options['object'], safe='')}"
        self._key = {"Authorization": f"Bearer {account.credentials['access_token']}"}
        self._wire = wire

    def send_batch(self, key: str, leads: Sequence[Mapping[str, Any]]) -> BatchOutcome:
        """Upsert 1 to 100 leads. Raises as the port says; SettingsError where the portal knows no such field."""
        if not 1 <= len(leads) <= self.batch_size:
            raise PermanentError(f"{len(leads)} records cannot be sent to HubSpot at once. Send 1 to 100.")
        with as_settings(self._name), as_unknown(self._name):
            answer = self._call(
                "POST", f"{self._objects}/batch/upsert", {"inputs": [self._input(one) for one in leads]}
            )
        return self._outcome(key, [str(lead["id"]) for lead in leads], answer.json())

    def ask_batch(self, key: str) -> BatchOutcome | None:
        """None: nothing is remembered by key, and it may be sent again."""
        return None

    def check(self) -> str:
        """Whether it lets us read what we write."""
        with as_settings(self._name):
            self._call("GET", f"{self._objects}?limit=1")
        return "it answers, and takes the token"

    def _input(self, lead: Mapping[str, Any]) -> dict[str, Any]:
        """Properties are text; those without a value are left as the portal has them."""
        filled = map_body(self._account.mapping, lead)
        return {
            "idProperty": self._account.options["id_property"],
            "id": str(lead["id"]),
            "objectWriteTraceId": str(lead["id"]),
            "properties": {name: _text(value) for name, value in filled.items() if value is not None},
        }

    def _call(self, method: str, url: str, body: object = None) -> httpx.Response:
        answer = self._wire.request(method, url, json=body, headers=self._key, accepted=_UNDERSTOOD)
        allowed = answer.headers.get("X-HubSpot-RateLimit-Daily", "")
        left = answer.headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if allowed.isdecimal() and left.isdecimal():
            self.allowance = Allowance(max(0, int(allowed) - int(left)), int(allowed))
        if answer.status_code >= 400:
            self._refuse(answer)
        return answer

    def _refuse(self, answer: httpx.Response) -> NoReturn:
        said, status = answer.json(), answer.status_code
        given = said.get("category") if isinstance(said, dict) else None
        category = given if isinstance(given, str) and _CATEGORY.fullmatch(given) else "without a category"
        if status in (401, 403):
            raise VendorRefused(
                f"{self._name} answered {status} {category}: check its token and the token's scopes.", status=status
            )
        raise SettingsError(
            f"{self._name} answered {status} {category}: check the account's object, id_property and mapping."
        )

    def _outcome(self, key: str, lead_ids: Sequence[str], answer: object) -> BatchOutcome:
        named = answer if isinstance(answer, dict) else {}
        results, errors = named.get("results"), named.get("errors") or []
        if not isinstance(results, list) or not isinstance(errors, list):
            raise OutcomeUnknown(f"{self._name}: its answer has no list of results. It is sent again.")
        done = [(lead, str(one.get("id", ""))) for one in results for lead in self._lead_of(one)]
        failed = {lead: error for error in errors for lead in _named_by(error)}
        remote_ids = dict(done)
        if len(remote_ids) < len(done) or set(remote_ids) & set(failed) or {*remote_ids, *failed} - set(lead_ids):
            raise OutcomeUnknown(f"{self._name}: its answer names leads twice, or others. It is sent again.")
        told = [Rejection(lead, _reason(error)) for lead, error in failed.items()]
        passing = {lead for lead, error in failed.items() if error.get("category") in PASSING}
        unnamed = [Rejection(lead, _UNNAMED) for lead in lead_ids if lead not in remote_ids and lead not in failed]
        return BatchOutcome(
            key,
            tuple(remote_ids),
            tuple(one for one in told if one.lead_id not in passing),
            (*(one for one in told if one.lead_id in passing), *unnamed),
            remote_ids,
        )

    def _lead_of(self, result: object) -> list[str]:
        """The lead that a result is about: its trace, else its unique property."""
        if not isinstance(result, dict):
            return []
        properties = result.get("properties")
        own = properties.get(self._account.options["id_property"]) if isinstance(properties, dict) else None
        found = result.get("objectWriteTraceId") or own
        return [found] if isinstance(found, str) else []


def _named_by(error: object) -> list[str]:
    context = error.get("context") if isinstance(error, dict) else None
    if not isinstance(context, dict):
        return []
    for name in ("objectWriteTraceId", "ids", "id"):
        named = context.get(name)
        if named:
            return [one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str)]
    return []


def _reason(error: Mapping[str, Any]) -> str:
    return longest_reason(f"{error.get('category', '')}: {error.get('message', '')}")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
