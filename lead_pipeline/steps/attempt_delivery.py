"""One attempt at a message: written down, made, and its outcome written down with all that follows from it.

Which messages are due, and in what order, is `send_deliveries`'. What follows is decided in `domain.deliveries`.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import psycopg
import structlog

from lead_pipeline.channels.message import Channel, Message, Receipt, repeats_now
from lead_pipeline.domain.deliveries import Outcome, Standing, Verdict, after_ask, after_send, next_action
from lead_pipeline.errors import (
    CircuitOpen,
    EndpointGone,
    LeadPipelineError,
    OutcomeUnknown,
    RateLimited,
    SettingsError,
    TransientError,
    VendorRefused,
)
from lead_pipeline.steps.run import Run
from lead_pipeline.store import destination_health
from lead_pipeline.store.deliveries import Due
from lead_pipeline.store.delivery_attempts import Ended, begin, end
from lead_pipeline.store.usage import Used, note_usage

Connect = Callable[[], AbstractContextManager[psycopg.Connection]]
"""Lends a connection that commits by itself."""
OWN_RECEIVERS = ("webhook", "slack")
"""Channels on which each destination is a server of its own, with a health of its own."""
_KEY_REFUSED = (401, 403)
_log = structlog.get_logger(__name__)


class Heard(Protocol):
    """Told as soon as a receiver is no longer busy with a message: whether it is there, and whether to stop there."""

    def __call__(self, *, answered: bool, stops: bool) -> None: ...


@dataclass(frozen=True)
class Terms:
    """How patiently messages are sent, and what a unit of a channel costs in major units of the seller's currency.

    `settles_after`: how long a message whose answer was lost may still be on its way. `endpoint_patience`: how long a
    webhook may fail before it is disabled.
    """

    settles_after: timedelta
    endpoint_patience: timedelta
    costs: dict[str, Decimal]


@dataclass(frozen=True)
class _Ending:
    ended: Ended
    receipt: Receipt | None = None
    retry_after: float | None = None
    stops: bool = False


def attempt(
    connect: Connect, due: Due, message: Message, channel: Channel, *, heard: Heard, terms: Terms, run: Run
) -> Outcome | None:
    """Send a message or ask for it, as its state wants. No connection is held while the receiver thinks.

    Its outcome is written down after `heard`. None, and nothing done, where it is not due any more. Raises what
    `Channel.send` may not raise; `heard` may then not have been called.
    """
    now = run.clock()
    action = next_action(due.state, due.provider_id, repeats_now(channel, message, now))
    with connect() as conn:
        number = begin(
            conn,
            due.delivery_id,
            action.name,
            provider=channel.provider,
            is_resend=action.is_resend,
            now=now,
            until=now + terms.settles_after,
            run_id=run.run_id,
        )
    if number is None:
        heard(answered=True, stops=False)
        return None
    ending = _made(channel, message, now, is_send=action.name == "send")
    is_there = ending.ended.outcome not in ("unknown", "unavailable", "gone")
    heard(answered=is_there, stops=ending.stops or (due.channel in OWN_RECEIVERS and not is_there))
    verdict = _verdict(due, ending, terms, run.clock(), is_send=action.name == "send")
    with connect() as conn:
        _write_down(conn, due, number, ending, verdict, provider=channel.provider, terms=terms, run=run)
    if ending.ended.error is not None:
        _log.info(
            "delivery",
            delivery_id=due.delivery_id,
            channel=due.channel,
            outcome=ending.ended.outcome,
            state=verdict.state,
            error=ending.ended.error,
        )
    return ending.ended.outcome


def _write_down(
    conn: psycopg.Connection,
    due: Due,
    number: int,
    ending: _Ending,
    verdict: Verdict,
    *,
    provider: str,
    terms: Terms,
    run: Run,
) -> None:
    """The outcome and all that follows from it. One statement commits by itself, and most messages need no more."""
    receipt = ending.receipt
    provider_id = None if receipt is None else receipt.provider_id
    with conn.transaction() if _follows(due, ending, terms) else nullcontext():
        end(conn, due.delivery_id, number, ending.ended, verdict, provider_id=provider_id, now=run.clock())
        if receipt is not None and due.channel in terms.costs:
            used = Used(due.delivery_id, provider, receipt.units, terms.costs[due.channel])
            note_usage(conn, [used], now=run.clock(), run_id=run.run_id)
        if due.channel in OWN_RECEIVERS:
            _note_health(conn, due, ending, terms, run)


def _made(channel: Channel, message: Message, now: datetime, *, is_send: bool) -> _Ending:
    """Make the call, and put what came of it into words."""
    began = time.monotonic()
    try:
        receipt = channel.send(message, now) if is_send else channel.ask(message)
    except LeadPipelineError as error:
        outcome, stops = _outcome_of(error)
        retry_after = getattr(error, "retry_after", None)
        ended = Ended(outcome, getattr(error, "status", None), time.monotonic() - began, str(error))
        return _Ending(ended, retry_after=retry_after, stops=stops)
    seconds = time.monotonic() - began
    if receipt is None:
        return _Ending(Ended("absent", seconds=seconds))
    if receipt.failure is not None:
        return _Ending(Ended("refused", receipt.status, seconds, receipt.failure), receipt)
    return _Ending(Ended("confirmed" if receipt.is_final else "accepted", receipt.status, seconds), receipt)


def _outcome_of(error: LeadPipelineError) -> tuple[Outcome, bool]:
    """The outcome that an error means, and whether the lane had better rest."""
    if isinstance(error, OutcomeUnknown):
        return "unknown", False
    if isinstance(error, RateLimited | CircuitOpen):
        return "rate_limited", True
    if isinstance(error, TransientError):
        return "unavailable", False
    if isinstance(error, EndpointGone):
        return "gone", True
    if isinstance(error, SettingsError) or (isinstance(error, VendorRefused) and error.status in _KEY_REFUSED):
        return "key_refused", True
    return "refused", False


def _verdict(due: Due, ending: _Ending, terms: Terms, now: datetime, *, is_send: bool) -> Verdict:
    standing = Standing(
        due.delivery_id,
        due.channel,
        due.provider_id is not None,
        due.attempts + int(is_send and due.state != "sent"),
        due.asks + int(not is_send),
        terms.settles_after,
    )
    judge = after_send if is_send else after_ask
    return judge(standing, ending.ended.outcome, now, ending.retry_after)


def _follows(due: Due, ending: _Ending, terms: Terms) -> bool:
    """Whether more is to be written down than the outcome."""
    return due.channel in terms.costs or due.is_failing or ending.ended.outcome != "confirmed"


def _note_health(conn: psycopg.Connection, due: Due, ending: _Ending, terms: Terms, run: Run) -> None:
    """What the outcome says of the destination; one that is gone, or has failed for days, is disabled."""
    now, outcome = run.clock(), ending.ended.outcome
    if outcome == "gone":
        words = "it answered that it is gone (410)"
        destination_health.disable(conn, due.destination_id, words, now=now, run_id=run.run_id)
    elif outcome in ("unavailable", "unknown"):
        since = destination_health.note_failed(conn, due.destination_id, now, ending.retry_after)
        if now - since >= terms.endpoint_patience:
            words = f"it has failed since {since:%Y-%m-%d %H:%M} UTC"
            destination_health.disable(conn, due.destination_id, words, now=now, run_id=run.run_id)
    elif outcome == "rate_limited":
        pause = timedelta(seconds=ending.retry_after or 0.0)
        destination_health.hold_until(conn, due.destination_id, now + max(pause, timedelta(seconds=1)))
    elif due.is_failing:
        destination_health.note_answered(conn, due.destination_id)
