"""A mail server as one URL: smtp://user:password@host:587, or smtps://host:465 where TLS comes first. Pure."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from lead_pipeline.errors import SettingsError

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """`is_tls`: TLS before the first word. `user` and `password` are empty where it wants none."""

    host: str
    port: int
    is_tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that nobody can listen on the way."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def mail_server(url: str) -> MailServer:
    """The server of a URL. Raises SettingsError, which does not repeat it: it holds a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong("its port or host is none") from None
    if parts.scheme not in _PORTS:
        raise _wrong("it begins with neither smtp:// nor smtps://")
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _wrong("it has no host, or more than a host and a port; in a password, @ is %40, / is %2F")
    if port == 0:
        raise _wrong("its port is 0")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise _wrong("it has a user or a password, and not both")
    return MailServer(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "smtps", user, password)


def _wrong(why: str) -> SettingsError:
    return SettingsError(f"SMTP_URL cannot be used: {why}. Write smtp://user:password@host:587.")
