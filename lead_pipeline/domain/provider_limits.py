"""What the products behind platforms take: rows a request, requests a second, calls a day. Calls nobody.

The figures are the vendors' own: sObject collections of 200; HubSpot's batches of 100 and 190 requests in ten seconds.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlsplit

from lead_pipeline.domain.platforms import LIMITS

RESERVE = 0.05
"""Share of a daily allowance that is left to whoever else uses the account."""
LOOK_AGAIN = timedelta(hours=1)
"""How long a count that is nearly used up is believed: the vendors' days slide."""


@dataclass(frozen=True)
class ProviderLimits:
    """`batch_size` in rows a request. `burst` + 10 s of `per_second` is the most in any ten seconds."""

    batch_size: int
    per_second: float
    burst: int


PROVIDERS: Mapping[str, ProviderLimits] = MappingProxyType(
    {"salesforce": ProviderLimits(200, 10, 10), "hubspot": ProviderLimits(100, 17, 20)}
)


@dataclass(frozen=True)
class Allowance:
    """Calls of a day, as an account told them last."""

    used: int
    allowed: int


def limits_of(platform: str, provider: str | None) -> ProviderLimits:
    """The limits of an account; those of the platform where its product has none of its own, or there is none yet."""
    own = LIMITS[platform]
    return PROVIDERS.get(
        provider or "", ProviderLimits(own.batch_size, own.requests_per_second, int(own.requests_per_second))
    )


def must_wait(allowance: Allowance, noted_at: datetime, now: datetime) -> bool:
    """Whether uploads stop, so that the account keeps its reserve. After LOOK_AGAIN one call may ask anew."""
    left = allowance.allowed - allowance.used
    return left <= allowance.allowed * RESERVE and now - noted_at < LOOK_AGAIN


def is_protected(url: str) -> bool:
    """Whether what is sent there can be read by nobody on the way: TLS, or this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return host != ""
    if parts.scheme != "http":
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
