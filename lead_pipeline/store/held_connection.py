"""One connection that a process keeps for many small statements of its threads, one at a time."""

import threading
from collections.abc import Callable
from typing import TypeVar

import psycopg

from lead_pipeline.errors import DatabaseUnavailable
from lead_pipeline.store.connections import connect

_ATTEMPTS = 2  # one that broke since its last use is made anew, once
_LONGEST = "10s"
T = TypeVar("T")


class HeldConnection:
    """Made at its first use and again after it broke. Commits by itself; no statement of it takes longer than 10 s."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._conn: psycopg.Connection | None = None

    def run(self, work: Callable[[psycopg.Connection], T]) -> T:
        """What `work` makes of the connection. It may be done twice where the connection broke in the middle of it.

        Raises DatabaseUnavailable.
        """
        with self._lock:
            for attempt in range(_ATTEMPTS):
                conn = self._opened()
                try:
                    return work(conn)
                except psycopg.OperationalError as error:
                    self._drop()
                    if attempt + 1 == _ATTEMPTS:
                        raise DatabaseUnavailable(
                            f"Postgres does not answer ({' '.join(str(error).split())}). Try again later."
                        ) from error
        raise AssertionError("the last attempt ends with an answer or an error")

    def close(self) -> None:
        """End the connection; the next use makes another."""
        with self._lock:
            self._drop()

    def _opened(self) -> psycopg.Connection:
        if self._conn is None or self._conn.closed:
            conn = connect(self._url, autocommit=True)
            try:
                conn.execute(f"SET statement_timeout TO '{_LONGEST}'")
            except psycopg.OperationalError as error:
                conn.close()
                raise DatabaseUnavailable(f"Postgres broke off ({error}). Try again later.") from error
            self._conn = conn
        return self._conn

    def _drop(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None
