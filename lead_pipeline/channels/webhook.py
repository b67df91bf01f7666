"""Signed webhooks: `X-Webhook-Signature` over the body, and the headers of Standard Webhooks.

<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>. A receiver knows a repeat
by its `webhook-id`, so whatever was not answered by a 2xx is sent again. What it answers is not read for meaning.
"""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

import httpx

from lead_pipeline.channels.guarded_connections import within
from lead_pipeline.channels.message import Message, Receipt, Repeats
from lead_pipeline.channels.targets import check_target
from lead_pipeline.domain.retry_after import retry_after_seconds
from lead_pipeline.domain.signatures import sign_standard_webhook, sign_webhook
from lead_pipeline.errors import EndpointGone, PermanentError, RateLimited, TargetRefused, VendorUnavailable

MOST_READ = 64 * 1024
"""Bytes of an answer that are read; what is longer is cut off, and its connection closed."""
LONGEST_WAIT = 86_400.0
"""Seconds that a receiver may ask us to wait."""
_STANDARD = "webhook-signature"
_PATIENCE = (429, 503)


class Webhook:
    """Any number of receivers, through `wire`: a GuardedTransport, or a stand-in for it.

    `seconds` are all that a send takes, from connecting to the end of the answer. `allowed` are the `host:port` that
    may be private. Close it, or use `with`.
    """

    provider = "webhook"
    repeats = Repeats.KEYED
    keys_last: timedelta | None = None

    def __init__(
        self, wire: httpx.BaseTransport, *, seconds: float, agent: str, allowed: frozenset[str] = frozenset()
    ) -> None:
        self._wire, self._seconds, self._allowed = wire, seconds, allowed
        self._headers = {"Accept": "*/*", "User-Agent": agent}
        self._extensions = {"timeout": httpx.Timeout(seconds).as_dict()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()

    def send(self, message: Message, now: datetime) -> Receipt:
        check_target(message.address, self._allowed)
        body = message.content["body"].encode()
        headers = signed(message.key, body, message.secrets, now)
        try:
            # Without httpx's client: no redirect is followed and no cookie kept, and it takes a third of the time.
            request = httpx.Request(
                "POST", message.address, content=body, headers=self._headers | headers, extensions=self._extensions
            )
            with within(self._seconds), closing(self._wire.handle_request(request)) as answer:
                _drain(answer)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
            raise TargetRefused("the URL cannot be sent to. Save another one.") from None
        except httpx.RequestError as error:
            raise VendorUnavailable(
                f"the receiver could not be reached, or broke off ({type(error).__name__}). It is tried again."
            ) from None
        if not answer.is_success:
            raise _failure(answer, now)
        return Receipt(status=answer.status_code)

    def ask(self, message: Message) -> Receipt | None:
        raise AssertionError("a webhook's receiver is never asked")


def signed(key: str, body: bytes, secrets: tuple[str, ...], now: datetime) -> dict[str, str]:
    """The headers of a body. `secrets`, the newest first, all sign it while one takes over from another.

    Raises PermanentError where there is no secret, or one that is not base64.
    """
    if not secrets:
        raise PermanentError("a webhook without a secret cannot be signed. Give its destination one.")
    seconds = now.astimezone(UTC).timestamp()
    each = [sign_standard_webhook(key, body, secret, now=seconds) for secret in secrets]
    return {
        "Content-Type": "application/json",
        **sign_webhook("outgoing", body, secrets[0], now=seconds),
        **each[0],
        _STANDARD: " ".join(one[_STANDARD] for one in each),
    }


def _drain(answer: httpx.Response) -> None:
    """Read what is short, so that the connection serves again; a longer answer is as good as a short one."""
    read = 0
    assert isinstance(answer.stream, httpx.SyncByteStream)
    for part in answer.stream:
        read += len(part)
        if read > MOST_READ:
            return


def _failure(answer: httpx.Response, now: datetime) -> EndpointGone | VendorUnavailable:
    status = answer.status_code
    if status == httpx.codes.GONE:
        return EndpointGone("the receiver answered 410: it wants nothing more. Nothing is sent to it.", status=status)
    asked = retry_after_seconds(answer.headers.get("Retry-After"), now)
    wait = None if asked is None else min(asked, LONGEST_WAIT)
    if status in _PATIENCE and (wait is not None or status == httpx.codes.TOO_MANY_REQUESTS):
        return RateLimited(f"the receiver answered {status}: it asks for patience. It gets it.", retry_after=wait)
    if 300 <= status < 400:
        return VendorUnavailable(f"the receiver answered {status}: redirects are not followed. Save the new address.")
    return VendorUnavailable(f"the receiver answered {status}. It is tried again; any 2xx means that it has it.")
