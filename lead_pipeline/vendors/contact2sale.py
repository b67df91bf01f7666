"""Contact2Sale, the CRM: its webhooks, its leads, and the messages on them.

Holds the wire. Holds no choice of what is written to a lead, and does not settle a message whose outcome is unknown:
the caller asks for the lead and looks for its reference. Ten requests a minute are the CRM's limit; the pace is the
transport's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.errors import OutcomeUnknown, PermanentError, VendorRefused, VendorUnavailable
from lead_pipeline.vendors.agreed import (
    agreed_id,
    agreed_object,
    agreed_objects,
    agreed_text,
    is_path_part,
    not_agreed,
)
from lead_pipeline.vendors.transport import Transport

_VENDOR = "Contact2Sale"


@dataclass(frozen=True)
class CrmMessage:
    """A message on a lead. `reference` is what its sender called it, None where nobody did."""

    text: str = field(repr=False)
    reference: str | None


@dataclass(frozen=True)
class CrmLead:
    """A lead of the CRM. `body` is the answer's exact bytes; `messages` has all of its messages, in order."""

    lead_id: str
    body: bytes = field(repr=False)
    messages: tuple[CrmMessage, ...]


class Contact2Sale:
    """The account of one token."""

    def __init__(self, transport: Transport, base_url: str, token: str) -> None:
        self._transport = transport
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}

    def subscribe(self, hook_url: str, actions: Sequence[str], headers: Mapping[str, str]) -> str:
        """Have each of `actions` posted to `hook_url` with `headers`. What the CRM says to it.

        Raises VendorUnavailable, also for an answer that is not what was agreed, and VendorRefused, also for an
        answer without success.
        """
        question = {"hook_url": hook_url, "hook_action": list(actions), "headers": dict(headers)}
        return self._settle_hook("/subscribe", question)

    def unsubscribe(self, action: str) -> str:
        """Have an action posted no longer. What the CRM says to it. Raises as `subscribe` does."""
        return self._settle_hook("/unsubscribe", {"hook_action": action})

    def lead(self, lead_id: str) -> CrmLead:
        """The lead with its messages. Raises as `subscribe` does, and PermanentError for what can be no id."""
        where = f"{_VENDOR} /leads"
        answer = self._ask("GET", _lead_path(lead_id))
        fields = agreed_object(answer.content, where)
        if agreed_id(fields, "id", where) != lead_id:
            raise not_agreed(where, "it is about another lead")
        attributes = fields.get("attributes")
        if not isinstance(attributes, dict):
            raise not_agreed(where, "attributes is not an object")
        # A lead without the list would look like one that has not got our message, which would be sent again.
        messages = (_message(entry, where) for entry in agreed_objects(attributes, "messages", where))
        return CrmLead(lead_id, answer.content, tuple(messages))

    def send_message(self, lead_id: str, text: str, reference: str) -> None:
        """Write a message on the lead, under a reference by which it is found again in `lead`.

        Raises OutcomeUnknown where it may have been sent: ask `lead` for the reference before it is sent again.
        VendorUnavailable where it was not, VendorRefused, PermanentError for no id or a blank reference.
        """
        if not reference.strip():
            raise PermanentError("a CRM message without a reference could not be found again. Name one.")
        body = {"message": text, "external_id": reference}
        answer = self._ask("POST", f"{_lead_path(lead_id)}/messages", body, effect=True)
        where = f"{_VENDOR} /messages"
        try:
            agreed_id(agreed_object(answer.content, where), "id", where)
        except VendorUnavailable:
            raise OutcomeUnknown(
                f"{where}: answer is not what was agreed: it names no message. "
                "Ask the lead whether it has the message before sending it again."
            ) from None

    def _ask(self, method: str, path: str, body: object = None, *, effect: bool = False) -> httpx.Response:
        return self._transport.request(
            method, f"{self._base_url}{path}", json=body, headers=self._headers, effect=effect
        )

    def _settle_hook(self, path: str, question: dict[str, Any]) -> str:
        answer, where = self._ask("POST", path, question), f"{_VENDOR} {path}"
        fields = agreed_object(answer.content, where)
        if not isinstance(fields.get("success"), bool):
            raise not_agreed(where, "success is neither true nor false")
        if not fields["success"]:
            advice = "Check the hook's address and actions, and C2S_TOKEN."
            raise VendorRefused(f"{where} answered without success. {advice}", status=answer.status_code)
        return agreed_text(fields, "message", where) or ""


def _lead_path(lead_id: str) -> str:
    if not is_path_part(lead_id):
        raise PermanentError("a CRM lead is asked for by what can be no id. Correct the lead's CRM id.")
    return f"/leads/{quote(lead_id, safe='')}"


def _message(entry: dict[str, Any], where: str) -> CrmMessage:
    text, given = entry.get("message"), entry.get("external_id")
    reference = str(given) if type(given) is int else given
    if not isinstance(text, str) or not (reference is None or isinstance(reference, str)):
        raise not_agreed(where, "a message is without text, or its external_id is neither text nor null")
    return CrmMessage(storable_text(text), reference)
