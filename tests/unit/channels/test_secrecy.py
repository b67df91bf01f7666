"""A canary: whatever a provider or receiver does, no error, log or repr carries an address, key, secret or content."""

import base64
import json
import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta

import httpx
import pytest

from lead_pipeline.channels.email_resend import EmailByResend
from lead_pipeline.channels.email_sendgrid import EmailBySendGrid
from lead_pipeline.channels.email_smtp import EmailBySmtp
from lead_pipeline.channels.message import Channel, Message
from lead_pipeline.channels.slack_webhook import SlackWebhook
from lead_pipeline.channels.sms_twilio import SmsByTwilio
from lead_pipeline.channels.webhook import Webhook
from lead_pipeline.domain.smtp_url import MailServer
from lead_pipeline.errors import LeadPipelineError
from tests.unit.channels.wires import NOON, Asked, message, transport

CANARY = "canary"
SECRET = f"whsec_{base64.b64encode(b'canary-canary-canary-canary').decode()}"
MAILED = {
    "sender": f"{CANARY} <{CANARY}@acme.example>", "reply_to": f"{CANARY}@reply.example", "subject": CANARY,
    "text": f"{CANARY} text", "html": f"<p>{CANARY}</p>",
}  # fmt: skip
ECHO = {
    "name": CANARY, "message": CANARY, "code": CANARY, "more_info": CANARY, "id": None, "sid": None, "status": None,
    "errors": [{"field": CANARY, "message": CANARY, "help": CANARY}], "messages": CANARY, "last_event": None,
}  # fmt: skip
STATUSES = (200, 201, 202, 204, 302, 400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 503)


def resend(wire: Asked) -> Channel:
    return EmailByResend("https://api.resend.com", f"re_{CANARY}", transport(wire))


def sendgrid(wire: Asked) -> Channel:
    return EmailBySendGrid("https://api.sendgrid.com", f"SG.{CANARY}", transport(wire))


def twilio(wire: Asked) -> Channel:
    return SmsByTwilio("https://api.twilio.com", "AC1", f"token-{CANARY}", "+15005550006", transport(wire))


def slack(wire: Asked) -> Channel:
    return SlackWebhook(transport(wire, is_address_secret=True), seconds=5)


def webhook(wire: Asked) -> Channel:
    return Webhook(httpx.MockTransport(wire), seconds=5, agent="test")


ADDRESSES: dict[Callable[[Asked], Channel], tuple[Sequence[str], dict[str, str]]] = {
    resend: ([f"{CANARY}@example.com", f"{CANARY}\r\n", f"{CANARY}\ud800"], MAILED),
    sendgrid: ([f"{CANARY}@example.com", f"{CANARY}\r\n", f"{CANARY}\ud800"], MAILED),
    twilio: ([f"+1415{CANARY}", f"{CANARY}\r\n"], {"text": CANARY}),
    slack: ([f"https://hooks.slack.com/services/{CANARY}", f"http://{CANARY}", CANARY], {"text": CANARY}),
    webhook: (
        [f"https://{CANARY}.example.com/{CANARY}?{CANARY}", f"https://{CANARY}@example.com", f"https://{CANARY}:22"],
        {"body": json.dumps({"event": CANARY})},
    ),
}


def breaking(error: type[httpx.RequestError]) -> Callable[[httpx.Request], httpx.Response]:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    return fail


def answers() -> list[httpx.Response | Callable[[httpx.Request], httpx.Response]]:
    bodies = (json.dumps(ECHO).encode(), CANARY.encode(), b"[]")
    headers = {"Location": f"https://{CANARY}.example", "X-Message-Id": CANARY, "Retry-After": CANARY}
    told = [httpx.Response(status, headers=headers, content=body) for status in STATUSES for body in bodies]
    errors = (
        httpx.ConnectError,
        httpx.ReadTimeout,
        httpx.RemoteProtocolError,
        httpx.WriteError,
        httpx.UnsupportedProtocol,
    )
    return [*told, *map(breaking, errors)]  # fmt: skip


def said(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))


def without_source(text: str) -> str:
    """A trace without the lines of code that it quotes, of which some are this file's."""
    kept = [line for line in text.splitlines() if not line.startswith("    ")]
    return "\n".join(line for line in kept if not line.lstrip().startswith("File "))


@pytest.mark.parametrize("made", ADDRESSES, ids=lambda made: made.__name__)
def test_no_error_log_or_repr_carries_what_was_sent_or_where_or_with_what(made, caplog, capsys):
    caplog.set_level(logging.INFO)
    addresses, content = ADDRESSES[made]
    errors = []
    for address in addresses:
        for answer in answers():
            channel = made(Asked(answer))
            one = message(address, content, secrets=(SECRET,), attempted_at=NOON - timedelta(seconds=9))
            taken = message(address, content, secrets=(SECRET,), provider_id="SM1")
            calls = [lambda: channel.send(one, NOON)]  # noqa: B023
            if made is twilio:
                calls += [lambda: channel.ask(one), lambda: channel.ask(taken)]  # noqa: B023
            if made is resend:
                calls.append(lambda: channel.ask(taken))  # noqa: B023
            errors += [error for call in calls if (error := error_of(call)) is not None]
            assert CANARY not in repr(one) + repr(channel)
    assert len(errors) > 20
    shown = without_source("\n".join(map(said, errors))) + caplog.text + "".join(capsys.readouterr())
    assert [] == [line for line in shown.splitlines() if CANARY in line or SECRET[6:] in line]


def error_of(call: Callable[[], object]) -> LeadPipelineError | None:
    try:
        call()
    except LeadPipelineError as error:
        return error
    return None


def test_a_mail_server_and_what_it_refuses_are_as_quiet():
    channel = EmailBySmtp(MailServer("127.0.0.1", 9, False, CANARY, CANARY), 0.2)
    for address in (f"{CANARY}@example.com", f"{CANARY}\r\n", CANARY, f"{CANARY}@\ud800"):
        error = error_of(lambda: channel.send(Message("k", address, MAILED), NOON))  # noqa: B023
        assert error is not None
        assert CANARY not in without_source(said(error)) + repr(channel)
