"""Messages: of what kinds they are, in which states, and what follows from what became of an attempt.

Pure: the clock and the jitter are handed in. Sends nothing (`channels`), keeps nothing (`store.deliveries`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

State = Literal["intended", "sent", "unknown", "confirmed", "failed", "dead", "skipped"]
Outcome = Literal[
    "confirmed", "accepted", "absent", "unknown", "refused", "rate_limited", "unavailable", "gone", "key_refused"
]
KINDS = (
    "new_lead", "hot_lead", "routed_leads", "low_balance", "card_declined", "recharged", "refunded", "daily_summary",
    "manager_notice", "endpoint_disabled", "outreach",
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
JITTER = 0.2
"""Share of a pause that is added to it at most."""


@dataclass(frozen=True)
class Standing:
    """A message before an attempt is judged. `sends`: attempts so far, this one included; `asks`: likewise."""

    delivery_id: str
    channel: str
    sends: int
    asks: int


@dataclass(frozen=True)
class Verdict:
    """What a message is after an attempt. `next_at` is None of a state that is final.

    `counts_against`: the attempt speaks against its receiver; `clears`: it speaks for it.
    """

    state: State
    next_at: datetime | None
    counts_against: bool = False
    clears: bool = False


def verdict(
    standing: Standing, outcome: Outcome, now: datetime, *, retry_after: float | None = None, settles_after: timedelta
) -> Verdict:
    """What follows from the outcome of an attempt.

    `retry_after`: seconds that the receiver asked for. `settles_after`: how long a message whose answer was lost may
    still be on its way, before which nobody may take it for lost.
    """
    if outcome == "confirmed":
        return Verdict("confirmed", None, clears=True)
    if outcome == "accepted":
        return _awaited(standing, now)
    if outcome in ("refused", "gone"):
        return Verdict("failed", None, clears=outcome == "refused", counts_against=outcome == "gone")
    if outcome == "unknown":
        return Verdict("unknown", now + settles_after, counts_against=True)
    if outcome == "unavailable":
        return _again(standing, now, retry_after)
    wait = timedelta(0) if outcome == "absent" else max(_PAUSES[0], timedelta(seconds=retry_after or 0.0))
    return Verdict("intended", now + wait)


def pause_before(standing: Standing) -> timedelta | None:
    """How long to wait after the latest attempt, jitter included; None where it was the last one."""
    pauses = PAUSES[standing.channel]
    if standing.sends > len(pauses):
        return None
    pause = pauses[max(0, standing.sends - 1)]
    return pause * (1 + JITTER * _share(standing.delivery_id, standing.sends))


def _again(standing: Standing, now: datetime, retry_after: float | None) -> Verdict:
    pause = pause_before(standing)
    if pause is None:
        return Verdict("dead", None, counts_against=True)
    return Verdict("intended", now + max(pause, timedelta(seconds=retry_after or 0.0)), counts_against=True)


def _awaited(standing: Standing, now: datetime) -> Verdict:
    """Taken by the provider, whose word on the arrival is asked for; after the last question it is believed."""
    if standing.asks >= len(ASK_PAUSES):
        return Verdict("confirmed", None, clears=True)
    return Verdict("sent", now + ASK_PAUSES[standing.asks], clears=True)


def _share(delivery_id: str, attempt: int) -> float:
    """Chance that is the same each time it is asked: 0 to 1, by message and attempt."""
    digest = hashlib.sha256(f"{delivery_id}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
