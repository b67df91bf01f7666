"""Websites: one spelling of host and path, the registrable domain, and a reason where there is none."""

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lead_pipeline.domain import website
from lead_pipeline.domain.arrow import to_arrow
from lead_pipeline.domain.website import ask_library, normalise_websites

SUFFIXES = sorted(rule.lstrip("*!.") for rule in website._suffixes().tlds)
LABELS = st.one_of(
    st.sampled_from(["www", "com", "co", "shop", "city", "x--y"]), st.text("ab0-", min_size=1, max_size=4)
)
ENDS = st.one_of(
    st.sampled_from(["com", "co.uk", "ck", "kawasaki.jp", "github.io", "nowhere"]), st.sampled_from(SUFFIXES)
)
HOSTS = st.builds(lambda labels, end: ".".join([*labels, end]), st.lists(LABELS, max_size=3), ENDS)


def answer(text):
    found = normalise_websites(pd.Series([text], dtype="str")).astype(object)
    return tuple(value if isinstance(value, str) else None for value in found.iloc[0])


@given(st.lists(HOSTS.filter(str.isascii), max_size=30))
@example(["www.ck", "a.b.ck", "city.kawasaki.jp", "b.a.kawasaki.jp", "kawasaki.jp", "github.io", "a.github.io"])
def test_the_vectorised_pass_agrees_with_the_library(hosts):
    fast = website._of_short_hosts(to_arrow(pd.Series(hosts, dtype="str"))).to_pylist()
    slow = [ask_library(host)[0] for host in hosts]
    assert [] == [(host, a, b) for host, a, b in zip(hosts, fast, slow, strict=True) if a not in (None, b)]


@pytest.mark.parametrize(
    ("text", "expected", "domain"),
    [
        ("http://www.Example.COM/", "example.com", "example.com"),
        ("HTTPS://Shop.Example.co.uk:8443/Path/?q=1#top", "shop.example.co.uk/Path", "example.co.uk"),
        ("//example.com", "example.com", "example.com"),
        ("example.com.", "example.com", "example.com"),
        ("http://user:secret@example.com/a", "example.com/a", "example.com"),
        ("bücher.de", "xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("http://BÜCHER.de/x", "xn--bcher-kva.de/x", "xn--bcher-kva.de"),
        ("acme.myshopify.com", "acme.myshopify.com", "acme.myshopify.com"),
        ("www.myshopify.com", "myshopify.com", "myshopify.com"),
        ("deep.sub.domain.example.org", "deep.sub.domain.example.org", "example.org"),
    ],
)
def test_a_website_is_its_host_and_path(text, expected, domain):
    assert (expected, domain, None) == answer(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ada@example.com", website.AN_ADDRESS),
        ("mailto:ada@example.com", website.AN_ADDRESS),
        ("http://10.0.0.1/x", website.AN_IP),
        ("http://[::1]/", website.AN_IP),
        ("(blank)", website.NOT_A_HOST),
        ("no website", website.NOT_A_HOST),
        ("http://", website.NOT_A_HOST),
        ("localhost", website.NOT_A_HOST),
        ("ftp://example.com", website.NOT_A_HOST),
        ("a" * 64 + ".com", website.NOT_A_HOST),
        ("co.uk", website.NO_SUFFIX),
        ("intranet.nowhere", website.NO_SUFFIX),
    ],
)
def test_what_is_no_website_has_a_reason_and_no_value(text, reason):
    assert (None, None, reason) == answer(text)


def test_a_page_on_a_shared_host_is_a_website_without_a_domain_of_its_own():
    assert ("facebook.com/acme", None, None) == answer("https://www.facebook.com/acme")
    assert ("facebook.com", "facebook.com", None) == answer("facebook.com")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_gives_a_domain_or_a_reason(text):
    found, domain, reason = answer(text)
    assert (found is None) == (reason is not None)
    assert domain is None or domain in found


def test_a_missing_website_is_no_error():
    assert (None, None, None) == answer(None)


def test_every_real_company_website_has_a_domain(real_data):
    raw = pd.read_csv(real_data / "companies.csv", dtype="str")["website"]
    found = normalise_websites(raw)
    assert 0 == int(found["website"].isna().sum())
    assert not found["website"].str.contains(r"^(?:www\.|[^/]*[A-Z])|[?#]", regex=True).any()
