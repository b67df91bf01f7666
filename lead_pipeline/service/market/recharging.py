"""What goes on beside the requests: recharges charged right after the decision, and what waited for them sold.

One thread, woken by Postgres when a recharge is asked for or a wallet credited, by any process, and every few seconds.
Whatever it does not come to is done by the next round, by another service or by a run of `card_recharges`.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import structlog

from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.service.market.desk import Desk
from lead_pipeline.steps.distribute_waiting import distribute_waiting
from lead_pipeline.steps.recharge import charge_due
from lead_pipeline.steps.stripe_events import apply_events
from lead_pipeline.store.connections import connect
from lead_pipeline.store.recharges import CHANNEL
from lead_pipeline.store.stripe_drops import waiting_events

ROUND_SECONDS = 5.0
_GLANCE = 0.1
_END_SECONDS = 5.0
_EVENT_GRACE = timedelta(seconds=5)  # the request that landed an event applies it
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
_log = structlog.get_logger(__name__)


class Recharging:
    """`start` and `close` belong to the application's lifespan. `url` is the database's libpq address."""

    def __init__(self, url: str, desk: Desk) -> None:
        self._url, self._desk = url, desk
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recharging", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """End after what is being asked, or leave it: a payment that is under way is taken up by whoever comes next."""
        self._closing.set()
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closing.is_set():
            try:
                with connect(self._url, autocommit=True) as conn:
                    conn.execute(f"LISTEN {CHANNEL}")
                    self._rounds(conn)
                pause = _FIRST_PAUSE
            except (LeadPipelineError, psycopg.Error) as error:
                _log.warning("recharges wait", error=type(error).__name__, pause=pause)
                self._closing.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _rounds(self, conn: psycopg.Connection) -> None:
        heard: set[str] = set()
        while not self._closing.is_set():
            self._round(sold_again="credit" in heard)
            heard = _heard(conn, self._closing.is_set)

    def _round(self, *, sold_again: bool) -> None:
        desk = self._desk
        with desk.connect() as conn:
            waiting = waiting_events(conn, landed_by=desk.run.clock() - _EVENT_GRACE)
            apply_events(conn, waiting, desk.run)
        charged = charge_due(desk.connect, desk.stripe, desk.run)
        if charged:
            _log.info("charged cards", **charged)
        if sold_again:
            distribute_waiting(self._url, desk.run)


def _heard(conn: psycopg.Connection, is_closing: Callable[[], bool]) -> set[str]:
    """What was told since, as soon as something is; nothing after ROUND_SECONDS."""
    end = time.monotonic() + ROUND_SECONDS
    heard: set[str] = set()
    while not heard and not is_closing() and time.monotonic() < end:
        heard |= {notice.payload for notice in conn.notifies(timeout=_GLANCE, stop_after=1)}
    if heard:  # whatever else is there already belongs to the same round
        heard |= {notice.payload for notice in conn.notifies(timeout=0)}
    return heard
