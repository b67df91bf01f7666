"""Which addresses are of the public internet: a table, and what Python and the embedding of IPv4 say."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.public_addresses import is_public, literal_address

PRIVATE = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32",
    "::/128", "::1/128", "::/96", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "2001::/32",
    "64:ff9b:1::/48", "100::/64",
)  # fmt: skip


def within(network: IPv4Network | IPv6Network) -> st.SearchStrategy[IPv4Address | IPv6Address]:
    first, last = int(network.network_address), int(network.broadcast_address)
    return st.integers(first, last).map(type(network.network_address))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("172.15.255.255", True),
        ("172.32.0.0", True),
        ("100.63.255.255", True),
        ("2606:4700:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("2002:808:808::1", True),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("168.63.129.16", False),
        ("192.0.0.192", False),
        ("fd00:ec2::254", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_known_addresses_are_told_apart(address, expected):
    assert expected is is_public(ip_address(address))


@given(st.sampled_from(PRIVATE).flatmap(lambda text: within(type_of(text)(text))))
def test_no_address_of_a_special_network_is_public(address):
    assert not is_public(address)


@given(st.ip_addresses(v=4) | within(IPv6Network("2000::/3")))
def test_what_is_public_is_so_for_python_as_well(address):
    if is_public(address):
        real = getattr(address, "sixtofour", None) or address
        assert real.is_global
        assert not (real.is_multicast or real.is_reserved or real.is_private)


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_outside_global_unicast_is_public_only_where_it_leads_to_ipv4(address):
    if address not in IPv6Network("2000::/3"):
        leads_on = any(address in network for network in map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96")))
        assert not is_public(address) or leads_on


@given(st.ip_addresses(v=4))
def test_an_address_that_leads_to_an_ipv4_one_is_as_public_as_that(address):
    number = int(address)
    for leading in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert is_public(address) is is_public(IPv6Address(leading))


def test_a_literal_address_is_read_with_or_without_brackets():
    assert IPv6Address("::1") == literal_address("[::1]") == literal_address("::1")
    assert IPv4Address("127.0.0.1") == literal_address("127.0.0.1")
    assert literal_address("example.com") is None
    assert literal_address("127.1") is None


def type_of(text: str) -> type[IPv4Network] | type[IPv6Network]:
    return IPv6Network if ":" in text else IPv4Network
