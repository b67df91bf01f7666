"""One HTTP transport for everything that we ask or send: timeouts, pace, circuit, three attempts, and our own errors.

Holds the mapping of what can go wrong on the wire. Holds no vendor's paths and no answer's shape: the clients do.
No message carries a key or a body: they hold secrets and personal data.
"""

import datetime as dt
import json as json_module
import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, NoReturn, Self

import httpx
import stamina

from lead_pipeline.domain.retry_after import retry_after_seconds
from lead_pipeline.errors import (
    CircuitOpen,
    ContractBroken,
    LeadPipelineError,
    OutcomeUnknown,
    RateLimited,
    SettingsError,
    VendorRefused,
    VendorUnavailable,
)
from lead_pipeline.tls import trusted
from lead_pipeline.vendors.attempts import Attempts, Observe
from lead_pipeline.vendors.circuit import Circuit
from lead_pipeline.vendors.rate_limit import Pace, TokenBucket

# Nothing had left this machine, so even a call with an effect may be made again.
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CANNOT_BE_SENT = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL)

# httpx logs every address at INFO, and some addresses are secrets.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for a connection, and for the next bytes of an answer."""

    connect: float = 5.0
    read: float = 30.0


@dataclass(frozen=True)
class Patience:
    """`attempts` in total. Pauses in seconds: `initial` * 2^n plus up to `jitter`, at most `longest`."""

    attempts: int = 3
    initial: float = 0.5
    jitter: float = 0.5
    longest: float = 60.0


@dataclass(frozen=True)
class Stats:
    """What a transport has done: calls, attempts beyond a call's first, 429 answers, calls that failed."""

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    failures: int = 0


class Transport:
    """A pooled client for one vendor, safe for `concurrency` threads at once. Close it, or use `with`."""

    def __init__(
        self,
        vendor: str,
        *,
        credential: str,
        base_url: str = "",
        bucket: Pace | None = None,
        circuit: Circuit | None = None,
        observe: Observe | None = None,
        timeouts: Timeouts | None = None,
        patience: Patience | None = None,
        concurrency: int = 8,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        wire: httpx.BaseTransport | None = None,
        is_address_secret: bool = False,
    ) -> None:
        """`credential` is the name of what to check when the vendor refuses the key, never the key itself.

        `bucket` and `circuit` are asked before each attempt; `observe` is told each one's outcome and seconds.
        Where `is_address_secret`, as with an incoming webhook's URL, no message names the path.
        """
        seconds = timeouts or Timeouts()
        self._vendor = vendor
        self._credential = credential
        self._is_address_secret = is_address_secret
        self._attempts = Attempts(bucket or TokenBucket(), circuit, observe)
        self._patience = patience or Patience()
        self._clock = clock
        self._lock = threading.Lock()
        self._stats = Stats()
        self._client = httpx.Client(
            base_url=base_url,
            verify=trusted(),
            timeout=httpx.Timeout(seconds.read, connect=seconds.connect),
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
            transport=wire,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self._client.close()

    @property
    def stats(self) -> Stats:
        """The counts so far, consistent with one another."""
        with self._lock:
            return self._stats

    def request(
        self,
        method: str,
        path_or_url: str,
        *,
        json: object = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        effect: bool = False,
        answers_json: bool = True,
        accepted: Collection[int] = (),
    ) -> httpx.Response:
        """The 2xx answer, or one of a status in `accepted`; its body is JSON unless `answers_json` is False.

        The body is `json`, or a `form` as browsers send one, or there is none.
        With `effect`, a call that may have been acted on is never repeated: it raises OutcomeUnknown. Raises
        VendorUnavailable or RateLimited when the attempts are used up, CircuitOpen without an attempt, VendorRefused
        for other 3xx and 4xx, SettingsError or ContractBroken for a call that cannot be sent at all.
        """
        self._count(requests=1)
        try:
            request = self._build(method, path_or_url, json, form, headers)
            for attempt in stamina.retry_context(
                on=self._pause,
                attempts=self._patience.attempts,
                timeout=None,
                wait_initial=self._patience.initial,
                wait_jitter=self._patience.jitter,
                wait_max=self._patience.longest,
            ):
                with attempt:
                    self._count(retries=int(attempt.num > 1))
                    with self._attempts.one():
                        response = self._send(request, effect=effect)
                        return self._judge(response, effect=effect, answers_json=answers_json, accepted=accepted)
        except LeadPipelineError:
            self._count(failures=1)
            raise
        raise AssertionError("stamina ends with an answer or an error")

    def _pause(self, error: Exception) -> bool | float:
        """Seconds before the next attempt where the vendor named them, else whether there is one at all."""
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return min(self._patience.longest, error.retry_after)
        return isinstance(error, VendorUnavailable) and not isinstance(error, CircuitOpen)

    def _build(
        self,
        method: str,
        url: str,
        json: object,
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Request:
        try:
            body = None if json is None else json_module.dumps(json, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            reason = f"the body for {self._vendor} has a value that JSON cannot hold ({type(error).__name__})"
            raise ContractBroken(f"{reason}. Correct the code that builds it.") from None
        # Checked here because httpx quotes the header that it refuses, and that header is the key.
        if not all(
            value.isascii() and value.isprintable() and value == value.strip() for value in (headers or {}).values()
        ):
            self._cannot_be_sent("a header is blank, or has line breaks or letters outside ASCII")
        kind = {} if body is None else {"Content-Type": "application/json"}
        try:
            return self._client.build_request(method, url, content=body, data=form, headers={**kind, **(headers or {})})
        except _CANNOT_BE_SENT as error:
            self._cannot_be_sent(type(error).__name__)

    def _send(self, request: httpx.Request, *, effect: bool) -> httpx.Response:
        where = self._where(request)
        try:
            return self._client.send(request)
        except _CANNOT_BE_SENT as error:
            self._cannot_be_sent(type(error).__name__)
        except _NOTHING_SENT as error:
            raise VendorUnavailable(
                f"{where} could not be reached ({type(error).__name__}). Check its address and the network."
            ) from error
        except httpx.RequestError as error:
            raise _failed(f"{where} broke off ({type(error).__name__})", effect=effect) from error

    def _cannot_be_sent(self, why: str) -> NoReturn:
        raise SettingsError(
            f"a request to {self._vendor} cannot be sent ({why}). Check its URL and {self._credential}."
        ) from None

    def _where(self, request: httpx.Request) -> str:
        return self._vendor if self._is_address_secret else f"{self._vendor} {request.url.path}"

    def _judge(
        self, response: httpx.Response, *, effect: bool, answers_json: bool, accepted: Collection[int]
    ) -> httpx.Response:
        status = response.status_code
        where = self._where(response.request)
        wait = retry_after_seconds(response.headers.get("Retry-After"), self._clock())
        self._count(rate_limited=int(status == 429))
        if status not in accepted:
            self._refuse_status(status, where, wait, effect=effect)
        if not answers_json:
            return response
        try:
            json_module.loads(response.content, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise _failed(f"{where} answered {status} with what is not JSON", effect=effect) from None
        return response

    def _refuse_status(self, status: int, where: str, wait: float | None, *, effect: bool) -> None:
        # A 503 that names a time is a request for patience as well, unless the call may have been acted on.
        if status == 429 or (status == 503 and wait is not None and not effect):
            raise RateLimited(
                f"{where} answered {status}: it asks for patience. Ask it less often, or later.",
                retry_after=wait,
            )
        if status >= 500:
            raise _failed(f"{where} answered {status}", effect=effect)
        if status in {401, 403}:
            raise VendorRefused(f"{where} answered {status}: check {self._credential}.", status=status)
        if status >= 300:
            advice = "check its URL" if status < 400 or status == 404 else "do not repeat the call unchanged"
            raise VendorRefused(f"{where} answered {status}: {advice}.", status=status)

    def _count(self, **more: int) -> None:
        with self._lock:
            self._stats = replace(self._stats, **{name: getattr(self._stats, name) + by for name, by in more.items()})


def _failed(what: str, *, effect: bool) -> VendorUnavailable | OutcomeUnknown:
    if effect:
        return OutcomeUnknown(f"{what} after the request was sent. Ask whether it was acted on; do not repeat it.")
    return VendorUnavailable(f"{what}. Try again later; if it lasts, ask the vendor.")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
