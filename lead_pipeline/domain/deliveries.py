"""Messages: of what kinds they are, in which states, and what follows from what became of an attempt.

Pure: the clock and the jitter are handed in. Sends nothing (`channels`), keeps nothing (`store.deliveries`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

State = Literal["intended", "sent", "unknown", "confirmed", "failed", "dead", "skipped"]
Outcome = Literal[
    "confirmed", "accepted", "absent", "unknown", "refused", "rate_limited", "unavailable", "gone", "key_refused"
]
KINDS = (
    "new_lead", "hot_lead", "routed_leads", "low_balance", "card_declined", "recharged", "refunded", "daily_summary",
    "manager_notice", "endpoint_disabled", "test", "outreach",
)  # fmt: skip
CHANNELS = ("email", "sms", "slack", "webhook")
OPEN: tuple[State, ...] = ("intended", "sent", "unknown")
"""States of a message of which something is still to be done."""
HOT_SCORE = 80
"""A sold lead is told of as hot from this lead score on (0 to 100)."""

_SECONDS, _MINUTES, _HOURS = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# Of webhooks: <https://github.com/standard-webhooks/standard-webhooks>, "Deliverability and reliability".
_WEBHOOK_PAUSES = (
    5 * _SECONDS, 5 * _MINUTES, 30 * _MINUTES,
    *(hours * _HOURS for hours in (2, 5, 10, 14, 20, 24)),
)  # fmt: skip
_PAUSES = (30 * _SECONDS, 2 * _MINUTES)
PAUSES: Mapping[str, tuple[timedelta, ...]] = MappingProxyType(
    {"webhook": _WEBHOOK_PAUSES, "email": _PAUSES, "sms": _PAUSES, "slack": _PAUSES}
)
"""Pauses between attempts, by channel: one attempt more than there are pauses."""
ASK_PAUSES = (15 * _SECONDS, 2 * _MINUTES, 15 * _MINUTES, 2 * _HOURS, 24 * _HOURS)
"""Pauses before a provider is asked what became of a message that it took; after the last one it is believed."""
_FIRST_HOLD, _LONGEST_HOLD = 5 * _SECONDS, 15 * _MINUTES
JITTER = 0.2
"""Share of a pause that is added to it at most."""


class Repeats(StrEnum):
    """What is known of a message whose answer was lost, and so what is done before it is sent again."""

    KEYED = "keyed"
    """The receiver knows its key: it is sent again under the same one, at once."""
    ASKED = "asked"
    """The provider can be asked for it; what is absent after a while is sent again."""
    BLIND = "blind"
    """Neither: after a while it is sent again, and listed as resent without knowing."""


@dataclass(frozen=True)
class Standing:
    """A message before an attempt is judged. `sends`: sends so far, this one included; `asks`: questions likewise.

    `is_taken`: its provider has given it an id. `settles_after`: how long a message whose answer was lost may still be
    on its way.
    """

    delivery_id: str
    channel: str
    is_taken: bool
    sends: int
    asks: int
    settles_after: timedelta


@dataclass(frozen=True)
class Verdict:
    """What a message is after an attempt. `next_at` is None of a state that is final.

    `is_free`: the attempt is none of those that a message has.
    """

    state: State
    next_at: datetime | None
    is_free: bool = False


@dataclass(frozen=True)
class Action:
    """What is done about a message that is due. `is_resend`: it is sent without knowing whether it is there already."""

    name: Literal["send", "ask"]
    is_resend: bool = False


def next_action(state: State, provider_id: str | None, repeats: Repeats) -> Action:
    """What is done about a message that is due.

    One that a provider took (`sent`, with the provider's id) is asked for. One whose answer was lost (`unknown`, or
    `sent` by a process that died) is sent again or asked for, as its channel `repeats`.
    """
    if state == "intended":
        return Action("send")
    if (state == "sent" and provider_id is not None) or repeats is Repeats.ASKED:
        return Action("ask")
    return Action("send", is_resend=repeats is Repeats.BLIND)


def after_send(standing: Standing, outcome: Outcome, now: datetime, retry_after: float | None = None) -> Verdict:
    """What a message is after a send. `retry_after`: seconds that the receiver asked for."""
    asked_for, pause = timedelta(seconds=retry_after or 0.0), pause_before(standing)
    match outcome:
        case "confirmed":
            after = Verdict("confirmed", None)
        case "accepted":
            after = Verdict("sent", now + ASK_PAUSES[0])
        case "refused" | "gone":
            after = Verdict("failed", None)
        case "rate_limited" | "key_refused":
            after = Verdict("intended", now + max(_PAUSES[0], asked_for), is_free=True)
        case _ if pause is None:
            after = Verdict("dead", None)
        case "unknown":
            after = Verdict("unknown", now + max(pause, standing.settles_after))
        case _:
            after = Verdict("intended", now + max(pause, asked_for))
    return after


def after_ask(standing: Standing, outcome: Outcome, now: datetime, retry_after: float | None = None) -> Verdict:
    """What a message is after its provider was asked for it.

    One that the provider has is believed once there is no more news of it; one that it never had is sent again.
    """
    if outcome == "confirmed":
        return Verdict("confirmed", None)
    if outcome in ("refused", "gone"):
        return Verdict("failed", None)
    if outcome == "absent":
        return Verdict("intended", now)
    if standing.asks >= len(ASK_PAUSES):
        return Verdict("confirmed", None) if standing.is_taken else Verdict("dead", None)
    state: State = "sent" if outcome == "accepted" or standing.is_taken else "unknown"
    return Verdict(state, now + max(ASK_PAUSES[standing.asks], timedelta(seconds=retry_after or 0.0)))


def hold_for(failures: int, retry_after: float | None = None) -> timedelta:
    """How long a receiver that failed so often in a row is left alone: twice as long each time, a quarter of an hour at
    most, and at least the seconds that it asked for.
    """
    pause = min(_LONGEST_HOLD, _FIRST_HOLD * (1 << min(failures - 1, 10)))
    return max(pause, timedelta(seconds=retry_after or 0.0))


def pause_before(standing: Standing) -> timedelta | None:
    """How long to wait after the latest attempt, jitter included; None where it was the last one."""
    pauses = PAUSES[standing.channel]
    if standing.sends > len(pauses):
        return None
    pause = pauses[max(0, standing.sends - 1)]
    return pause + JITTER * _share(standing.delivery_id, standing.sends) * pause


def _share(delivery_id: str, attempt: int) -> float:
    """Chance that is the same each time it is asked: 0 to 1, by message and attempt."""
    digest = hashlib.sha256(f"{delivery_id}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / (1 << 64)
