"""The batch wire of platforms that are no product of their own: leads under an idempotency key.

Holds the two calls and the reading of their answers. Holds no choice of platform, no batching and no retry:
the domain chooses, the step batches, the transport retries what may be retried.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from lead_pipeline.channels.platforms.port import BatchOutcome, Rejection
from lead_pipeline.channels.wire import Wire
from lead_pipeline.domain.field_mapping import map_body
from lead_pipeline.domain.provider_limits import Allowance
from lead_pipeline.errors import OutcomeUnknown, PermanentError, VendorRefused, VendorUnavailable

MAX_LEADS = 200
_NOBODYS_KEY = "check"


class HttpBatches:
    """One workspace's account at one platform. Implements `Platform`.

    With a `mapping`, a lead is sent as its `id` and the fields of the mapping; without one, as its upload body.
    """

    repeats_safely = False
    batch_size = MAX_LEADS
    allowance: Allowance | None = None

    def __init__(
        self, name: str, url: str, api_key: str, transport: Wire, mapping: Mapping[str, Any] | None = None
    ) -> None:
        self._name = name
        self._mapping = mapping or {}
        self._url = url.rstrip("/")
        self._key = {"Authorization": f"Bearer {api_key}"}
        self._transport = transport

    def send_batch(self, key: str, leads: Sequence[Mapping[str, Any]]) -> BatchOutcome:
        """Send `leads` (1 to 200 payloads, each with an `id`) under the idempotency key `key`.

        Raises OutcomeUnknown where the platform may have taken them, also when its answer does not name each
        lead exactly once; VendorRefused where it took none, with status 409 when the key has another body.
        """
        if not 1 <= len(leads) <= MAX_LEADS:
            raise PermanentError(
                f"a batch of {len(leads)} leads cannot be sent to {self._name}. Send 1 to {MAX_LEADS}."
            )
        try:
            answer = self._transport.request(
                "POST",
                f"{self._url}/leads/batch",
                json={"leads": [self._row(lead) for lead in leads]},
                headers={**self._key, "Idempotency-Key": key},
                effect=True,
            )
        except VendorRefused as refusal:
            if refusal.status != 409:
                raise
            raise VendorRefused(
                f"{self._name} knows the key {key} with another body. Ask what was sent under it; "
                "send changed leads under a new key.",
                status=409,
            ) from refusal
        outcome = _outcome(answer)
        if isinstance(outcome, str):
            raise OutcomeUnknown(f"{self._not_agreed(outcome)} Ask what became of {key} before sending it again.")
        named = [*outcome.accepted, *(rejection.lead_id for rejection in outcome.rejected)]
        if sorted(named) != sorted(str(lead["id"]) for lead in leads):
            missing = self._not_agreed("it does not name each lead exactly once.")
            raise OutcomeUnknown(f"{missing} Ask what became of {key} before sending it again.")
        return outcome

    def ask_batch(self, key: str) -> BatchOutcome | None:
        """What the platform did under `key`, None where it never committed it.

        The ids are not compared with what was sent: the caller knows that. Raises VendorUnavailable and
        VendorRefused.
        """
        try:
            answer = self._transport.request("GET", f"{self._url}/batches/{quote(key, safe='')}", headers=self._key)
        except VendorRefused as refusal:
            if refusal.status == 404:
                return None
            raise
        outcome = _outcome(answer)
        if isinstance(outcome, str):
            raise VendorUnavailable(f"{self._not_agreed(outcome)} Ask again later; if it lasts, ask the platform.")
        return outcome

    def check(self) -> str:
        """Whether it answers to the key."""
        self.ask_batch(_NOBODYS_KEY)
        return "it answers, and takes the key"

    def _row(self, lead: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"id": lead["id"], **map_body(self._mapping, lead)} if self._mapping else lead

    def _not_agreed(self, what: str) -> str:
        return f"{self._name}: answer is not what was agreed: {what}"


def _outcome(answer: httpx.Response) -> BatchOutcome | str:
    """The outcome in an answer, or what is wrong with it."""
    parsed = answer.json()
    if not isinstance(parsed, dict):
        return "it is not an object."
    batch_id, accepted, rejected = (parsed.get(name) for name in ("batch_id", "accepted", "rejected"))
    if not isinstance(batch_id, str):
        return "batch_id is not text."
    if not isinstance(accepted, list) or not all(isinstance(lead_id, str) for lead_id in accepted):
        return "accepted is not a list of ids."
    if not isinstance(rejected, list) or not all(_is_rejection(entry) for entry in rejected):
        return "rejected is not a list of ids with reasons."
    return BatchOutcome(
        batch_id,
        tuple(accepted),
        tuple(Rejection(entry["id"], entry["reason"]) for entry in rejected),
    )


def _is_rejection(entry: object) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in ("id", "reason"))
