"""Websites: host and path in one spelling, and the registrable domain behind them.

The authority is the public suffix list that comes with tldextract, private suffixes included: a shop under
`myshopify.com` is its own site. Nothing is downloaded and nothing is cached on disk.
"""

import ipaddress
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import idna
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import tldextract

from lead_pipeline.domain.arrow import (
    ARROW_TEXT,
    NOTHING,
    ask_each,
    is_one_of,
    join,
    mask,
    matches,
    missing_text,
    only_where,
    present,
    put,
    to_arrow,
    to_series,
)

NOT_A_HOST, AN_ADDRESS, AN_IP = "not a host name", "an e-mail address", "an IP address"
NO_SUFFIX = "no registrable domain under a public suffix"
# Pages on these hosts belong to whoever wrote them: the host's domain would make one party of them all.
_SHARED_HOSTS = """
    about.me facebook.com fb.com github.com google.com instagram.com linkedin.com linktr.ee medium.com
    pinterest.com tiktok.com twitter.com x.com yelp.com youtube.com
"""
SHARED_HOSTS = frozenset(_SHARED_HOSTS.split())

# Without the limit of 63 octets, which makes the capturing pattern seven times slower: it is checked apart.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_LONGEST_LABEL = 63
_TOO_LONG = r"[a-z0-9-]{64}|^.{254}"
_HOST = rf"{_LABEL}(?:\.{_LABEL})+"
_PLAIN = (
    rf"^(?i:(?:https?:)?//)?(?i:www\.)?(?P<host>(?i:{_HOST}))\.?(?::[0-9]{{1,5}})?"
    r"(?P<path>/[!-\"$->A-~]*)?(?:[?#][!-?A-~]*)?$"
)
_WHOLE_HOST = re.compile(_HOST)
_SCHEME = re.compile(r"(?i)^(?:(https?):)?//")


def normalise_websites(raw: pd.Series) -> pd.DataFrame:
    """Host and path of each website, its registrable domain, and what is wrong with it.

    Columns, on the input's index: `website` (lower-case host without `www.`, port and user; path without
    query, fragment and closing slash), `domain` (registrable, Punycode; NaN for a page on one of
    `SHARED_HOSTS`), `domain_error` (NaN when fine or missing; website and domain are missing when set).
    """
    given = to_arrow(raw)
    if given.null_count == len(given):
        nothing = dict.fromkeys(("website", "domain", "domain_error"), missing_text(raw.index))
        return pd.DataFrame(nothing, index=raw.index, copy=False)
    parts = pc.extract_regex(given, _PLAIN)
    host = pc.ascii_lower(pc.struct_field(parts, "host"))
    path = pc.struct_field(parts, "path")
    if (pc.max(pc.binary_length(host)).as_py() or 0) > _LONGEST_LABEL:
        host = only_where(~matches(host, _TOO_LONG), host)
    error = pa.nulls(len(given), ARROW_TEXT)
    rest = present(given) & ~present(host)
    if rest.any():
        hosts, paths, errors = ask_each(given.filter(pa.array(rest)), _read_address, 3)
        host, path, error = put(host, rest, hosts), put(path, rest, paths), put(error, rest, errors)
    domain, no_domain = registrable_domains(host)
    error = pc.coalesce(error, no_domain)
    path = pc.replace_substring_regex(path, "/+$", "")
    shared = is_one_of(domain, SHARED_HOSTS)
    shared &= mask(pc.greater(pc.binary_length(path), 0))
    return pd.DataFrame(
        {
            "website": to_series(only_where(present(domain), join(host, path)), raw.index),
            "domain": to_series(only_where(~shared, domain), raw.index),
            "domain_error": to_series(error, raw.index),
        },
        index=raw.index,
        copy=False,
    )


def registrable_domains(hosts: Any) -> tuple[Any, Any]:
    """The registrable domain of each lower-case ASCII host (an Arrow text array), or why there is none."""
    domain = _of_short_hosts(hosts)
    error = pa.nulls(len(hosts), ARROW_TEXT)
    rest = present(hosts) & ~present(domain)
    if rest.any():
        domains, errors = ask_each(hosts.filter(pa.array(rest)), ask_library, 2)
        domain, error = put(domain, rest, domains), put(error, rest, errors)
    return domain, error


def ask_library(host: str) -> tuple[str | None, str | None]:
    """What tldextract says about one host: (registrable domain, None), or (None, why there is none).

    A host that is itself a private suffix (`myshopify.com`) is its owner's own site.
    """
    if _is_ip(host):
        return None, AN_IP
    found = _suffixes()(host).top_domain_under_public_suffix
    found = found or _suffixes()(host, include_psl_private_domains=False).top_domain_under_public_suffix
    return (found, None) if found else (None, NO_SUFFIX)


@cache
def _suffixes() -> tldextract.TLDExtract:
    # .example is reserved (RFC 2606): nobody can own a name under it, so a made-up company can have one.
    return tldextract.TLDExtract(
        cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True, extra_suffixes=("example",)
    )


@cache
def _rules() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Suffixes of one label, all plain suffixes, and the parents of wildcard rules."""
    rules = _suffixes().tlds
    wild = frozenset(rule.removeprefix("*.") for rule in rules if rule[0] == "*")
    plain = frozenset(rule for rule in rules if rule[0] not in "*!")
    return frozenset(rule for rule in plain if "." not in rule and rule not in wild), plain, wild


def _of_short_hosts(hosts: Any) -> Any:
    """Domains of `name.tld`, `sub.name.tld` and `name.co.tld` where no wildcard or Punycode is in play."""
    single, plain, wild = _rules()
    dots = pc.fill_null(pc.count_substring(hosts, "."), 0).to_numpy()
    last = pc.replace_substring_regex(hosts, r"^.*\.", "")
    last_two = pc.replace_substring_regex(hosts, r"^.*\.([^.]*\.[^.]*)$", r"\1")
    simple = is_one_of(last, single) & ~matches(hosts, "xn--")
    simple &= ~is_one_of(hosts, plain) & ~is_one_of(hosts, wild)
    three = np.flatnonzero(simple & (dots == 2))
    ends = last_two.take(pa.array(three))
    usual = ~is_one_of(ends, wild)
    under_two = np.zeros(len(hosts), dtype=bool)
    under_two[three] = is_one_of(ends, plain)
    under_one = simple & (dots == 1)
    under_one[three] = usual & ~under_two[three]
    under_two[three] &= usual
    return pc.if_else(under_one, last_two, pc.if_else(under_two, hosts, NOTHING))


def _read_address(text: str) -> tuple[str | None, str | None, str | None]:
    """Host, path and error of one address that is not plain."""
    scheme = _SCHEME.match(text)
    if "@" in text and not scheme:
        return None, None, AN_ADDRESS
    try:
        parts = urlsplit(text if scheme else f"//{text}")
        host = (parts.hostname or "").strip().rstrip(".")
        if _is_ip(host):
            return None, None, AN_IP
        host = idna.encode(host, uts46=True).decode("ascii").lower().removeprefix("www.")
    except (ValueError, idna.IDNAError):
        return None, None, NOT_A_HOST
    if not _WHOLE_HOST.fullmatch(host) or re.search(_TOO_LONG, host):
        return None, None, NOT_A_HOST
    return host, parts.path, None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
