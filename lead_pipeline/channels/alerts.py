"""How people are told of an alert: the log always, and a Slack-compatible webhook where one is set up.

Holds no wording and no memory of what was sent. The webhook's address is its secret and appears in no message.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import structlog

_log = structlog.get_logger("lead_pipeline.alerts")


class AlertChannel(Protocol):
    """Takes one message. Raises one of our errors where it may not have arrived."""

    def send(self, name: str, text: str) -> None:
        """`name` of the alert, and what is said about it."""


class Poster(Protocol):
    """The HTTP client that is handed in: it does not repeat a call that may have had its effect."""

    def request(
        self,
        method: str,
        path_or_url: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        effect: bool = False,
        answers_json: bool = True,
    ) -> Any:
        """The 2xx answer, or one of our errors."""


class LogChannel:
    """The log, as a warning."""

    def send(self, name: str, text: str) -> None:
        _log.warning("alert", name=name, text=text)


class SlackChannel:
    """The log, then a webhook that speaks Slack's format: `{"text": ...}`, answered by a plain `ok`."""

    def __init__(self, url: str, poster: Poster) -> None:
        self._url = url
        self._poster = poster
        self._written = LogChannel()

    def send(self, name: str, text: str) -> None:
        """Post once. A message that may have arrived is not repeated here: OutcomeUnknown leaves that to the caller."""
        self._written.send(name, text)
        self._poster.request("POST", self._url, json={"text": _escaped(text)}, effect=True, answers_json=False)


def _escaped(text: str) -> str:
    """Slack's three control characters, as its documentation asks: <https://docs.slack.dev/messaging/formatting>."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
