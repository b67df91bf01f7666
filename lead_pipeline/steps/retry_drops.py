"""Drops that were refused whole, read once more: after a workspace was added, or an event type became known."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.errors import PermanentError
from lead_pipeline.steps.decide_events import EVENT_KINDS, LEAD_SOURCES, decide_drops
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import advance, lock_drops
from lead_pipeline.store.quarantine import QuarantinedRow, RowFilter, quarantined_rows
from lead_pipeline.store.refused_drops import link_single_leads, put_back, why_refused

WHOLE = -1
_OF_LEADS = (*EVENT_KINDS, "vendor_page")
_DROPS_AT_ONCE = 200


@dataclass(frozen=True)
class Retried:
    """Drops read again. `landed` are left to the next run; `waiting` were refused again, each with its reason."""

    counts: Accounting = field(default_factory=Accounting)
    read: list[int] = field(default_factory=list)
    landed: list[int] = field(default_factory=list)
    waiting: dict[int, str] = field(default_factory=dict)

    def __add__(self, other: "Retried") -> "Retried":
        return Retried(
            self.counts + other.counts,
            self.read + other.read,
            self.landed + other.landed,
            self.waiting | other.waiting,
        )


class _RefusedAgainError(Exception):
    """Undoes the transaction that put the drops back."""


def refused_drops(conn: psycopg.Connection, meant: RowFilter) -> list[QuarantinedRow]:
    """The drops that are meant and were refused whole."""
    return [row for row in quarantined_rows(conn, meant) if row.row_no == WHOLE]


def retry_drops(url: str, meant: RowFilter, run: Run, *, workspace: str | None = None) -> Retried:
    """Read and decide them again; one that would be refused again is left as it is.

    `workspace` (slug or id) receives what names none. Events that hold no leads are left landed for their own step.
    """
    done = Retried()
    with connect(url) as conn:
        waiting = [row.drop_id for row in refused_drops(conn, meant)]
        conn.commit()
        for start in range(0, len(waiting), _DROPS_AT_ONCE):
            some = waiting[start : start + _DROPS_AT_ONCE]
            try:
                done += _read_again(conn, some, run, workspace)
            except _FAILURES:
                for drop_id in some:
                    done += _read_one(conn, drop_id, run, workspace)
    return done


_FAILURES = (_RefusedAgainError, PermanentError, psycopg.DataError)


def _read_one(conn: psycopg.Connection, drop_id: int, run: Run, workspace: str | None) -> Retried:
    try:
        return _read_again(conn, [drop_id], run, workspace)
    except _FAILURES as error:
        return Retried(waiting={drop_id: str(error)})


def _read_again(conn: psycopg.Connection, drop_ids: Sequence[int], run: Run, workspace: str | None) -> Retried:
    """Put drops back and decide those that hold leads, all of them or none."""
    with conn.transaction():
        drops = lock_drops(conn, put_back(conn, drop_ids, by="retry"), stage="landed")
        of_leads = [drop for drop in drops if drop.kind in _OF_LEADS and drop.source in LEAD_SOURCES]
        read = [drop.drop_id for drop in of_leads]
        counts = decide_drops(conn, of_leads, run, workspace=workspace)
        refusal = why_refused(conn, read)
        others = [drop for drop in drops if drop.drop_id not in read]
        for drop in others:
            envelope = read_envelope(drop.source, drop.body or b"")
            refusal = envelope.problem if envelope.holds == "unknown" else refusal
            if envelope.holds == "nothing":
                advance(conn, [drop.drop_id], stage="kept")
        if refusal is not None:
            raise _RefusedAgainError(refusal)
        link_single_leads(conn, read)
    return Retried(counts, read, [drop.drop_id for drop in others])
