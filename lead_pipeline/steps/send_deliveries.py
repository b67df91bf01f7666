"""Messages that are due to their receivers: lane by lane, one process a lane, many messages at a time.

A lane is one webhook, one Slack channel, or one provider of e-mail or SMS, so that who is slow or gone holds up nobody
else. What is sent is fixed before the first attempt; each attempt is written down before it is made.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from psycopg_pool import ConnectionPool

from lead_pipeline.channels.message import Channel, Message
from lead_pipeline.domain.deliveries import Outcome, next_action
from lead_pipeline.domain.local_times import zone_of
from lead_pipeline.domain.quiet_hours import ends_at
from lead_pipeline.errors import SettingsError
from lead_pipeline.steps.attempt_delivery import OWN_RECEIVERS, Terms, attempt
from lead_pipeline.steps.lanes import Lanes
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.write_messages import Senders, Unwritten, write_messages
from lead_pipeline.store import deliveries as store
from lead_pipeline.store.connections import connect, open_pool
from lead_pipeline.store.deliveries import Due, Lane
from lead_pipeline.store.lane_locks import LaneLocks
from lead_pipeline.store.sealed import Seal

AT_ONCE = 100
"""Messages of a lane that are read and worded at a time."""
MENDED_IN = timedelta(minutes=10)
"""How long messages wait whose settings are wrong, before they are looked at again."""
_CONNECTIONS, _WAIT_SECONDS = 12, 30.0
_WRITERS = 8
"""Threads beyond those that wait for receivers: they write down outcomes, and make the next attempts ready."""
NO_WAY = {
    "sms": "there is no account that sends SMS: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_PHONE_NUMBER, "
    "then replay this.",
    "email": "there is no mail server: set SMTP_URL, or another EMAIL_PROVIDER, then replay this.",
}


@dataclass(frozen=True)
class Outside:
    """The ways out. `channel` gives the one of a provider's name (resend, sendgrid, smtp, twilio, slack, webhook), None
    where there is none. `email_provider` sends for workspaces that name nobody. `widest`: messages under way at a time,
    in all, and `per_lane` to one receiver.
    """

    channel: Callable[[str], Channel | None]
    senders: Senders
    seal: Seal
    email_provider: str
    terms: Terms
    widest: int = 32
    per_lane: int = 8


@dataclass(frozen=True)
class Sent:
    """Attempts by outcome, lanes that another process had, and lanes that were left before they were empty."""

    outcomes: dict[str, int]
    busy: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)


def send_due(url: str, outside: Outside, run: Run) -> Sent:
    """Send every message that is due, and ask for those of which it is not known what became of them.

    Any number of processes may do so at once. Raises DatabaseUnavailable, and what is a defect.
    """
    with connect(url, autocommit=True) as conn:
        store.close_undeliverable(conn, run.clock())
        lanes = store.due_lanes(conn, run.clock(), email_provider=outside.email_provider)
        ours = LaneLocks(conn).take(lanes)
        busy = sorted({lane.name for lane in lanes} - {lane.name for lane in ours})
        if not ours:
            return Sent({}, busy)
        with open_pool(url, size=_CONNECTIONS, wait=_WAIT_SECONDS, checked=False) as pool:
            work = _Work(pool, ours, outside, run)
            return Sent(work.finish(), busy, sorted(work.stopped))


class _Work:
    """The lanes of one process, worked off by its threads. A lane's channel is opened once."""

    def __init__(self, pool: ConnectionPool, lanes: Sequence[Lane], outside: Outside, run: Run) -> None:
        self._pool, self._outside, self._run = pool, outside, run
        self._channels: dict[str, Channel | None] = {}
        self._opened: dict[bytes, str] = {}
        self._after: dict[str, tuple[datetime, int] | None] = {lane.name: None for lane in lanes}
        names = [lane.name for lane in lanes]
        self._lanes = Lanes(names, lambda _: outside.per_lane, self._refill, most=outside.widest)
        self._threads = min(
            outside.widest + _WRITERS, sum(min(lane.due, outside.per_lane + _WRITERS) for lane in lanes)
        )
        self.stopped: set[str] = set()

    def finish(self) -> dict[str, int]:
        """Work off every lane until it is empty or stopped. Returns attempts by outcome."""
        with ThreadPoolExecutor(self._threads, thread_name_prefix="deliveries") as threads:
            workers = [threads.submit(self._work) for _ in range(self._threads)]
        outcomes: Counter[str] = Counter()
        for worker in workers:
            outcomes.update(worker.result())
        return dict(outcomes)

    def _work(self) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        try:
            while (taken := self._lanes.take()) is not None:
                lane, (due, message) = taken
                outcome = self._attempt(lane, due, message)
                if outcome is not None:
                    outcomes[outcome] += 1
        except BaseException:
            self._lanes.stop_all()  # the other threads end after what they are at
            raise
        return outcomes

    def _attempt(self, lane: str, due: Due, message: Message) -> Outcome | None:
        channel = self._channels[lane]
        assert channel is not None, "messages of a lane without a way are never taken"

        def heard(*, answered: bool, stops: bool) -> None:
            if stops:
                self.stopped.add(lane)
                self._lanes.stop(lane)
            self._lanes.done(lane, answered=answered)

        connect = self._pool.connection
        return attempt(connect, due, message, channel, heard=heard, terms=self._outside.terms, run=self._run)

    def _refill(self, lane: str) -> list[tuple[Due, Message]]:
        """The next messages of a lane that can be sent now; what cannot is settled or put off on the way."""
        with self._pool.connection() as conn:
            while True:
                due = store.due_deliveries(
                    conn,
                    lane,
                    self._run.clock(),
                    email_provider=self._outside.email_provider,
                    after=self._after[lane],
                    limit=AT_ONCE,
                )
                if not due:
                    return []
                self._after[lane] = (due[-1].next_attempt_at, due[-1].seq)
                ready = self._ready(conn, lane, due)
                if ready:
                    return ready

    def _ready(self, conn: psycopg.Connection, lane: str, due: Sequence[Due]) -> list[tuple[Due, Message]]:
        now, kind = self._run.clock(), lane.partition("/")[0]
        try:
            channel = self._channel(lane)
        except SettingsError as error:  # of one workspace or channel, which holds up no other
            store.leave_waiting(conn, {one.delivery_id: str(error) for one in due}, now + MENDED_IN)
            return []
        if channel is None:
            store.skip(conn, {one.delivery_id: NO_WAY[kind] for one in due}, now)
            return []
        quiet = {one.delivery_id: until for one in due if (until := _quiet_until(one, now, channel)) is not None}
        store.postpone(conn, quiet)
        awake = [one for one in due if one.delivery_id not in quiet]
        payloads = self._payloads(conn, awake)
        ready: list[tuple[Due, Message]] = []
        sealed: dict[str, str] = {}
        for one in awake:
            if one.delivery_id in payloads:
                try:
                    ready.append((one, self._message(one, payloads[one.delivery_id])))
                except SettingsError as error:
                    sealed[one.delivery_id] = str(error)
        store.leave_waiting(conn, sealed, now + MENDED_IN)
        return ready

    def _channel(self, lane: str) -> Channel | None:
        """The lane's way out, opened once. Raises SettingsError."""
        if lane not in self._channels:
            kind, _, provider = lane.partition("/")
            self._channels[lane] = self._outside.channel(kind if kind in OWN_RECEIVERS else provider)
        return self._channels[lane]

    def _payloads(self, conn: psycopg.Connection, due: Sequence[Due]) -> dict[str, str]:
        """What is sent, by message: as it was fixed before, or worded and fixed now."""
        fixed = {one.delivery_id: one.payload for one in due if one.payload is not None}
        unwritten = [one for one in due if one.payload is None]
        if not unwritten:
            return fixed
        asked = [Unwritten.of(one) for one in unwritten]
        written = write_messages(conn, asked, senders=self._outside.senders)
        fresh = {name: json.dumps(one.content, ensure_ascii=False) for name, one in written.items() if one.content}
        store.save_payloads(conn, fresh)
        missing = {name: one.missing for name, one in written.items() if one.missing is not None}
        store.skip(conn, missing, self._run.clock())
        return fixed | fresh

    def _message(self, due: Due, payload: str) -> Message:
        address = due.address if due.address_sealed is None else self._unsealed(due.address_sealed)
        secrets = (due.secret_sealed, due.previous_secret_sealed)
        return Message(
            due.delivery_id,
            address or "",
            json.loads(payload),
            tuple(self._unsealed(sealed) for sealed in secrets if sealed is not None),
            due.attempted_at,
            due.provider_id,
        )

    def _unsealed(self, sealed: bytes) -> str:
        """What is sealed, opened once: many messages go to one destination. Raises SettingsError."""
        if sealed not in self._opened:
            self._opened[sealed] = self._outside.seal.open(sealed).decode()
        return self._opened[sealed]


def _quiet_until(due: Due, now: datetime, channel: Channel) -> datetime | None:
    """Until when its receiver wants to be left alone; a question to a provider disturbs nobody."""
    if due.quiet_from is None or due.quiet_until is None:
        return None
    if next_action(due.state, due.provider_id, channel.repeats).name == "ask":
        return None
    return ends_at(now, due.quiet_from, due.quiet_until, zone_of(due.time_zone).key)
