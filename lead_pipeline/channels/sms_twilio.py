"""SMS through Twilio: <https://www.twilio.com/docs/messaging/api/message-resource>.

It knows no idempotency key, but lists what it has: a message whose answer was lost is looked for among those to its
number, by its very text.
"""

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from lead_pipeline.channels.message import Message, Receipt, Repeats
from lead_pipeline.channels.wire import Wire
from lead_pipeline.domain.sms_text import segments
from lead_pipeline.errors import OutcomeUnknown, RateLimited, VendorRefused, VendorUnavailable

_API = "/2010-04-01/Accounts"
_WILL_NOT = ("undelivered", "failed", "canceled")
_ARRIVED = ("delivered", "read")
# Our own number: unknown, not ours, unable to send. And too many messages of it that wait.
_SENDER_AT_FAULT = (21212, 21603, 21606, 21659, 21660)
_QUEUE_FULL = 21611
_PAGE, _PAGES = 100, 5
_SKEW = timedelta(seconds=5)
"""By how much Twilio's clock, which tells whole seconds, may be behind ours."""


class SmsByTwilio:
    """One account and one number of it, `sender` in E.164. `url` without a slash at its end."""

    provider = "twilio"
    repeats = Repeats.ASKED
    keys_last: timedelta | None = None

    def __init__(self, url: str, sid: str, token: str, sender: str, wire: Wire) -> None:
        self._url, self._sender, self._wire = url, sender, wire
        self._messages = f"{_API}/{sid}/Messages"
        self._key = {"Authorization": f"Basic {base64.b64encode(f'{sid}:{token}'.encode()).decode()}"}

    def send(self, message: Message, now: datetime) -> Receipt:
        text = message.content["text"]
        answer = self._wire.request(
            "POST",
            f"{self._url}{self._messages}.json",
            form={"To": message.address, "From": self._sender, "Body": text},
            headers=self._key,
            effect=True,
            accepted={400, 404},
        )
        given = _object(answer)
        if answer.is_error:
            raise _refusal(answer.status_code, given.get("code"))
        receipt = self._receipt(given, text, answer.status_code)
        if receipt is None:
            raise OutcomeUnknown("Twilio: answer is not what was agreed: no sid or status. Ask before sending again.")
        return receipt

    def ask(self, message: Message) -> Receipt | None:
        text = message.content["text"]
        if message.provider_id is None:
            return self._looked_for(message, text)
        path = f"{self._url}{self._messages}/{message.provider_id}.json"
        answer = self._wire.request("GET", path, headers=self._key, accepted={404})
        if answer.is_error:
            # It took it, and somebody has removed it since: nobody will say more.
            return Receipt(message.provider_id, status=answer.status_code)
        return self._agreed(_object(answer), text, answer.status_code)

    def _looked_for(self, message: Message, text: str) -> Receipt | None:
        """Twilio's filter by date leaves out what waits to be sent, so all are read, the newest first."""
        assert message.attempted_at is not None
        since = message.attempted_at - _SKEW
        for one in self._newest_first(message.address):
            created = _time(one.get("date_created"))
            if created is None:
                raise _not_agreed("date_created is no time")
            if created < since:
                return None
            if one.get("body") == text and one.get("direction") == "outbound-api":
                return self._agreed(one, text, 200)
        return None

    def _newest_first(self, number: str) -> Iterator[Mapping[str, Any]]:
        query = urlencode({"To": number, "From": self._sender, "PageSize": _PAGE})
        path: str | None = f"{self._messages}.json?{query}"
        for _ in range(_PAGES):
            given = _object(self._wire.request("GET", f"{self._url}{path}", headers=self._key))
            listed, path = given.get("messages"), given.get("next_page_uri")
            if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
                raise _not_agreed("messages is no list")
            yield from listed
            if path is None:
                return
            if not isinstance(path, str) or not path.startswith(f"{self._messages}.json?"):
                raise _not_agreed("next_page_uri leads elsewhere")
        raise VendorUnavailable(f"Twilio has more than {_PAGE * _PAGES} messages to this number. Look there by hand.")

    def _agreed(self, given: Mapping[str, Any], text: str, status: int) -> Receipt:
        receipt = self._receipt(given, text, status)
        if receipt is None:
            raise _not_agreed("no sid or status")
        return receipt

    def _receipt(self, given: Mapping[str, Any], text: str, status: int) -> Receipt | None:
        sid, state = given.get("sid"), given.get("status")
        if not isinstance(sid, str) or not isinstance(state, str):
            return None
        failure = None
        if state in _WILL_NOT:
            code = given.get("error_code")
            failure = f"{state}, error {code}" if _is_code(code) else state
        is_final = failure is not None or state in _ARRIVED
        return Receipt(sid, is_final, failure, _units(given.get("num_segments"), text), status)


def _refusal(status: int, code: object) -> VendorRefused | RateLimited:
    """Twilio's message is left out: it quotes numbers."""
    known = f", error {code}" if _is_code(code) else ""
    if code == _QUEUE_FULL:
        return RateLimited(f"Twilio answered {status}{known}: too many messages of this number wait. Try again later.")
    if status == 404:
        return VendorRefused(f"Twilio answered 404{known}: check TWILIO_ACCOUNT_SID.", status=401)
    if code in _SENDER_AT_FAULT:
        return VendorRefused(f"Twilio answered {status}{known}: check TWILIO_PHONE_NUMBER.", status=403)
    return VendorRefused(f"Twilio answered {status}{known}: look it up, correct it and replay.", status=status)


def _is_code(code: object) -> bool:
    """Twilio's errors have five digits; a phone number has more."""
    return isinstance(code, int) and 10_000 <= code <= 99_999


def _not_agreed(what: str) -> VendorUnavailable:
    return VendorUnavailable(f"Twilio: answer is not what was agreed: {what}. Ask again later.")


def _object(answer: httpx.Response) -> dict[str, Any]:
    parsed = answer.json()
    return parsed if isinstance(parsed, dict) else {}


def _units(given: object, text: str) -> int:
    """Segments as Twilio counts them, which it does as text; it says 0 until it has."""
    counted = int(given) if isinstance(given, str) and given.isascii() and given.isdigit() else 0
    return counted or segments(text)


def _time(given: object) -> datetime | None:
    try:
        found = parsedate_to_datetime(given) if isinstance(given, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
