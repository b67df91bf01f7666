"""Connections to addresses that somebody else chose: only to the public internet, and only to what was checked.

The name is looked up when a connection is made, every address that it has must be public, and the connection goes to
one of these very addresses; TLS verifies the name. So a name that changes its address between a check and a connection
(DNS rebinding) gains nothing. Answers are bounded and never unpacked. No redirect is followed and no proxy asked here.
"""

import contextvars
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import httpcore
import httpx

from lead_pipeline.channels.targets import check_target, host_and_port
from lead_pipeline.domain.public_addresses import is_public, literal_address
from lead_pipeline.errors import TargetRefused
from lead_pipeline.tls import trusted

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a name and port, best first. Raises OSError."""
LONGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer's body; what is longer breaks off."""
_KEPT, _KEPT_SECONDS = 64, 2.0
_SLICE = 4096
_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Every guarded connection that this thread uses in the block ends when `seconds` are over, however it drips.

    Only the look-up of the name is not cut short: it takes as long as the system's resolver is patient.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def look_up(host: str, port: int) -> Sequence[str]:
    """The system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class GuardedTransport(httpx.BaseTransport):
    """For `httpx.Client(transport=...)`: as its own, and TargetRefused for what may not be connected to.

    `allowed` are the `host:port` that may be private, and plain http. `tls` replaces the usual certificates.
    """

    def __init__(
        self, allowed: Iterable[str] = (), *, resolve: Resolve = look_up, tls: ssl.SSLContext | None = None
    ) -> None:
        self._allowed = frozenset(allowed)
        self._lines = _Lines(tls or trusted(trust_env=False), _GuardedNetwork(self._allowed, resolve))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        check_target(str(url), self._allowed)
        request.headers["Accept-Encoding"] = "identity"
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        line = self._lines.take(asked.url.origin)
        try:
            with _errors_of_httpx():
                answer = line.handle_request(asked)
        except BaseException:
            line.close()
            raise
        assert isinstance(answer.stream, Iterable)
        # Whoever packs its answer though asked not to may have packed a bomb: it stays packed.
        headers = [(name, value) for name, value in answer.headers if name.lower() != b"content-encoding"]
        give_back = partial(self._lines.give_back, asked.url.origin, line)
        return httpx.Response(
            answer.status, headers=headers, stream=_Body(answer.stream, give_back), extensions=answer.extensions
        )

    def close(self) -> None:
        self._lines.close()


class _Lines:
    """Connections, each in a pool of its own that one request at a time has.

    In one pool for all, a request waits for its lock while others look through every connection: with 32 receivers at
    work that took 40 ms of each message.
    """

    def __init__(self, tls: ssl.SSLContext, network: httpcore.NetworkBackend) -> None:
        self._tls, self._network = tls, network
        self._idle: deque[tuple[httpcore.Origin, httpcore.ConnectionPool]] = deque()
        self._lock = threading.Lock()
        self._is_closed = False

    def take(self, origin: httpcore.Origin) -> httpcore.ConnectionPool:
        """The line to an origin that was used last, or a new one."""
        with self._lock:
            for place in range(len(self._idle) - 1, -1, -1):
                if self._idle[place][0] == origin:
                    line = self._idle[place][1]
                    del self._idle[place]
                    return line
        return httpcore.ConnectionPool(
            ssl_context=self._tls,
            max_connections=1,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=self._network,
        )

    def give_back(self, origin: httpcore.Origin, line: httpcore.ConnectionPool) -> None:
        """Keep a line whose answer was read, and let go of the one that has been idle the longest."""
        with self._lock:
            self._idle.append((origin, line))
            over = [self._idle.popleft()] if len(self._idle) > _KEPT or self._is_closed else []
        for _, longest_idle in over:
            longest_idle.close()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, deque()
        for _, line in idle:
            line.close()


class _GuardedNetwork(httpcore.NetworkBackend):
    """Looks names up, checks every address, and connects to the first that answers."""

    def __init__(self, allowed: frozenset[str], resolve: Resolve) -> None:
        self._allowed, self._resolve, self._network = allowed, resolve, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in self._checked(host, port):
            try:
                inner = self._network.connect_tcp(address, port, _left(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(inner)
        raise failure

    def _checked(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, every one of which may be connected to."""
        try:
            addresses = self._resolve(host.removeprefix("[").removesuffix("]"), port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name could not be looked up") from error
        if host_and_port(host, port) not in self._allowed:
            for address in addresses:
                found = literal_address(address)
                if found is None or not is_public(found):
                    raise TargetRefused(
                        "the address leads to a network that is not public. Use one that the internet reaches, or name "
                        "its host and port in PRIVATE_WEBHOOK_HOSTS."
                    )
        return addresses


class _Timed(httpcore.NetworkStream):
    """A connection whose every wait ends at the deadline of the thread that waits."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In slices that a socket takes at once or not at all: else a slow reader would be waited for slice by slice.
        for start in range(0, len(buffer), _SLICE):
            self._inner.write(buffer[start : start + _SLICE], _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes], closed: Callable[[], None]) -> None:
        self._stream, self._closed = stream, closed

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        with _errors_of_httpx():
            for part in self._stream:
                read += len(part)
                if read > LONGEST_ANSWER:
                    raise httpx.ReadError("the answer is too long")
                yield part

    def close(self) -> None:
        if hasattr(self._stream, "close"):
            self._stream.close()
        self._closed()


def _left(timeout: float | None, over: type[Exception] = httpcore.ConnectTimeout) -> float | None:
    """Seconds that may be waited: the call's own, or what is left until the deadline. Raises `over` after it."""
    deadline = _deadline.get()
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise over("the time is over")
    return left if timeout is None else min(timeout, left)


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """httpx calls every error as httpcore does."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
    except httpcore.UnsupportedProtocol as error:
        raise httpx.UnsupportedProtocol(str(error)) from error
