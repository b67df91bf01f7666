"""Slack's incoming webhooks, and what speaks like them.

<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>. The address is the secret: the wire must
not name it, and has to be guarded, because somebody else chose it. Who writes a text has escaped it.
"""

import json
from datetime import datetime, timedelta
from typing import Any

from lead_pipeline.channels.guarded_connections import within
from lead_pipeline.channels.message import Message, Receipt, Repeats
from lead_pipeline.channels.targets import check_target
from lead_pipeline.channels.wire import Wire
from lead_pipeline.errors import EndpointGone, OutcomeUnknown, VendorRefused

# A webhook that was removed, revoked or forbidden, and a channel that was archived. No key of ours is at fault.
_GONE = (403, 404, 410)
_WORDS = frozenset((
    "invalid_payload", "invalid_blocks", "no_text", "too_many_attachments", "user_not_found", "no_service",
    "no_service_id", "no_team", "team_disabled", "invalid_token", "no_active_hooks", "channel_not_found",
    "channel_is_archived", "action_prohibited", "posting_to_general_channel_denied",
))  # fmt: skip
_TAKEN = "ok"


class SlackWebhook:
    """Any number of webhooks. `seconds` are all that a send takes, `allowed` the `host:port` that may be private."""

    provider = "slack"
    repeats = Repeats.BLIND
    keys_last: timedelta | None = None

    def __init__(self, wire: Wire, *, seconds: float, allowed: frozenset[str] = frozenset()) -> None:
        self._wire, self._seconds, self._allowed = wire, seconds, allowed

    def send(self, message: Message, now: datetime) -> Receipt:
        check_target(message.address, self._allowed)
        body: dict[str, Any] = {"text": message.content["text"]}
        if "blocks" in message.content:
            body["blocks"] = json.loads(message.content["blocks"])
        with within(self._seconds):
            answer = self._wire.request(
                "POST",
                message.address,
                json=body,
                effect=True,
                answers_json=False,
                accepted={400, *_GONE},
            )
        said = answer.text.strip()
        status = answer.status_code
        if status in _GONE:
            raise EndpointGone(f"Slack answered {status}{_word(said)}: make a new webhook, and save it.", status=status)
        if answer.is_error:
            raise VendorRefused(f"Slack answered {status}{_word(said)}: look at the message's text.", status=status)
        if said != _TAKEN:
            raise OutcomeUnknown(f"Slack answered {status} without its `ok`. Look into the channel.")
        return Receipt(status=status)

    def ask(self, message: Message) -> Receipt | None:
        raise AssertionError("Slack is never asked")


def _word(said: str) -> str:
    return f", {said}" if said in _WORDS else ""
