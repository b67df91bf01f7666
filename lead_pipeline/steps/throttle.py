"""How often a door is tried: per e-mail and per client address, before anything is looked up. Knows no password."""

import hashlib
import ipaddress
from datetime import datetime

import psycopg

from lead_pipeline.store.rate_limits import take

EMAIL_PER_MINUTE, EMAIL_BURST = 5.0, 10
ADDRESS_PER_MINUTE, ADDRESS_BURST = 60.0, 60
_IPV6_NETWORK = 64


def take_email(conn: psycopg.Connection, email: str, now: datetime) -> None:
    """One try of an e-mail, known or not, from wherever. Raises LimitReached."""
    digest = hashlib.sha256(email.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()[:32]
    take(conn, f"sign-in/email/{digest}", per_minute=EMAIL_PER_MINUTE, burst=EMAIL_BURST, now=now)


def take_address(conn: psycopg.Connection, address: str, now: datetime) -> None:
    """One try from a client's address; of IPv6 its /64, which is one household. Raises LimitReached."""
    take(conn, f"sign-in/address/{_network(address)}", per_minute=ADDRESS_PER_MINUTE, burst=ADDRESS_BURST, now=now)


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)
