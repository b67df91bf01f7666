"""Which IP addresses are of the public internet, and so may be sent to on somebody else's word.

Pure: no look-up. From IANA's registries of special-purpose addresses, of IPv4 and of IPv6, so that the answer does not
change with the version of Python: <https://www.iana.org/assignments/iana-ipv4-special-registry>.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            # Azure answers its virtual machines there: public by number, private by use.
            "168.63.129.16/32",
        ),
    )
)  # fmt: skip
_UNICAST_6 = IPv6Network("2000::/3")
# 2001::/23 holds Teredo and ORCHID, the others are for documentation.
_NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_MAPPED, _NAT64, _6TO4 = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is one globally routed host: not private, local, shared, multicast, reserved or a cloud's metadata.

    An IPv6 address that leads to an IPv4 one (mapped, NAT64, 6to4) is as public as that one.
    """
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is None:
            return address in _UNICAST_6 and not any(address in network for network in _NOT_PUBLIC_6)
        address = inner
    return not any(address in network for network in _NOT_PUBLIC_4)


def literal_address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a URL's host is, without brackets; None where it is a name."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _inner(address: IPv6Address) -> IPv4Address | None:
    whole = int(address)
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(whole & 0xFFFF_FFFF)
    return IPv4Address(whole >> 80 & 0xFFFF_FFFF) if address in _6TO4 else None
