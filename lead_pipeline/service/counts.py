"""Requests counted by source and outcome: for Prometheus at once, for `raw.intake_counts` every second.

While the database is away the counts wait in memory: one number per minute, source and outcome.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import psycopg
import structlog

from lead_pipeline.service.metrics import Metrics
from lead_pipeline.store.intake_counts import add_counts

FLUSH_SECONDS = 1.0
PATIENCE_SECONDS = 3.0
_log = structlog.get_logger(__name__)


class Counts:
    """`add` from the event loop; `run` in a task of its own; `flush` once more at the end."""

    def __init__(self, url: str, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        self._url, self._metrics, self._clock = url, metrics, clock
        self._fresh: dict[tuple[str, str], int] = {}
        self._tally: Counter[tuple[datetime, str, str]] = Counter()
        self._conn: psycopg.AsyncConnection | None = None

    def add(self, source: str, outcome: str, requests: int = 1) -> None:
        """Count requests of now."""
        self._metrics.count(source, outcome, requests)
        self._fresh[source, outcome] = self._fresh.get((source, outcome), 0) + requests

    async def run(self) -> None:
        """Flush for ever."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what was counted; keep it for the next time where that cannot be done."""
        minute = self._clock().replace(second=0, microsecond=0)
        for (source, outcome), requests in self._fresh.items():
            self._tally[minute, source, outcome] += requests
        self._fresh.clear()
        if not self._tally:
            return
        tally, self._tally = self._tally, Counter()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await add_counts(await self._connection(), tally)
        except (psycopg.Error, TimeoutError) as error:
            self._tally.update(tally)
            self._drop_connection()
            _log.warning("counts wait", error=type(error).__name__)
        except BaseException:
            self._tally.update(tally)
            raise

    async def close(self) -> None:
        """Flush, then close the connection."""
        await self.flush()
        self._drop_connection()

    async def _connection(self) -> psycopg.AsyncConnection:
        if self._conn is None or self._conn.closed:
            self._conn = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, application_name="lead_pipeline intake counts", options="-c timezone=UTC"
            )
        return self._conn

    def _drop_connection(self) -> None:
        if self._conn is not None:
            self._conn.pgconn.finish()
            self._conn = None
