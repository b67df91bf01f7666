"""Whether a domain accepts mail, by what DNS says of it (RFC 5321 section 5.1, RFC 7505).

Holds no resolver: one is handed in. Says nothing about a mailbox, only that mail for the domain has somewhere to go.
"""

from typing import Protocol

from lead_pipeline.errors import TransientError

NULL_MX = "."


class MailResolver(Protocol):
    """What is asked of DNS. `domain` is as in an address, not ASCII alone; no answer raises a TransientError."""

    def exchangers(self, domain: str) -> tuple[str, ...]:
        """Hosts of the MX records, `.` for the root; none where there is no such record or no such domain."""
        ...

    def has_address(self, domain: str) -> bool:
        """Whether there is an A or AAAA record."""
        ...


def accepts_mail(domain: str, resolver: MailResolver) -> bool | None:
    """True or False as DNS says, None where it did not answer: a timeout is never a no.

    With MX records these decide, and the one that names the root says that no mail is taken. Without any, mail goes
    to the domain's own address.
    """
    try:
        exchangers = resolver.exchangers(domain)
        return any(host != NULL_MX for host in exchangers) if exchangers else resolver.has_address(domain)
    except TransientError:
        return None
