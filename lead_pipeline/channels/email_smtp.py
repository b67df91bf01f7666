"""E-mail through a mail server of one's own: SMTP, STARTTLS where it is offered, a login where one is set.

A server that took the message has the last word: whether it bounced later is told to the sender's mailbox. It knows no
idempotency key; the Message-ID follows from ours, and mail programs show two messages of one ID once.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from lead_pipeline.channels.message import Message, Receipt, Repeats
from lead_pipeline.domain.smtp_url import MailServer
from lead_pipeline.errors import OutcomeUnknown, VendorRefused, VendorUnavailable

_POLICY = SMTP.clone(cte_type="7bit")
_INTERNATIONAL = ["SMTPUTF8", "BODY=8BITMIME"]
# "Authentication required", "mechanism too weak", "credentials invalid", "encryption required".
_KEY_REFUSED = (530, 534, 535, 538)
_TAKEN = 250


class EmailBySmtp:
    """One server. `timeout`: seconds to wait for each of its answers. `tls` replaces the usual certificates."""

    provider = "smtp"
    repeats = Repeats.BLIND
    keys_last: timedelta | None = None

    def __init__(self, server: MailServer, timeout: float, tls: ssl.SSLContext | None = None) -> None:
        self._server, self._timeout = server, timeout
        self._tls = tls or ssl.create_default_context()

    def send(self, message: Message, now: datetime) -> Receipt:
        mail, sender = _written(message, now)
        options = [] if message.address.isascii() and sender.isascii() else _INTERNATIONAL
        data = mail.as_bytes(policy=_POLICY.clone(utf8=bool(options)))
        with self._open() as smtp:
            with _before_the_message():
                _agree(smtp.mail(sender, options))
                _agree(smtp.rcpt(message.address))
            self._hand_over(smtp, data)
        return Receipt(mail["Message-ID"], status=_TAKEN)

    def ask(self, message: Message) -> Receipt | None:
        raise AssertionError("a mail server is never asked")

    @contextmanager
    def _open(self) -> Iterator[smtplib.SMTP]:
        """A connection, encrypted where the server can and logged in where a user is set."""
        server = self._server
        with _before_the_message():
            if server.is_tls:
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=self._timeout, context=self._tls
                )
            else:
                smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            with _before_the_message():
                self._greet(smtp)
            yield smtp
        finally:
            smtp.close()

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        is_private = self._server.is_tls
        if not is_private and smtp.has_extn("starttls"):
            _agree(smtp.starttls(context=self._tls))
            smtp.ehlo()
            is_private = True
        if not self._server.user:
            return
        if not is_private and not self._server.is_here:
            raise VendorRefused(
                "the mail server offers no encryption, and the password would be readable on the way. Use smtps:// or "
                "another port in SMTP_URL.",
                status=401,
            )
        smtp.login(self._server.user, self._server.password)

    @staticmethod
    def _hand_over(smtp: smtplib.SMTP, data: bytes) -> None:
        """From here on a lost answer may be that of a message that was taken."""
        try:
            _agree(smtp.data(data))
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code) from None
        except (OSError, smtplib.SMTPException) as error:
            raise OutcomeUnknown(
                f"the mail server broke off ({type(error).__name__}) while it took the message. Look into its log."
            ) from None
        try:
            smtp.quit()
        except (OSError, smtplib.SMTPException):
            return  # it has said that it took the message


def _written(message: Message, now: datetime) -> tuple[EmailMessage, str]:
    """The message in its format, and its sender's bare address."""
    content = message.content
    name, sender = parseaddr(content["sender"])
    mail = EmailMessage(policy=_POLICY)
    try:
        mail["From"] = _address(sender, name)
        mail["To"] = _address(message.address)
        if "reply_to" in content:
            mail["Reply-To"] = _address(parseaddr(content["reply_to"])[1])
        mail["Subject"] = content["subject"]
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2].encode('idna').decode()}>"
        mail.set_content(content["text"])
        mail.add_alternative(content["html"], subtype="html")
    # The standard library's errors quote the address or subject that they refuse.
    except (ValueError, IndexError, AttributeError):
        raise VendorRefused(
            "this cannot be written as e-mail: an address is none, or the subject has a line break. Correct it.",
            status=553,
        ) from None
    return mail, sender


def _address(text: str, name: str = "") -> Address:
    """One address. The standard library checks none that has letters outside ASCII: it is checked with others instead.

    Raises ValueError and what else that check raises.
    """
    Address(addr_spec="".join(char if char.isascii() else "x" for char in text))
    local, _, domain = text.rpartition("@")
    return Address(name, username=local, domain=domain)


@contextmanager
def _before_the_message() -> Iterator[None]:
    """Nothing of the message was sent: what fails here has had no effect."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise VendorRefused(
            "the mail server cannot do what this needs: a login, or letters outside ASCII in an address.", status=504
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise VendorUnavailable(
            f"the mail server could not be reached or broke off ({type(error).__name__}). Check SMTP_URL and its log."
        ) from None


def _agree(answer: tuple[int, bytes]) -> None:
    """Raise where an answer is no yes. Its words are left out: they quote addresses."""
    if answer[0] // 100 != 2:
        raise smtplib.SMTPResponseException(answer[0], "")


def _refused(code: int) -> VendorRefused | VendorUnavailable:
    if code in _KEY_REFUSED:
        return VendorRefused(f"the mail server answered {code}: check the user and password in SMTP_URL.", status=401)
    if code // 100 == 5:
        return VendorRefused(f"the mail server answered {code}: see its log, correct the address.", status=code)
    return VendorUnavailable(f"the mail server answered {code}. Try again later; if it lasts, see its log.")
