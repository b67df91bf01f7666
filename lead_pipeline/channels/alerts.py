"""How people are told of an alert: the log always, and a Slack-compatible webhook where one is set up.

Holds no wording and no memory of what was sent. The webhook's address is its secret and appears in no message.
"""

from typing import Protocol

import structlog

from lead_pipeline.channels.wire import Wire
from lead_pipeline.domain.inert_text import slack_text

_log = structlog.get_logger("lead_pipeline.alerts")


class AlertChannel(Protocol):
    """Takes one message. Raises one of our errors where it may not have arrived."""

    def send(self, name: str, text: str) -> None:
        """`name` of the alert, and what is said about it."""


class LogChannel:
    """The log, as a warning."""

    def send(self, name: str, text: str) -> None:
        _log.warning("alert", name=name, text=text)


class SlackChannel:
    """The log, then a webhook that speaks Slack's format: `{"text": ...}`, answered by a plain `ok`."""

    def __init__(self, url: str, wire: Wire) -> None:
        self._url = url
        self._wire = wire
        self._written = LogChannel()

    def send(self, name: str, text: str) -> None:
        """Post once. A message that may have arrived is not repeated here: OutcomeUnknown leaves that to the caller."""
        self._written.send(name, text)
        self._wire.request("POST", self._url, json={"text": slack_text(text)}, effect=True, answers_json=False)
