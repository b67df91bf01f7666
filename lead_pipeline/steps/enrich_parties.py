"""Events of the CRM to messages on its leads: plan, then work off what is due, one process a lead at a time.

One failing lead never fails the others. A killed run leaves what the next one goes on with: kept answers, persons with
the message that is intended, or a message of which it must first be asked.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import chain as joined

import psycopg
from psycopg_pool import ConnectionPool

from lead_pipeline.errors import (
    CircuitOpen,
    ContractBroken,
    OutcomeUnknown,
    PermanentError,
    RateLimited,
    SettingsError,
    VendorRefused,
    VendorUnavailable,
)
from lead_pipeline.steps.crm_chain import KEY_REFUSED, Chain
from lead_pipeline.steps.look_up_parties import look_up
from lead_pipeline.steps.plan_parties import plan_parties
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.save_parties import save_found
from lead_pipeline.steps.send_crm_messages import deliver
from lead_pipeline.store import party_enrichments as store
from lead_pipeline.store.connections import connect, open_pool
from lead_pipeline.store.party_enrichments import MAX_ATTEMPTS, Due

CLAIMED_AT_ONCE = 200
_CONNECTION_SECONDS = 30.0
Say = Callable[[str], None]


def enrich_parties(
    url: str,
    chain: Chain,
    day: date,
    run: Run,
    *,
    concurrency: int,
    retry_failed: bool = False,
    most: int | None = None,
    say: Say = lambda line: None,
) -> dict[str, int]:
    """Enrich every party that the CRM's events of a day ask for and that is due, and tell the CRM.

    `retry_failed`: also those that failed because somebody did not answer. `most`: begin none where more are due, for a
    run that others wait for. `say` hears lines without personal data. Returns how many enrichments of the day are
    pending, completed and failed. Raises VendorRefused where a vendor refuses the key: they wait on.
    """
    plan_parties(url, chain.seal, day, run)
    with connect(url, autocommit=True) as conn:
        if retry_failed:
            store.reopen_failed(conn, day, run.clock())
        with (
            open_pool(url, size=concurrency, wait=_CONNECTION_SECONDS) as pool,
            ThreadPoolExecutor(concurrency) as threads,
        ):
            worker, after = _Worker(pool, chain, run), 0
            while most is None or store.due_count(conn, day, run.clock(), up_to=most + 1) <= most:
                due = store.due_enrichments(conn, day, run.clock(), after=after, limit=CLAIMED_AT_ONCE)
                if not due:
                    break
                after = due[-1].seq
                for line in joined.from_iterable(threads.map(worker.work_off, _by_lead(due))):
                    say(line)
        return store.party_counts(conn, day)


def _by_lead(due: Sequence[Due]) -> list[list[Due]]:
    """What is due by the lead that it is about, leads and what is due of each in the order given."""
    leads: dict[tuple[str, str], list[Due]] = {}
    for one in due:
        leads.setdefault((one.workspace_id, one.crm_lead_id), []).append(one)
    return list(leads.values())


class _Worker:
    """Works off leads, in as many threads as call it. Once a key is refused, or a setting is wrong, it begins none."""

    def __init__(self, pool: ConnectionPool, chain: Chain, run: Run) -> None:
        self._pool, self._chain, self._run = pool, chain, run
        self._stopped = threading.Event()

    def work_off(self, of_lead: Sequence[Due]) -> list[str]:
        """All that is due of one lead, unless another process is at it. Returns what there is to tell."""
        told: list[str] = []
        if self._stopped.is_set():
            return told
        with (
            self._pool.connection() as conn,
            store.lead_held(conn, of_lead[0].workspace_id, of_lead[0].crm_lead_id) as is_ours,
        ):
            for one in of_lead if is_ours else ():
                now = store.still_due(conn, one.enrichment_id, self._run.clock())
                if now is not None and not self._stopped.is_set():
                    told += [f"lead {now.crm_lead_id}: {line}" for line in self._finish(conn, now)]
        return told

    def _finish(self, conn: psycopg.Connection, due: Due) -> list[str]:
        try:
            return self._enrich(conn, due)
        except (SettingsError, ContractBroken):
            self._stopped.set()
            raise
        except PermanentError as error:
            if isinstance(error, VendorRefused) and error.status in KEY_REFUSED:
                self._stopped.set()
                raise
            return self._fail(conn, due, str(error))
        except (VendorUnavailable, OutcomeUnknown) as error:
            return self._try_later(conn, due, error)

    def _enrich(self, conn: psycopg.Connection, due: Due) -> list[str]:
        told: list[str] = []
        if not due.is_looked_up:
            found = look_up(conn, self._chain, due, self._run)
            told = save_found(conn, self._chain, due, self._run, found)
            if found.failure is not None:
                return [*told, f"failed: {found.failure}"]
        refused = deliver(conn, self._chain, due, self._run)
        return [*told, "message sent" if refused is None else f"failed: {refused}"]

    def _try_later(self, conn: psycopg.Connection, due: Due, error: VendorUnavailable | OutcomeUnknown) -> list[str]:
        """Fail after the last attempt, else wait. A vendor that asks for patience, or is not asked, costs none."""
        now, reason, attempts = self._run.clock(), str(error), due.attempts
        if isinstance(error, OutcomeUnknown):
            wait = self._chain.settles_after
        elif isinstance(error, (CircuitOpen, RateLimited)):
            wait = max(self._chain.backoff[0], timedelta(seconds=error.retry_after or 0.0))
        elif attempts + 1 >= MAX_ATTEMPTS:
            store.fail_after(conn, due.enrichment_id, reason, now=now, run_id=self._run.run_id)
            return [f"failed: {reason}"]
        else:
            wait, attempts = self._chain.backoff[attempts], attempts + 1
        store.postpone(conn, due.enrichment_id, now + wait, reason, attempts=attempts, run_id=self._run.run_id)
        return [f"waits: {reason}"]

    def _fail(self, conn: psycopg.Connection, due: Due, reason: str) -> list[str]:
        store.settle(conn, due.enrichment_id, reason, now=self._run.clock(), run_id=self._run.run_id)
        return [f"failed: {reason}"]
