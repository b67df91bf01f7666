"""The DNS resolver: what records, missing names and silence come to. No DNS server is ever asked."""

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
import dns.resolver
import pytest

from lead_pipeline.domain.mail_exchange import accepts_mail
from lead_pipeline.errors import SettingsError, VendorUnavailable
from lead_pipeline.vendors import mail_dns
from lead_pipeline.vendors.mail_dns import DnsMailResolver


class Played:
    """dnspython's resolver with a script: (name, type) to records as text, or to an exception."""

    def __init__(self, script):
        self.script, self.lifetimes = script, []

    def resolve(self, qname, rdtype, *, lifetime, search):
        assert not search, "no domain of this machine is ever appended"
        self.lifetimes.append(lifetime)
        answer = self.script.get((qname.to_text(), dns.rdatatype.to_text(rdtype)), dns.resolver.NoAnswer)
        if isinstance(answer, type):
            raise answer()
        return [dns.rdata.from_text("IN", rdtype, text) for text in answer]


def resolver(**records):
    script = {tuple(key.split()): value for key, value in records.items()}
    return DnsMailResolver(Played(script), longest=2.5)


def test_the_most_preferred_exchanger_comes_first():
    found = resolver(**{"acme.com. MX": ["20 b.acme.com.", "5 a.acme.com."]}).exchangers("acme.com")
    assert ("a.acme.com.", "b.acme.com.") == found


def test_a_null_mx_is_the_root():
    found = resolver(**{"acme.com. MX": ["0 ."], "acme.com. A": ["192.0.2.1"]})
    assert (".",) == found.exchangers("acme.com")
    assert accepts_mail("acme.com", found) is False


@pytest.mark.parametrize(("kind", "address"), [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")])
def test_either_kind_of_address_counts(kind, address):
    found = resolver(**{f"acme.com. {kind}": [address]})
    assert () == found.exchangers("acme.com")
    assert found.has_address("acme.com")
    assert accepts_mail("acme.com", found) is True


def test_a_name_that_is_not_there_accepts_no_mail():
    missing = dict.fromkeys([f"gone.example. {kind}" for kind in ("MX", "A", "AAAA")], dns.resolver.NXDOMAIN)
    assert accepts_mail("gone.example", resolver(**missing)) is False


@pytest.mark.parametrize("silence", [dns.exception.Timeout, dns.resolver.NoNameservers, dns.resolver.LifetimeTimeout])
def test_silence_is_unknown_and_never_a_no(silence):
    found = resolver(**{"acme.com. MX": silence})
    with pytest.raises(VendorUnavailable, match=f"did not answer about acme.com .{silence.__name__}."):
        found.exchangers("acme.com")
    assert accepts_mail("acme.com", found) is None


def test_a_name_beyond_ascii_is_asked_for_in_its_ascii_form():
    assert ("mx.",) == resolver(**{"xn--bcher-kva.example. MX": ["1 mx."]}).exchangers("bücher.example")


@pytest.mark.parametrize("domain", ["a" * 64 + ".com", "a..com", "-é-.com", ".".join(["a" * 60] * 5)])
def test_a_name_that_dns_cannot_hold_accepts_no_mail(domain):
    assert accepts_mail(domain, resolver()) is False


def test_every_question_has_a_longest_wait():
    played = Played({})
    accepts_mail("acme.com", DnsMailResolver(played, longest=2.5))
    assert [2.5] * 3 == played.lifetimes


def test_a_machine_without_a_dns_server_is_told_what_to_do(monkeypatch):
    def unset():
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(mail_dns.dns.resolver, "Resolver", unset)
    with pytest.raises(SettingsError, match="MX_CHECK=false"):
        DnsMailResolver()
