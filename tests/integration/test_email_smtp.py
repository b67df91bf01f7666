"""E-mail to real mail servers: one that takes, refuses, drops, hangs, encrypts and wants a login."""

import email.policy
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from lead_pipeline.channels.email_smtp import EmailBySmtp
from lead_pipeline.channels.message import Message, Receipt
from lead_pipeline.domain.smtp_url import MailServer
from lead_pipeline.errors import OutcomeUnknown, VendorRefused, VendorUnavailable
from tests.integration.receivers import Authority

pytestmark = pytest.mark.integration

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KEY = "0b8e6d8f-6a5c-4f0e-9d53-0f6b0a0f4c11"
CONTENT = {
    "sender": "Acme “Leads” <notifications@acme.example>",
    "reply_to": "Sales <sales@acme.example>",
    "subject": "New lead: Jane Döe",
    "text": "Jane Döe wants a roof.\n.\nA line of one full stop.\n",
    "html": f"<p>Jane Döe</p>{'<p>a long line </p>' * 200}\n",
}
MESSAGE = Message(KEY, "jane@example.com", CONTENT)
TIMEOUT = 0.5


class Handler:
    """Answers what it is told at each command, and keeps what it took."""

    def __init__(self, **answers: str | Callable[[SMTP], str]) -> None:
        self.answers, self.taken = answers, []

    def _say(self, command: str, server: SMTP, usual: str) -> str:
        answer = self.answers.get(command, usual)
        return answer(server) if callable(answer) else answer

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:  # noqa: N802
        envelope.mail_from = address
        return self._say("MAIL", server, "250 OK")

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self._say("RCPT", server, "250 OK")

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return self._say("DATA", server, "250 OK")


def dropping(server: SMTP) -> str:
    server.transport.abort()
    return "421 never seen"


def hanging(_: SMTP) -> str:
    time.sleep(3 * TIMEOUT)
    return "250 too late"


class Server(Controller):
    """aiosmtpd on a free port of this machine."""

    def __init__(self, handler: Handler, **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=0, **options)

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # a free one was asked for
        super()._trigger_server()


def channel(server: Server, user: str = "", password: str = "", *, tls: Any = None, first: bool = False) -> EmailBySmtp:
    return EmailBySmtp(MailServer("127.0.0.1", server.port, first, user, password), TIMEOUT, tls)


def read(envelope: Envelope) -> EmailMessage:
    return message_from_bytes(envelope.content, policy=email.policy.default)


def test_a_message_arrives_whole_with_an_id_that_follows_from_its_key():
    handler = Handler()
    with Server(handler) as server:
        receipt = channel(server).send(MESSAGE, NOON)
    [envelope] = handler.taken
    mail = read(envelope)
    assert Receipt(f"<{KEY}@acme.example>", status=250) == receipt
    assert ("notifications@acme.example", ["jane@example.com"]) == (envelope.mail_from, envelope.rcpt_tos)
    assert {
        "From": "Acme “Leads” <notifications@acme.example>",
        "To": "jane@example.com",
        "Reply-To": "sales@acme.example",
        "Subject": "New lead: Jane Döe",
        "Date": "Mon, 02 Mar 2026 12:00:00 +0000",
        "Message-ID": f"<{KEY}@acme.example>",
    } == {name: str(mail[name]) for name in ("From", "To", "Reply-To", "Subject", "Date", "Message-ID")}
    assert CONTENT["text"] == mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert CONTENT["html"] == mail.get_body(("html",)).get_content().replace("\r\n", "\n")
    assert envelope.content.isascii()
    assert max(map(len, envelope.content.splitlines())) <= 998


@pytest.mark.parametrize(
    ("command", "answer", "error", "status"),
    [
        ("MAIL", "550 sender", VendorRefused, 550),
        ("MAIL", "451 later", VendorUnavailable, None),
        ("RCPT", "550 nobody", VendorRefused, 550),
        ("RCPT", "450 greylisted", VendorUnavailable, None),
        ("RCPT", "530 log in first", VendorRefused, 401),
        ("RCPT", dropping, VendorUnavailable, None),
        ("RCPT", hanging, VendorUnavailable, None),
        ("DATA", "554 spam", VendorRefused, 554),
        ("DATA", "452 full", VendorUnavailable, None),
        ("DATA", dropping, OutcomeUnknown, None),
        ("DATA", hanging, OutcomeUnknown, None),
    ],
)
def test_what_a_server_does_at_each_step_says_whether_the_message_may_be_there(command, answer, error, status):
    with Server(Handler(**{command: answer})) as server, pytest.raises(error) as raised:
        channel(server).send(MESSAGE, NOON)
    assert status == getattr(raised.value, "status", None)


def test_a_server_that_is_not_there_has_taken_nothing():
    with Server(Handler()) as server:
        gone = channel(server)
    with pytest.raises(VendorUnavailable):
        gone.send(MESSAGE, NOON)


def test_a_server_that_drops_after_it_took_the_message_has_it():
    class Rude(SMTP):
        async def smtp_QUIT(self, _: str) -> None:  # noqa: N802
            self.transport.abort()

    class RudeServer(Server):
        def factory(self) -> SMTP:
            return Rude(self.handler, **self.SMTP_kwargs)

    with RudeServer(Handler()) as server:
        assert 250 == channel(server).send(MESSAGE, NOON).status


def test_the_password_goes_over_tls_where_it_is_offered(tmp_path):
    authority, handler = Authority(tmp_path), Handler()
    seen = []

    def check(_: SMTP, session: Session, __: Envelope, ___: str, given: LoginPassword) -> AuthResult:
        seen.append((session.ssl is not None, given.login, given.password))
        return AuthResult(success=given.password == b"secret", handled=False)

    options = {"tls_context": authority.server("127.0.0.1"), "require_starttls": True, "authenticator": check}
    with Server(handler, auth_required=True, **options) as server:
        channel(server, "me", "secret", tls=authority.trusted).send(MESSAGE, NOON)
        with pytest.raises(VendorRefused, match="check the user and password") as refused:
            channel(server, "me", "wrong", tls=authority.trusted).send(MESSAGE, NOON)
        with pytest.raises(VendorUnavailable):
            channel(server, "me", "secret").send(MESSAGE, NOON)
    assert (1, 401) == (len(handler.taken), refused.value.status)
    assert {(True, b"me", b"secret"), (True, b"me", b"wrong")} == set(seen)


def test_tls_may_come_before_the_first_word(tmp_path):
    authority, handler = Authority(tmp_path), Handler()
    with Server(handler, ssl_context=authority.server("127.0.0.1")) as server:
        channel(server, tls=authority.trusted, first=True).send(MESSAGE, NOON)
    assert 1 == len(handler.taken)


def test_a_password_never_leaves_this_machine_unencrypted(monkeypatch):
    with Server(Handler()) as server:
        monkeypatch.setattr(MailServer, "is_here", property(lambda _: False))
        with pytest.raises(VendorRefused, match="no encryption") as refused:
            channel(server, "me", "secret").send(MESSAGE, NOON)
    assert 401 == refused.value.status


def test_a_login_that_the_server_does_not_offer_is_refused():
    with Server(Handler()) as server, pytest.raises(VendorRefused, match="cannot do what this needs"):
        channel(server, "me", "secret").send(MESSAGE, NOON)


def test_letters_outside_ascii_in_an_address_are_sent_where_the_server_knows_them():
    handler = Handler()
    there = Message(KEY, "jané@example.com", CONTENT)
    with Server(handler) as server:
        channel(server).send(there, NOON)
    assert ["jané@example.com"] == handler.taken[0].rcpt_tos
    with (
        Server(Handler(), enable_SMTPUTF8=False) as server,
        pytest.raises(VendorRefused, match="letters outside ASCII"),
    ):
        channel(server).send(there, NOON)


@pytest.mark.parametrize(
    ("address", "content"),
    [
        ("jane@example.com\r\nRCPT TO:<other@example.com>", {}),
        ("jane@example.com, other@example.com", {}),
        ("jane", {}),
        ("", {}),
        ("jane@example.com", {"subject": "Hello\r\nBcc: other@example.com"}),
        ("jane@example.com", {"sender": "nobody"}),
        ("jané@example.com, other@example.com", {}),
    ],
)
def test_what_would_add_a_header_or_a_receiver_is_never_sent(address, content):
    handler = Handler()
    with Server(handler) as server, pytest.raises(VendorRefused, match="cannot be written as e-mail"):
        channel(server).send(Message(KEY, address, {**CONTENT, **content}), NOON)
    assert [] == handler.taken


def test_a_line_break_behind_a_sender_adds_nothing():
    handler = Handler()
    hostile = {**CONTENT, "sender": "Acme <a@acme.example>\r\nBcc: other@example.com", "reply_to": "x\r\n@acme.example"}
    with Server(handler) as server:
        channel(server).send(Message(KEY, "jane@example.com", hostile), NOON)
    mail = read(handler.taken[0])
    assert ("Acme <a@acme.example>", None) == (str(mail["From"]), mail["Bcc"])
    assert ["jane@example.com"] == handler.taken[0].rcpt_tos
