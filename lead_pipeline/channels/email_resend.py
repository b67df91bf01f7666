"""E-mail through Resend: <https://resend.com/docs/api-reference/emails/send-email>.

Resend knows an idempotency key for 24 hours and answers a repeat with the first answer. What becomes of a message is
asked for by the id that it gave.
"""

from datetime import datetime, timedelta
from typing import Any

import httpx

from lead_pipeline.channels.message import Message, Receipt, Repeats
from lead_pipeline.channels.wire import Wire
from lead_pipeline.errors import OutcomeUnknown, VendorRefused, VendorUnavailable

_ARRIVED = ("delivered", "opened", "clicked")
_WILL_NOT = ("bounced", "complained", "failed", "suppressed", "canceled")
_BUSY = "concurrent_idempotent_requests"
_ONLY_SENDS = "restricted_api_key"
_NAMES = frozenset((
    "invalid_idempotency_key", "validation_error", "invalid_idempotent_request", _BUSY, "invalid_attachment",
    "invalid_from_address", "invalid_to_address", "invalid_access", "invalid_parameter", "invalid_region",
    "missing_required_field",
))  # fmt: skip


class EmailByResend:
    """One account. `url` without a slash at its end."""

    provider = "resend"
    repeats = Repeats.KEYED
    # An hour less than Resend's own, for a request that is slow to get there.
    keys_last: timedelta | None = timedelta(hours=23)

    def __init__(self, url: str, key: str, wire: Wire) -> None:
        self._url, self._key, self._wire = url, {"Authorization": f"Bearer {key}"}, wire

    def send(self, message: Message, now: datetime) -> Receipt:
        content = message.content
        body: dict[str, Any] = {
            "from": content["sender"],
            "to": [message.address],
            "subject": content["subject"],
            "html": content["html"],
            "text": content["text"],
            # Else mail programs fold messages of one subject into one.
            "headers": {"X-Entity-Ref-ID": message.key},
        }
        if "reply_to" in content:
            body["reply_to"] = content["reply_to"]
        answer = self._wire.request(
            "POST",
            f"{self._url}/emails",
            json=body,
            headers={**self._key, "Idempotency-Key": message.key},
            effect=True,
            accepted={400, 409, 422},
        )
        given = _object(answer)
        if answer.is_error:
            raise _refusal(answer.status_code, _word(given.get("name")))
        if not isinstance(given.get("id"), str):
            raise OutcomeUnknown("Resend: answer is not what was agreed: id is not text. Send it again under its key.")
        return Receipt(given["id"], is_final=False, status=answer.status_code)

    def ask(self, message: Message) -> Receipt | None:
        """Never None: what Resend took and no longer knows, or may not tell, is as final as it will get."""
        assert message.provider_id is not None
        answer = self._wire.request(
            "GET", f"{self._url}/emails/{message.provider_id}", headers=self._key, accepted={401, 404}
        )
        given, status = _object(answer), answer.status_code
        if status == 401 and given.get("name") != _ONLY_SENDS:
            raise VendorRefused("Resend answered 401: check RESEND_API_KEY.", status=401)
        if answer.is_error:
            return Receipt(message.provider_id, status=status)
        event = given.get("last_event")
        if not isinstance(event, str):
            raise VendorUnavailable("Resend: answer is not what was agreed: last_event is not text. Ask again later.")
        if event in _WILL_NOT:
            return Receipt(message.provider_id, failure=event, status=status)
        return Receipt(message.provider_id, is_final=event in _ARRIVED, status=status)


def _refusal(status: int, word: str) -> OutcomeUnknown | VendorRefused:
    if word == _BUSY:
        return OutcomeUnknown("Resend is still at the first request with this key. Send it again under its key.")
    advice = "correct what it names, then replay the message"
    if word == "invalid_idempotent_request":
        advice = "the key was used for another content; look at what was sent under it"
    return VendorRefused(f"Resend answered {status}, {word}: {advice}.", status=status)


def _object(answer: httpx.Response) -> dict[str, Any]:
    parsed = answer.json()
    return parsed if isinstance(parsed, dict) else {}


def _word(name: object) -> str:
    """Resend's name of an error, where it is one that we know. Its message is left out: it quotes addresses."""
    return name if isinstance(name, str) and name in _NAMES else "by a name that we do not know"
