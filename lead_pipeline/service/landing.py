"""Grouped commits: whoever waits at a moment shares one. A waiter is told when its drop is durable, or that it is not.

Holds the queue and its bounds; `store.drop_batches` holds the statement. Never drops what it took: a full queue and
a database that is away are told to the sender, who sends again.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Protocol

import psycopg
import structlog

from lead_pipeline.errors import ContractBroken, DatabaseUnavailable
from lead_pipeline.service.metrics import Metrics
from lead_pipeline.store.drop_batches import DropWriter, Key, Landed, Landing

BATCH_DROPS, BATCH_BYTES = 200, 16 * 1024 * 1024
QUEUE_DROPS, QUEUE_BYTES = 2000, 64 * 1024 * 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_log = structlog.get_logger(__name__)

__all__ = ["DropLanding", "Landed", "Landing"]


class BatchWriter(Protocol):
    """What commits a batch of distinct drops."""

    async def write(self, batch: Sequence[Landing]) -> Mapping[Key, Landed]: ...

    async def close(self) -> None: ...


_Waiter = tuple[Landing, "asyncio.Future[Landed]"]


class DropLanding:
    """One queue and one task that empties it. `start` and `close` belong to the application's lifespan."""

    def __init__(self, url: str, metrics: Metrics, writer: BatchWriter | None = None) -> None:
        self._writer: BatchWriter = writer or DropWriter(url)
        self._metrics = metrics
        self._queue: deque[_Waiter] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._pause = _FIRST_PAUSE
        self._away_until = 0.0
        self._task: asyncio.Task[None] | None = None

    async def land(self, landing: Landing) -> tuple[int, bool]:
        """The drop's id, and False where it was here already. Durable when this returns.

        Raises DatabaseUnavailable where the database is away or too many wait already.
        """
        landed = await self.land_event(landing)
        return landed.drop_id, landed.is_new

    async def land_event(self, landing: Landing) -> Landed:
        """As `land`, with whether its workspace is known."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._closing:
            raise DatabaseUnavailable("the service is ending. Send the same request again.")
        if loop.time() < self._away_until:
            raise DatabaseUnavailable("Postgres does not answer. Send the same request again.")
        if len(self._queue) >= QUEUE_DROPS or self._bytes + len(landing.body) > QUEUE_BYTES:
            raise DatabaseUnavailable("too many wait to be stored. Send the same request again, and slower.")
        waiter: asyncio.Future[Landed] = loop.create_future()
        self._queue.append((landing, waiter))
        self._bytes += len(landing.body)
        self._wake.set()
        return await waiter

    def start(self) -> None:
        """Begin to empty the queue, on the running loop."""
        self._task = asyncio.create_task(self._run(), name="landing")

    async def close(self) -> None:
        """Land what waits, then end."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        await self._writer.close()

    async def _run(self) -> None:
        try:
            while self._queue or not self._closing:
                if not self._queue:
                    self._wake.clear()
                    await self._wake.wait()
                    await asyncio.sleep(0)  # whatever else this turn of the loop has read joins the batch
                    continue
                await self._land_batch(self._take())
        finally:
            self._tell_all(list(self._queue), DatabaseUnavailable("the service ended. Send the same request again."))

    def _take(self) -> list[_Waiter]:
        batch: list[_Waiter] = []
        size = 0
        while self._queue and len(batch) < BATCH_DROPS and size < BATCH_BYTES:
            batch.append(self._queue.popleft())
            size += len(batch[-1][0].body)
        self._bytes -= size
        self._metrics.waiting.set(len(self._queue))
        return batch

    async def _land_batch(self, batch: list[_Waiter]) -> None:
        begin = perf_counter()
        waiters: dict[Key, list[_Waiter]] = {}
        for waiter in batch:
            waiters.setdefault((waiter[0].source, waiter[0].external_id), []).append(waiter)
        keys = sorted(waiters)  # two processes that write the same drops take them in the same order
        try:
            landed = await self._written([waiters[key][0][0] for key in keys])
        except DatabaseUnavailable as error:
            self._away(batch, error)
            return
        self._pause = _FIRST_PAUSE
        for key in keys:
            self._tell(waiters[key], landed.get(key))
        self._metrics.landing_seconds.observe(perf_counter() - begin)
        self._metrics.batch_drops.observe(len(batch))

    async def _written(self, drops: list[Landing]) -> dict[Key, Landed]:
        """One commit; where one drop spoils it for the others, one commit each."""
        try:
            return dict(await self._writer.write(drops))
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(drops) == 1:
                _log.error("drop cannot be stored", source=drops[0].source, error=type(error).__name__)
                return {}
        landed: dict[Key, Landed] = {}
        for drop in drops:
            landed |= await self._written([drop])
        return landed

    def _tell(self, waiters: list[_Waiter], landed: Landed | None) -> None:
        """The first is what was written; those that came with it are its duplicates. A waiter may have left."""
        if landed is None:
            self._tell_all(waiters, ContractBroken("this cannot be stored as it is; the log says why."))
            return
        for place, (_, waiter) in enumerate(waiters):
            if not waiter.done():
                waiter.set_result(landed if place == 0 else landed._replace(is_new=False))

    def _tell_all(self, waiters: list[_Waiter], error: Exception) -> None:
        for _, waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def _away(self, batch: list[_Waiter], error: DatabaseUnavailable) -> None:
        """Tell everybody who waits, and whoever comes before the pause is over: nobody waits for a server's return."""
        _log.warning("database away", waiting=len(batch) + len(self._queue), pause=self._pause)
        self._away_until = asyncio.get_running_loop().time() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        batch += self._queue
        self._queue.clear()
        self._bytes = 0
        self._tell_all(batch, error)
        self._metrics.waiting.set(0)
