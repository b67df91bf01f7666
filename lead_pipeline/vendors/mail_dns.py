"""DNS as the mail resolver: MX, A and AAAA records by dnspython, through the servers that this machine names.

Holds no judgement about what the records mean, and no cache.
"""

from typing import Any, Protocol

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from lead_pipeline.errors import SettingsError, VendorUnavailable

LONGEST = 5.0
"""Seconds that one question may take, over all servers."""


class _Resolver(Protocol):
    def resolve(self, qname: Any, rdtype: Any, *, lifetime: float, search: bool) -> Any: ...


class DnsMailResolver:
    """Answers of DNS, for any number of threads. Raises VendorUnavailable where there is none to be had.

    Raises SettingsError where this machine names no DNS server.
    """

    def __init__(self, resolver: _Resolver | None = None, *, longest: float = LONGEST) -> None:
        self._resolver = resolver or _of_this_machine()
        self._longest = longest

    def exchangers(self, domain: str) -> tuple[str, ...]:
        """Hosts of the MX records with their final dot, the most preferred first; none where there is none."""
        records = sorted(self._records(domain, dns.rdatatype.MX), key=lambda record: record.preference)
        return tuple(record.exchange.to_text() for record in records)

    def has_address(self, domain: str) -> bool:
        """Whether there is an A or AAAA record."""
        return any(self._records(domain, kind) for kind in (dns.rdatatype.A, dns.rdatatype.AAAA))

    def _records(self, domain: str, kind: dns.rdatatype.RdataType) -> list[Any]:
        try:
            name = dns.name.from_text(domain, idna_codec=dns.name.IDNA_2008_Practical)
        except (dns.exception.SyntaxError, dns.exception.FormError, dns.name.IDNAException):
            return []  # no name that DNS could hold
        try:
            return list(self._resolver.resolve(name, kind, lifetime=self._longest, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise VendorUnavailable(
                f"DNS did not answer about {domain} ({type(error).__name__}). It is asked again in the next run."
            ) from error


def _of_this_machine() -> _Resolver:
    try:
        resolver: _Resolver = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration as error:
        raise SettingsError("this machine names no DNS server: give it one, or set MX_CHECK=false.") from error
    return resolver
