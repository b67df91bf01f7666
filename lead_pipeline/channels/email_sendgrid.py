"""E-mail through SendGrid: <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>.

It knows no idempotency key and tells nobody without a paid add-on what became of a message: 202 is its last word.
"""

import re
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

import httpx

from lead_pipeline.channels.message import Message, Receipt, Repeats
from lead_pipeline.channels.wire import Wire
from lead_pipeline.errors import OutcomeUnknown, VendorRefused

_FIELD = re.compile(
    r"(?:personalizations|from|reply_to|subject|content|custom_args)"
    r"(?:\.(?:[0-9]{1,4}|to|email|name|type|value|custom_args|delivery_id)){0,6}"
)


class EmailBySendGrid:
    """One account. `url` without a slash at its end.

    `sender`, an address or a name and one in angle brackets, is whom SendGrid knows: its address replaces that of every
    message, because a message's words may have been fixed for another provider. The name stays the message's.
    """

    provider = "sendgrid"
    repeats = Repeats.BLIND
    keys_last: timedelta | None = None

    def __init__(self, url: str, key: str, wire: Wire, sender: str | None = None) -> None:
        self._url, self._key, self._wire = url, {"Authorization": f"Bearer {key}"}, wire
        self._address = None if sender is None else parseaddr(sender)[1]

    def send(self, message: Message, now: datetime) -> Receipt:
        content = message.content
        body: dict[str, Any] = {
            # SendGrid's event webhook gives the key back.
            "personalizations": [{"to": [{"email": message.address}], "custom_args": {"delivery_id": message.key}}],
            "from": _person(content["sender"], self._address),
            "subject": content["subject"],
            # It refuses them in any other order.
            "content": [
                {"type": "text/plain", "value": content["text"]},
                {"type": "text/html", "value": content["html"]},
            ],
        }
        if "reply_to" in content:
            body["reply_to"] = _person(content["reply_to"])
        answer = self._wire.request(
            "POST",
            f"{self._url}/v3/mail/send",
            json=body,
            headers=self._key,
            effect=True,
            answers_json=False,
            accepted={400, 413},
        )
        if answer.is_error:
            raise VendorRefused(
                f"SendGrid answered {answer.status_code}{_fault(answer)}: correct it, then replay the message.",
                status=answer.status_code,
            )
        # 200 is the answer to a message that is only checked, and nothing that we ask for.
        if answer.status_code != httpx.codes.ACCEPTED:
            raise OutcomeUnknown(f"SendGrid answered {answer.status_code} instead of 202. See its activity feed.")
        return Receipt(answer.headers.get("X-Message-Id"), status=answer.status_code)

    def ask(self, message: Message) -> Receipt | None:
        raise AssertionError("SendGrid is never asked")


def _person(mailbox: str, instead: str | None = None) -> dict[str, str]:
    name, own = parseaddr(mailbox)
    address = instead or own
    return {"email": address, "name": name} if name else {"email": address}


def _fault(answer: httpx.Response) -> str:
    """The field at fault, where it is one of ours. SendGrid's message is left out: it quotes what was sent."""
    try:
        field = answer.json()["errors"][0]["field"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return f" for {field}" if isinstance(field, str) and _FIELD.fullmatch(field) else ""
