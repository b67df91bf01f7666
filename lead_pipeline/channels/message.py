"""What a channel is handed and what it answers: one message under its key, and what the receiver or provider said.

Holds no wire and no wording: `email_resend`, `webhook` and their siblings send, `rendering` writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from lead_pipeline.domain.deliveries import Repeats


@dataclass(frozen=True)
class Message:
    """One message. `key` is its idempotency key, the delivery's id (a UUID in lower case).

    `address`: e-mail address, number in E.164, or URL. `content`, all of it text, by channel: e-mail has subject, html,
    text, sender, and may have reply_to; SMS and Slack have text, and Slack may have blocks, as JSON; a webhook has
    body, the JSON that is signed.
    `secrets`: what a webhook is signed with, the newest first. `attempted_at`: when its last send was begun.
    `provider_id`: what the provider called it, once it said so.
    """

    key: str
    address: str = field(repr=False)
    content: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    attempted_at: datetime | None = None
    provider_id: str | None = None


@dataclass(frozen=True)
class Receipt:
    """The word of a receiver or provider about a message that it has.

    `is_final`: it has arrived, or nobody will ever say more; else it is asked for again. `failure`: why it will never
    arrive, in the provider's words (a bounce). `units`: what is paid for, of an SMS its segments.
    """

    provider_id: str | None = None
    is_final: bool = True
    failure: str | None = None
    units: int = 1
    status: int | None = None


class Channel(Protocol):
    """One way to send, by one provider. Safe for threads.

    `send` raises OutcomeUnknown where it may have had its effect; VendorUnavailable (RateLimited, CircuitOpen) where it
    surely had none and may have it later; VendorRefused, EndpointGone (410) and TargetRefused where it never will;
    VendorRefused with status 401 or 403 where our key is refused. No error names an address, a key or a content.
    """

    provider: str
    repeats: Repeats
    keys_last: timedelta | None
    """How long a KEYED receiver knows a key; None for as long as anybody sends."""

    def send(self, message: Message, now: datetime) -> Receipt:
        """Send once."""

    def ask(self, message: Message) -> Receipt | None:
        """What became of a message, by `provider_id` or else by what it looks like. None: nobody has it.

        Only of ASKED channels, and of messages whose receipt was not final. Raises VendorUnavailable and VendorRefused.
        """


def repeats_now(channel: Channel, message: Message, now: datetime) -> Repeats:
    """What holds of a message whose answer was lost: a key that is no longer known is none."""
    last, since = channel.keys_last, message.attempted_at
    if channel.repeats is Repeats.KEYED and last is not None and since is not None and now - since >= last:
        return Repeats.BLIND
    return channel.repeats
