"""What all processes share about the vendors, made of one connection: paces, circuits, counted calls."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg

from lead_pipeline.errors import TransientError
from lead_pipeline.store.circuits import circuits, close_circuit, open_circuit, reopen_circuit, take_probe
from lead_pipeline.store.held_connection import HeldConnection
from lead_pipeline.store.rate_limits import reserve
from lead_pipeline.store.vendor_calls import add_calls
from lead_pipeline.vendors.accounts import Account
from lead_pipeline.vendors.call_counts import CallCounts
from lead_pipeline.vendors.circuit import Known, SharedCircuit
from lead_pipeline.vendors.rate_limit import SharedPace

_PROBE_MARGIN = 30.0


class StoredCircuit:
    """`core.vendor_circuits` as the memory of one vendor's circuit. Implements `CircuitMemory`."""

    def __init__(self, held: HeldConnection, vendor: str) -> None:
        self._held, self._vendor = held, vendor

    def read(self) -> Known:
        found = self._held.run(lambda conn: circuits(conn, [self._vendor]))
        if not found or found[0].state == "closed":
            return Known(is_open=False)
        return Known(is_open=True, retry_in=found[0].retry_in or 0.0, reason=found[0].last_error or "")

    def open(self, *, wait: float, attempts: int, failures: int, reason: str) -> None:
        def work(conn: psycopg.Connection) -> None:
            open_circuit(conn, self._vendor, wait=wait, calls=attempts, failures=failures, error=reason)

        self._held.run(work)

    def take_probe(self, lease: float) -> str | None:
        until = self._held.run(lambda conn: take_probe(conn, self._vendor, lease=lease))
        return None if until is None else until.isoformat()

    def reopen(self, token: str, *, longest: float, reason: str) -> None:
        probe = datetime.fromisoformat(token)
        self._held.run(lambda conn: reopen_circuit(conn, self._vendor, probe, longest=longest, error=reason))

    def close(self) -> None:
        self._held.run(lambda conn: close_circuit(conn, self._vendor))


class VendorHealth:
    """Paces, circuits and counts of one process. It connects when the first vendor is asked."""

    def __init__(self, url: str) -> None:
        self._held = HeldConnection(url)
        self._is_over = threading.Event()
        self.counts = CallCounts(lambda counted: self._held.run(lambda conn: add_calls(conn, counted)))

    def pace(self, account: Account) -> SharedPace:
        """The pace of a vendor over all processes; what still waits when this is over ends with TransientError."""

        def place() -> float:
            return self._held.run(
                lambda conn: reserve(conn, f"vendor/{account.name}", per_second=account.per_second, burst=account.burst)
            )

        return SharedPace(place, self._nap)

    def circuit(self, account: Account, *, timeout: float) -> SharedCircuit:
        """The circuit of a vendor whose answer takes `timeout` seconds at most."""
        return SharedCircuit(account.label, StoredCircuit(self._held, account.name), lease=_PROBE_MARGIN + 2 * timeout)

    def close(self) -> None:
        """Write what was counted, end every wait and the connection."""
        self._is_over.set()
        try:
            self.counts.flush()
        finally:
            self._held.close()

    def _nap(self, seconds: float) -> None:
        if self._is_over.wait(seconds):
            raise TransientError("the run has ended while a call waited for its turn. Run it again to go on.")


@contextmanager
def vendor_health(url: str) -> Iterator[VendorHealth]:
    """The health for a run."""
    health = VendorHealth(url)
    try:
        yield health
    finally:
        health.close()
