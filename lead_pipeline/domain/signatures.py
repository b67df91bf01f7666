"""Whether a webhook was signed by who shares our secret, and recently. Also how we sign our own.

Sans-IO: raw bytes, headers and a clock value in, a typed rejection or None out. Bytes are verified before anybody
parses them, digests are compared in constant time, and no input raises. Holds no settings and reads no clock.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from lead_pipeline.errors import PermanentError

WINDOW_SECONDS = 300
SAMPLE = "test"
"""The signature in vendors' sample requests. It never passes, whatever the secret is."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a request is refused. `detail` is for logs: what to do, and never a secret or an expected signature."""

    reason: Literal[
        "missing_signature", "malformed_signature", "wrong_signature",
        "missing_timestamp", "malformed_timestamp", "outside_window",
    ]  # fmt: skip
    detail: str


@dataclass(frozen=True, slots=True)
class _Scheme:
    """Header of the signature, header of the time (Unix milliseconds), and whether the secret itself is sent."""

    signature: str
    clock: str | None = None
    is_token: bool = False


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request's signature header holds, the well-formed signatures in it, and the keys that may fit."""

    header: str
    given: str | None
    signatures: list[bytes]
    keys: list[bytes]


_SCHEMES: Mapping[str, _Scheme] = {
    "datashopper": _Scheme("x-datashopper-signature", "x-datashopper-timestamp"),
    "clay": _Scheme("x-clay-signature", "x-clay-timestamp"),
    "audience-labs": _Scheme("x-audiencelabs-signature"),
    "c2s": _Scheme("x-webhook-token", is_token=True),
    "outgoing": _Scheme("x-webhook-signature"),
}
_STANDARD_ID, _STANDARD_CLOCK, _STANDARD = "webhook-id", "webhook-timestamp", "webhook-signature"
_STRIPE = "stripe-signature"
_MILLISECONDS, _SECONDS = 1000, 1
_HEX = re.compile("[0-9a-fA-F]{64}")
_UNIX_TIME = re.compile("[0-9]{1,16}")


def verify_webhook(
    source: str, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, now: float
) -> Rejection | None:
    """None where one of `secrets` signed `body`, within the window where the source sends the time in a header.

    `headers` has lower-case names. A secret's UTF-8 bytes are the key, as in `openssl dgst -sha256 -hmac`; empty ones
    never verify. `now` is in Unix seconds. Audience Labs' time is in the body: `verify_body_time`, after this.
    """
    scheme = _SCHEMES.get(source)
    if scheme is None:
        return Rejection("missing_signature", f"no scheme for {source[:40]!r}. Known are {', '.join(_SCHEMES)}.")
    given, keys = headers.get(scheme.signature), _text_keys(secrets)
    if scheme.is_token:
        tokens = [_sha256(_utf8(given))] if given and given != SAMPLE else []
        refused = _refusal(_Claim(scheme.signature, given, tokens, keys), _sha256)
    else:
        refused = _refusal(_Claim(scheme.signature, given, _of_hex(given or ""), keys), _signer(body))
    if refused is None and scheme.clock is not None:
        return _time_refusal(scheme.clock, headers.get(scheme.clock), _MILLISECONDS, now)
    return refused


def verify_body_time(timestamp: object, *, now: float) -> Rejection | None:
    """None where a body's `timestamp`, ISO-8601 and UTC where it names no offset, lies within the window."""
    if timestamp is None:
        return Rejection("missing_timestamp", "the body has no `timestamp`. Send when it was made, in ISO-8601 UTC.")
    seconds = _iso_seconds(timestamp) if isinstance(timestamp, str) else None
    if seconds is None:
        shown = repr(timestamp[:40]) if isinstance(timestamp, str) else f"a {type(timestamp).__name__}"
        return Rejection("malformed_timestamp", f"`timestamp` is {shown}. Send ISO-8601 UTC: 2026-01-31T12:00:00Z.")
    return _window_refusal("the body's `timestamp`", seconds, now)


def verify_standard_webhook(
    body: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, now: float
) -> Rejection | None:
    """As `verify_webhook`, by the Standard Webhooks scheme. Secrets are base64, with or without `whsec_`."""
    message_id, given, sent = (headers.get(name, "") for name in (_STANDARD_ID, _STANDARD, _STANDARD_CLOCK))
    if given and not message_id:
        return Rejection("missing_signature", f"send the header {_STANDARD_ID}: it is part of what is signed.")
    versions = (item.partition(",") for item in given.split())
    signatures = [octets for version, _, text in versions if version == "v1" for octets in _of_base64(text)]
    keys = [key for secret in secrets if (key := _base64_key(secret))]
    claim = _Claim(_STANDARD, given, signatures, keys)
    return _dated_refusal(claim, before=f"{message_id}.", clock=_STANDARD_CLOCK, sent=sent, body=body, now=now)


def verify_stripe(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, now: float) -> Rejection | None:
    """As `verify_webhook`, by Stripe's scheme v1: `t=<Unix seconds>,v1=<hex>[,v1=<hex>...]`."""
    given = headers.get(_STRIPE, "")
    fields = [(name.strip(), value.strip()) for name, _, value in (item.partition("=") for item in given.split(","))]
    sent = next((value for name, value in fields if name == "t"), "")
    signatures = [octets for name, value in fields if name == "v1" for octets in _of_hex(value)]
    claim = _Claim(_STRIPE, given, signatures, _text_keys(secrets))
    return _dated_refusal(claim, before="", clock=f"{_STRIPE} t", sent=sent, body=body, now=now)


def sign_webhook(source: str, body: bytes, secret: str, *, now: float) -> dict[str, str]:
    """The headers that the sender of `source` would put beside `body`; `outgoing` is our own. `now`: Unix seconds.

    Raises PermanentError for a source without a scheme.
    """
    scheme = _SCHEMES.get(source)
    if scheme is None:
        raise PermanentError(f"no signature scheme for {source!r}. Take one of {', '.join(_SCHEMES)}.")
    signature = secret if scheme.is_token else _signer(body)(_utf8(secret)).hex()
    headers = {scheme.signature: signature}
    return headers if scheme.clock is None else {**headers, scheme.clock: str(int(now * _MILLISECONDS))}


def sign_standard_webhook(message_id: str, body: bytes, secret: str, *, now: float) -> dict[str, str]:
    """The three Standard Webhooks headers of a message. `now`: Unix seconds. Raises PermanentError for a bad secret."""
    key = _base64_key(secret)
    if not key:
        raise PermanentError("the secret of a Standard Webhook is not base64. Make one with `openssl rand -base64 32`.")
    sent = str(int(now))
    digest = _signer(_utf8(f"{message_id}.{sent}.") + body)(key)
    return {_STANDARD_ID: message_id, _STANDARD_CLOCK: sent, _STANDARD: f"v1,{base64.b64encode(digest).decode()}"}


def _dated_refusal(claim: _Claim, *, before: str, clock: str, sent: str, body: bytes, now: float) -> Rejection | None:
    """For schemes that sign `before` and the time `sent`, which stands in `clock`, together with the body."""
    if claim.signatures and not sent:
        return _time_refusal(clock, sent, _SECONDS, now)
    content = _utf8(f"{before}{sent}.") + body
    return _refusal(claim, _signer(content)) or _time_refusal(clock, sent, _SECONDS, now)


def _refusal(claim: _Claim, expected: Callable[[bytes], bytes]) -> Rejection | None:
    if not claim.given:
        return Rejection("missing_signature", f"send the header {claim.header}; the shared secret makes it.")
    if not claim.signatures:
        return Rejection("malformed_signature", f"{claim.header} holds no signature of the documented form. Mend it.")
    if not claim.keys:
        return Rejection("wrong_signature", f"no usable secret is set to check {claim.header} with. Set it, restart.")
    found = False
    for key in claim.keys:  # all of them, always: how long it takes does not tell which one fits
        wanted = expected(key)
        for signature in claim.signatures:
            found |= hmac.compare_digest(wanted, signature)
    if found:
        return None
    return Rejection(
        "wrong_signature", f"{claim.header} does not fit these very bytes. Compare secrets; sign raw bytes."
    )


def _time_refusal(where: str, text: str | None, ticks: int, now: float) -> Rejection | None:
    unit = "milliseconds" if ticks == _MILLISECONDS else "seconds"
    if not text:
        return Rejection("missing_timestamp", f"send {where}: when the event was sent, in Unix {unit}.")
    if not _UNIX_TIME.fullmatch(text):
        return Rejection("malformed_timestamp", f"{where} is {text[:40]!r}. Send Unix {unit}, digits only.")
    return _window_refusal(f"{where} (Unix {unit})", int(text) / ticks, now)


def _window_refusal(what: str, sent: float, now: float) -> Rejection | None:
    if abs(now - sent) <= WINDOW_SECONDS:
        return None
    away = f"{abs(now - sent):.0f} s {'behind' if now > sent else 'ahead of'} our clock"
    return Rejection(
        "outside_window",
        f"{what} is {away}, over {WINDOW_SECONDS}. Compare clocks and units; sign anew when resending.",
    )


def _signer(content: bytes) -> Callable[[bytes], bytes]:
    return lambda key: hmac.digest(key, content, "sha256")


def _sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _utf8(text: str) -> bytes:
    """Never raises: whatever text a header or the environment holds has bytes."""
    return text.encode("utf-8", "surrogatepass")


def _text_keys(secrets: Sequence[str]) -> list[bytes]:
    return [_utf8(secret) for secret in secrets if secret]


def _base64_key(secret: str) -> bytes:
    """The key in a Standard Webhooks secret, padded or not; empty where it is not base64."""
    text = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def _of_hex(text: str) -> list[bytes]:
    """The 32 octets of a hex SHA-256, none where it is something else."""
    return [bytes.fromhex(text)] if _HEX.fullmatch(text) else []


def _of_base64(text: str) -> list[bytes]:
    try:
        octets = base64.b64decode(text, validate=True)
    except ValueError:
        return []
    return [octets] if len(octets) == hashlib.sha256().digest_size else []


def _iso_seconds(text: str) -> float | None:
    """Unix seconds of an ISO-8601 time, UTC where it names no offset; None where it is none."""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
