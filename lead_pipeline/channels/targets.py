"""Which URLs messages may be sent to, by what is written in them. Looks no name up: `guarded_connections` does.

Asked when a URL is saved, and again at every send: settings change.
"""

import re
from functools import lru_cache

import httpx

from lead_pipeline.domain.public_addresses import is_public, literal_address
from lead_pipeline.errors import SettingsError, TargetRefused

LONGEST = 2000
_PORTS = {"http": 80, "https": 443}
_FIRST_FREE_PORT, _LAST_PORT = 1024, 65_535
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}\.?")
_LOOKS_LIKE_A_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\.?$")
_LOCAL = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")
_HOST_AND_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/@\[\]]+):([0-9]{1,5})")


@lru_cache(maxsize=1024)  # asked by the channel and by its connections, of a few receivers many times
def check_target(url: str, allowed: frozenset[str] = frozenset()) -> None:
    """Raise TargetRefused, which says what to do and never the URL, where nothing may be sent there.

    Taken are https to public hosts, on port 443 or from 1024 on, and http or https to `allowed` (`host:port`).
    """
    if len(url) > LONGEST or not url.isprintable() or url != url.strip():
        raise TargetRefused(f"this is no URL. Give one of at most {LONGEST} characters, without spaces or line breaks.")
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise TargetRefused("this is no URL. Give one as https://host/path.") from None
    scheme, host = target.scheme, target.raw_host.decode("ascii").lower()
    if scheme not in _PORTS or not host:
        raise TargetRefused("the URL is not of the web. Give one that begins with https://.")
    if target.userinfo:
        raise TargetRefused("the URL holds a user or password. Leave it out; messages are signed.")
    port = _PORTS[scheme] if target.port is None else target.port
    if not 0 < port <= _LAST_PORT:
        raise TargetRefused(f"there is no port {port}. Leave it out, or use one from {_FIRST_FREE_PORT} on.")
    if host_and_port(host, port) in allowed:
        return
    if scheme != "https":
        raise TargetRefused("the URL is not encrypted. Give one that begins with https://.")
    if port != _PORTS["https"] and port < _FIRST_FREE_PORT:
        raise TargetRefused(f"port {port} is another service's. Use 443, or one from {_FIRST_FREE_PORT} on.")
    _check_host(host)


def allowed_hosts(text: str) -> frozenset[str]:
    """The `host:port` of PRIVATE_WEBHOOK_HOSTS, commas between. Raises SettingsError."""
    found = [one.strip() for one in text.split(",") if one.strip()]
    matches = [_HOST_AND_PORT.fullmatch(one) for one in found]
    if not all(matches):
        raise SettingsError("PRIVATE_WEBHOOK_HOSTS holds what is no host:port. Write, say, hooks.example.com:8443.")
    return frozenset(host_and_port(match[1], int(match[2])) for match in matches if match is not None)


def host_and_port(host: str, port: int) -> str:
    """As `allowed` names them: lower case, an IPv6 address in brackets."""
    name = host.lower().removeprefix("[").removesuffix("]").rstrip(".")
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _check_host(host: str) -> None:
    address = literal_address(host)
    if address is not None:
        if not is_public(address):
            raise TargetRefused("the URL's address is not public. Give one that the internet reaches.")
        return
    # The resolver reads 0x7f.1 and 2130706433 as addresses, and nobody means a name by them.
    if _LOOKS_LIKE_A_NUMBER.search(host.rpartition(".")[2] or host) or not _NAME.fullmatch(host):
        raise TargetRefused("the URL's host is no name of the internet. Give one such as hooks.example.com.")
    name = host.rstrip(".")
    if any(name == local or name.endswith(f".{local}") for local in _LOCAL):
        raise TargetRefused("the URL's host is a name of a local network. Give one that the internet knows.")
