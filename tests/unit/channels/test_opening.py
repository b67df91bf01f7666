"""Channels by name, as the settings have them."""

import httpx
import pytest

from lead_pipeline.channels.guarded_connections import GuardedTransport
from lead_pipeline.channels.opening import Channels, reachable_hosts
from lead_pipeline.channels.wire import Wire
from lead_pipeline.errors import SettingsError
from lead_pipeline.settings import Settings, load_settings
from tests.unit.channels.wires import MAIL, NOON, Asked, as_golden, message, transport

OWN = {
    "RESEND_API_KEY": "re_123",
    "SENDGRID_API_KEY": "SG.123",
    "SENDGRID_FROM_EMAIL": "known@example.com",
    "SMTP_URL": "smtp://mail.example.com",
    "TWILIO_ACCOUNT_SID": f"AC{'1' * 32}",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_PHONE_NUMBER": "+14155550100",
}


class Made:
    """Wires that were asked for, by name, and whether each was to be guarded."""

    def __init__(self, asked: Asked | None = None) -> None:
        self.asked = asked or Asked(httpx.Response(202))
        self.guards: dict[str, httpx.BaseTransport | None] = {}

    def __call__(self, name: str, guard: httpx.BaseTransport | None) -> Wire:
        self.guards[name] = guard
        return transport(self.asked, name)


def channels(settings: Settings, made: Made | None = None) -> Channels:
    return Channels(settings, made or Made())


@pytest.mark.parametrize("name", ["resend", "sendgrid", "smtp", "twilio", "slack", "webhook"])
def test_every_channel_calls_itself_what_it_is_asked_for_by_and_is_made_once(name):
    with channels(load_settings(OWN)) as opened:
        assert name == opened.of(name).provider
        assert opened.of(name) is opened.of(name)


def test_only_slacks_wire_is_guarded_because_somebody_else_chose_its_address():
    made = Made()
    with channels(load_settings(OWN), made) as opened:
        for name in ("resend", "sendgrid", "twilio", "slack", "webhook", "smtp"):
            opened.of(name)
    assert isinstance(made.guards.pop("slack"), GuardedTransport)
    assert {"resend": None, "sendgrid": None, "twilio": None} == made.guards


def test_without_an_account_or_a_server_there_is_no_channel():
    with channels(load_settings({"RESEND_API_KEY": "re_123"})) as opened:
        assert opened.of("twilio") is None
        assert opened.of("smtp") is None


def test_in_the_sandbox_every_channel_but_a_mail_server_is_there():
    made = Made(Asked(httpx.Response(200, json={"id": "1"})))
    with channels(load_settings({}), made) as opened:
        assert opened.of("smtp") is None
        assert opened.of("twilio") is not None
        opened.of("resend").send(message("jane@example.com", MAIL), NOON)
    request = as_golden(made.asked.requests[0])
    assert "http://127.0.0.1:8091/resend/emails" == request["url"]
    assert "Bearer sandbox" == request["headers"]["authorization"]


def test_sendgrid_sends_from_the_address_that_is_set_for_it():
    made = Made()
    with channels(load_settings(OWN), made) as opened:
        opened.of("sendgrid").send(message("jane@example.com", MAIL), NOON)
    assert "known@example.com" == as_golden(made.asked.requests[0])["body"]["from"]["email"]


def test_a_name_that_nobody_has_is_an_error_that_lists_those_there_are():
    with channels(load_settings({})) as opened, pytest.raises(SettingsError, match="resend, sendgrid, smtp"):
        opened.of("pigeon")


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        ({}, {"127.0.0.1:8091"}),
        ({"SANDBOX_URL": "http://localhost:9000"}, {"localhost:9000"}),
        ({"PRIVATE_WEBHOOK_HOSTS": "hooks.lan:8443"}, {"127.0.0.1:8091", "hooks.lan:8443"}),
        ({**OWN, "PRIVATE_WEBHOOK_HOSTS": "hooks.lan:8443"}, {"hooks.lan:8443"}),
        (OWN, set()),
    ],
)
def test_the_sandbox_may_be_reached_while_everything_is_the_sandbox(environment, hosts):
    assert hosts == reachable_hosts(load_settings(environment))
