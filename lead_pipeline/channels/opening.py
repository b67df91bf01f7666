"""Every channel by its provider's name, as the settings have them. Makes no HTTP client: wires are handed in."""

import threading
from collections.abc import Callable
from importlib.metadata import version
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from lead_pipeline.channels.email_resend import EmailByResend
from lead_pipeline.channels.email_sendgrid import EmailBySendGrid
from lead_pipeline.channels.email_smtp import EmailBySmtp
from lead_pipeline.channels.guarded_connections import GuardedTransport
from lead_pipeline.channels.message import Channel
from lead_pipeline.channels.slack_webhook import SlackWebhook
from lead_pipeline.channels.sms_twilio import SmsByTwilio
from lead_pipeline.channels.targets import allowed_hosts, host_and_port
from lead_pipeline.channels.webhook import Webhook
from lead_pipeline.channels.wire import Wire
from lead_pipeline.domain.smtp_url import mail_server
from lead_pipeline.errors import SettingsError
from lead_pipeline.settings import Settings

AGENT = f"Lead-Pipeline/{version('lead-pipeline')}"
_PORTS = {"http": 80, "https": 443}


def reachable_hosts(settings: Settings) -> frozenset[str]:
    """The `host:port` that messages may reach though private: those set, and the sandbox while all is the sandbox.

    Raises SettingsError where PRIVATE_WEBHOOK_HOSTS holds something else.
    """
    found = allowed_hosts(settings.private_webhook_hosts)
    if not settings.uses_sandbox:
        return found
    sandbox = urlsplit(settings.sandbox_url)
    return found | {host_and_port(sandbox.hostname or "", sandbox.port or _PORTS[sandbox.scheme])}


class Channels:
    """Opens each channel when it is first asked for. Safe for threads. Close it, or use `with`.

    `wire` makes the retrying client of resend, sendgrid, twilio or slack. One attempt a call is enough for it: whoever
    sends counts attempts. Slack's is handed `guarded`, which it must go through, and has to keep addresses to itself.
    """

    def __init__(self, settings: Settings, wire: Callable[[str, httpx.BaseTransport | None], Wire]) -> None:
        self._settings, self._wire, self._seconds = settings, wire, settings.delivery_timeout_seconds
        self._allowed = reachable_hosts(settings)
        self._open: dict[str, Channel | None] = {}
        self._guarded: list[GuardedTransport] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were made here; those of the wires are whose who made them."""
        for transport in self._guarded:
            transport.close()

    def of(self, provider: str) -> Channel | None:
        """The channel of resend, sendgrid, smtp, twilio, slack or webhook; None where no account or server is set.

        Raises SettingsError for a provider that there is not, and for a setting that cannot be used.
        """
        with self._lock:
            if provider not in self._open:
                self._open[provider] = self._made(provider)
            return self._open[provider]

    def _made(self, provider: str) -> Channel | None:
        makers: dict[str, Callable[[], Channel | None]] = {
            "resend": self._resend,
            "sendgrid": self._sendgrid,
            "smtp": self._smtp,
            "twilio": self._twilio,
            "slack": self._slack,
            "webhook": self._webhook,
        }
        if provider not in makers:
            raise SettingsError(f"nobody called {provider!r} sends messages. There are {', '.join(makers)}.")
        return makers[provider]()

    def _resend(self) -> Channel:
        return EmailByResend(*self._settings.provider("resend"), self._wire("resend", None))

    def _sendgrid(self) -> Channel:
        url, key = self._settings.provider("sendgrid")
        return EmailBySendGrid(url, key, self._wire("sendgrid", None), self._settings.sendgrid_from_email)

    def _smtp(self) -> Channel | None:
        url = self._settings.smtp_url
        return None if url is None else EmailBySmtp(mail_server(url.get_secret_value()), self._seconds)

    def _twilio(self) -> Channel | None:
        account = self._settings.twilio
        if account is None:
            return None
        return SmsByTwilio(account.url, account.sid, account.token, account.phone, self._wire("twilio", None))

    def _slack(self) -> Channel:
        return SlackWebhook(self._wire("slack", self._guard()), seconds=self._seconds, allowed=self._allowed)

    def _webhook(self) -> Channel:
        return Webhook(self._guard(), seconds=self._seconds, agent=AGENT, allowed=self._allowed)

    def _guard(self) -> GuardedTransport:
        guarded = GuardedTransport(self._allowed)
        self._guarded.append(guarded)
        return guarded
