"""How Stripe's client reaches Stripe: one pooled HTTP client with timeouts, and our own errors for what breaks off.

Answers below 500 with a JSON object are passed on: the client reads them. Repeats nothing.
"""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import stripe

from lead_pipeline.domain.retry_after import retry_after_seconds
from lead_pipeline.errors import OutcomeUnknown, RateLimited, SettingsError, VendorUnavailable
from lead_pipeline.tls import trusted

_CONNECT_SECONDS = 5.0
# Nothing had left this machine, so even a call with an effect may be made again.
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CANNOT_BE_SENT = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL)


class StripeWire(stripe.HTTPClient):
    """What a `stripe.StripeClient` is handed. `timeout` is in seconds, for the next bytes of an answer."""

    name = "httpx"

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._client = httpx.Client(timeout=httpx.Timeout(timeout, connect=_CONNECT_SECONDS), verify=trusted())

    def close(self) -> None:
        """Close every pooled connection."""
        self._client.close()

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Body, status and headers.

        Raises VendorUnavailable where nothing was sent or done, RateLimited, and OutcomeUnknown where a call that
        changes something broke off, was answered 5xx, or with what is no JSON object.
        """
        where, has_effect = f"Stripe {urlsplit(url).path.rpartition('/v1')[2]}", method.upper() != "GET"
        try:
            response = self._client.request(method, url, headers=headers, content=post_data or None)
        except _CANNOT_BE_SENT as error:
            what = f"a request to Stripe cannot be sent ({type(error).__name__})"
            raise SettingsError(f"{what}. Check STRIPE_API_URL and STRIPE_SECRET_KEY.") from None
        except _NOTHING_SENT as error:
            raise VendorUnavailable(
                f"{where} could not be reached ({type(error).__name__}). Check STRIPE_API_URL and the network."
            ) from None
        except httpx.RequestError as error:
            raise failed(f"{where} broke off ({type(error).__name__})", has_effect=has_effect) from None
        status = response.status_code
        if status == 429:
            wait = retry_after_seconds(response.headers.get("Retry-After"), dt.datetime.now(dt.UTC))
            raise RateLimited(f"{where} answered 429: it asks for patience. Ask it later.", retry_after=wait)
        if status >= 500:
            raise failed(f"{where} answered {status}", has_effect=has_effect)
        if not _is_object(response.content):
            raise failed(f"{where} answered {status} with what is not JSON", has_effect=has_effect)
        return response.text, status, response.headers


def failed(what: str, *, has_effect: bool) -> VendorUnavailable | OutcomeUnknown:
    """The error of a call that broke off, by whether it may have changed something."""
    if has_effect:
        return OutcomeUnknown(f"{what} after the request was sent. Ask Stripe what became of it before repeating it.")
    return VendorUnavailable(f"{what}. Try again later; if it lasts, look at Stripe's status page.")


def _is_object(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and isinstance(document.get("error", {}), dict)
