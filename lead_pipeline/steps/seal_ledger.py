"""Days of the ledger sealed one after another: each a digest of its entries, chained to the day before.

A seal covers the entries after the seal before it, by their ids, which no later entry can come among: the database
refuses it. So no clock decides what is covered.
"""

from collections.abc import Callable
from datetime import date

import psycopg

from lead_pipeline.domain.ledger_digest import GENESIS, DayDigest, marks_of
from lead_pipeline.errors import InProgress
from lead_pipeline.store import ledger_seals as store
from lead_pipeline.store.connections import connect
from lead_pipeline.store.ledger_seals import Seal, Span

_TRIES = 3


def seal_days(url: str, until: date, progress: Callable[[str], None] | None = None) -> list[Seal]:
    """Seal every UTC day up to `until`, with it, that has entries and no seal. Returns the new seals.

    Each day is a transaction of its own. Raises InProgress where a transaction that writes entries does not end.
    """
    made: list[Seal] = []
    with connect(url, autocommit=True) as conn:
        while (seal := _seal_next(conn, until)) is not None:
            made.append(seal)
            if progress is not None:
                progress(f"{seal.day} sealed: {seal.entries} entries, {seal.digest.hex()}")
    return made


def _seal_next(conn: psycopg.Connection, until: date) -> Seal | None:
    for _ in range(_TRIES):
        with conn.transaction() as attempt:
            store.take_turn(conn)
            last = next(reversed(store.seals(conn)), None)
            span = store.next_span(conn, last, until)
            if span is None:
                return None
            seal = _digested(conn, span, GENESIS if last is None else last.digest)
            if store.save_seal(conn, span, seal):
                return seal
            raise psycopg.Rollback(attempt)  # an entry with a lower id was committed meanwhile
    raise InProgress("entries keep arriving among those that are to be sealed. Seal again in a minute.")


def _digested(conn: psycopg.Connection, span: Span, previous: bytes) -> Seal:
    digest = DayDigest(previous, span.day)
    for block, lines in enumerate(store.lines(conn, span.after, span.last_entry_id)):
        digest.add(lines)
        store.save_marks(conn, span.day, block, marks_of(lines))
    return Seal(span.day, span.last_entry_id, digest.entries, previous, digest.digest())
