"""Salesforce: records upserted by an external id, up to 200 a call, with a token of the client credentials flow.

The wire is that of sObject Collections (REST API 46 and later) and of OAuth 2.0 at /services/oauth2/token. Upserts may
be repeated: a record is known by the lead's id. Holds no batching beyond one call, and keeps nothing between runs.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import httpx

from lead_pipeline.channels.platforms.port import BatchOutcome, Rejection
from lead_pipeline.channels.platforms.upserts import as_settings, as_unknown, longest_reason
from lead_pipeline.channels.wire import Wire
from lead_pipeline.contracts.platform_accounts import PlatformAccount
from lead_pipeline.domain.field_mapping import map_body
from lead_pipeline.domain.provider_limits import PROVIDERS, Allowance, is_protected
from lead_pipeline.errors import (
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    SettingsError,
    VendorRefused,
    VendorUnavailable,
)

PASSING = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG", "QUERY_TIMEOUT"})
"""Codes of a record's errors that say nothing against the record."""
_USAGE = re.compile(r"(?:^|[\s;,])api-usage=(\d{1,18})/(\d{1,18})")
_CODE = re.compile(r"[A-Z][A-Z_]{2,60}")
_UNDERSTOOD = (400, 401, 403, 404)


class Salesforce:
    """One workspace's org. Implements `Platform`; not for several threads at once."""

    repeats_safely = True
    batch_size = PROVIDERS["salesforce"].batch_size

    def __init__(self, account: PlatformAccount, wire: Wire) -> None:
        self.allowance: Allowance | None = None
        self._name = account.platform
        self._account = account
        self._wire = wire
        self._session: tuple[str, str] | None = None

    def send_batch(self, key: str, leads: Sequence[Mapping[str, Any]]) -> BatchOutcome:
        """Upsert 1 to 200 leads. Raises as the port says; SettingsError where the org does not know what is sent."""
        if not 1 <= len(leads) <= self.batch_size:
            raise PermanentError(f"{len(leads)} records cannot be sent to Salesforce at once. Send 1 to 200.")
        options = self._account.options
        path = f"composite/sobjects/{options['object']}/{options['external_id_field']}"
        body = {"allOrNone": False, "records": [self._record(lead) for lead in leads]}
        with as_settings(self._name):
            self._login()
        with as_settings(self._name), as_unknown(self._name):
            answer = self._call("PATCH", path, body).json()
        return self._outcome(key, [str(lead["id"]) for lead in leads], answer)

    def ask_batch(self, key: str) -> BatchOutcome | None:
        """None: nothing is remembered by key, and it may be sent again."""
        return None

    def check(self) -> str:
        """Whether it lets us in, and how many calls it has left."""
        with as_settings(self._name):
            self._call("GET", "limits")
        told = "" if self.allowance is None else f", {self.allowance.used} of {self.allowance.allowed} calls used today"
        return f"it answers, and takes the client{told}"

    def _record(self, lead: Mapping[str, Any]) -> dict[str, Any]:
        options = self._account.options
        filled = {name: value for name, value in map_body(self._account.mapping, lead).items() if value is not None}
        return {
            "attributes": {"type": options["object"]},
            options["external_id_field"]: str(lead["id"]),
            **filled,
        }

    def _call(self, method: str, path: str, body: object = None) -> httpx.Response:
        """An answer of 2xx. A session that has ended is renewed once."""
        for is_last in (False, True):
            token, instance = self._login()
            answer = self._wire.request(
                method,
                f"{instance}/services/data/v{self._account.options['api_version']}/{path}",
                json=body,
                headers={"Authorization": f"Bearer {token}"},
                accepted=_UNDERSTOOD,
            )
            self._note(answer)
            if answer.status_code != 401 or is_last:
                break
            self._session = None
        if answer.status_code >= 400:
            self._refuse(answer)
        return answer

    def _login(self) -> tuple[str, str]:
        if self._session is None:
            answer = self._wire.request(
                "POST",
                f"{self._account.url.rstrip('/')}/services/oauth2/token",
                form={"grant_type": "client_credentials", **self._account.credentials},
                accepted=(400, 401),
            )
            if answer.status_code >= 400:
                raise VendorRefused(
                    f"{self._name} gives no token ({answer.status_code}): check client_id and client_secret, and that "
                    "the app has the client credentials flow and a user to run as.",
                    status=401,
                )
            self._session = self._session_in(answer.json())
        return self._session

    def _session_in(self, told: object) -> tuple[str, str]:
        named = told if isinstance(told, dict) else {}
        token, instance = named.get("access_token"), named.get("instance_url")
        if not isinstance(token, str) or not isinstance(instance, str) or not token:
            raise VendorUnavailable(
                f"{self._name}: its token answer names no access_token and instance_url. Try again later."
            )
        if not is_protected(instance):
            raise SettingsError(f"{self._name} sends us to an address without TLS. Check the account's url.")
        return token, instance.rstrip("/")

    def _note(self, answer: httpx.Response) -> None:
        usage = _USAGE.search(answer.headers.get("Sforce-Limit-Info", ""))
        if usage is not None:
            self.allowance = Allowance(int(usage[1]), int(usage[2]))

    def _refuse(self, answer: httpx.Response) -> NoReturn:
        code, status = _code(answer.json()), answer.status_code
        if code == "REQUEST_LIMIT_EXCEEDED":
            allowed = self.allowance.allowed if self.allowance is not None else 1
            self.allowance = Allowance(allowed, allowed)
            raise RateLimited(f"{self._name} has no calls left today ({code}). It goes on once it has.")
        if status in (401, 403):
            raise VendorRefused(
                f"{self._name} answered {status} {code}: check its credentials and what its user may do.", status=status
            )
        raise SettingsError(f"{self._name} answered {status} {code}: check the account's object, fields and version.")

    def _outcome(self, key: str, lead_ids: Sequence[str], answer: object) -> BatchOutcome:
        """The results are in the order of what was sent."""
        if not isinstance(answer, list) or len(answer) != len(lead_ids):
            raise OutcomeUnknown(f"{self._name}: its answer has not one result a record. It is sent again.")
        remote_ids: dict[str, str] = {}
        rejected: list[Rejection] = []
        deferred: list[Rejection] = []
        for lead_id, result in zip(lead_ids, answer, strict=True):
            if not isinstance(result, dict) or not isinstance(result.get("success"), bool):
                raise OutcomeUnknown(f"{self._name}: a result does not say whether it succeeded. It is sent again.")
            if result["success"]:
                remote_ids[lead_id] = str(result.get("id", ""))
            else:
                codes, reason = _errors(result.get("errors"))
                (deferred if codes and codes <= PASSING else rejected).append(Rejection(lead_id, reason))
        return BatchOutcome(key, tuple(remote_ids), tuple(rejected), tuple(deferred), remote_ids)


def _errors(errors: object) -> tuple[set[str], str]:
    """The codes of a record's errors, and what they say."""
    listed = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    said = [f"{one.get('statusCode', '')}: {one.get('message', '')}" for one in listed]
    return {str(one.get("statusCode")) for one in listed}, longest_reason("; ".join(said))


def _code(body: object) -> str:
    """The first error's code, which is a word of Salesforce's own; nothing else of an error is repeated."""
    first = body[0] if isinstance(body, list) and body else None
    code = first.get("errorCode") if isinstance(first, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "without a code"
