"""The whole ledger proved again from its rows: the laws, what hangs on them, and the chain of seals.

Reads one snapshot and writes nothing, whatever goes on meanwhile. The first thing that is wrong ends it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import psycopg

from lead_pipeline.domain.ledger_digest import GENESIS, DayDigest, Line, differences, read_marks
from lead_pipeline.errors import LedgerBroken
from lead_pipeline.store import ledger_proofs, ledger_seals
from lead_pipeline.store.connections import connect
from lead_pipeline.store.ledger_seals import Seal

_NEXT = "Stop the market and compare with a backup: this was not done by this program."


@dataclass(frozen=True)
class Verified:
    """What was proved. `digest` is that of the newest seal, `sealed_until` its day; `unsealed` entries are newer."""

    entries: int
    postings: int
    accounts: int
    seals: int
    sealed_until: date | None
    digest: bytes
    unsealed: int


def verify(url: str, progress: Callable[[str], None] | None = None) -> Verified:
    """Prove the ledger of one snapshot. Raises LedgerBroken with the day and the entry at fault."""
    tell = progress or (lambda _: None)
    with connect(url) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        sizes = ledger_proofs.sizes(conn)
        for words, find in ledger_proofs.PROOFS.items():
            finding = find(conn)
            if finding is not None:
                raise LedgerBroken(_words(conn, finding))
            tell(f"proved: {words}")
        seals = ledger_seals.seals(conn)
        _check_chain(conn, seals, tell)
        sealed = sum(seal.entries for seal in seals)
        last = seals[-1] if seals else None
        return Verified(
            **sizes,
            seals=len(seals),
            sealed_until=None if last is None else last.day,
            digest=GENESIS if last is None else last.digest,
            unsealed=sizes["entries"] - sealed,
        )


def _check_chain(conn: psycopg.Connection, seals: list[Seal], tell: Callable[[str], None]) -> None:
    previous, after = GENESIS, 0
    for seal in seals:
        if seal.previous != previous:
            raise LedgerBroken(f"{seal.day}: its seal is not chained to that of the day before. {_NEXT}")
        digest = DayDigest(previous, seal.day)
        for lines in ledger_seals.lines(conn, after, seal.last_entry_id):
            digest.add(lines)
        if (digest.entries, digest.digest()) != (seal.entries, seal.digest):
            raise LedgerBroken(f"{seal.day}: {_what_changed(conn, seal, after)}. {_NEXT}")
        tell(f"{seal.day}: {seal.entries} entries are as they were sealed")
        previous, after = seal.digest, seal.last_entry_id


def _what_changed(conn: psycopg.Connection, seal: Seal, after: int) -> str:
    kept = read_marks(ledger_seals.marks_of(conn, seal.day))
    for entry_id, words in differences(kept, _lines(conn, after, seal.last_entry_id)):
        return f"entry {entry_id} {words}"
    return "the seal itself was altered, or its marks were too: no entry differs from them"


def _lines(conn: psycopg.Connection, after: int, until: int) -> Iterator[Line]:
    for lines in ledger_seals.lines(conn, after, until):
        yield from lines


def _words(conn: psycopg.Connection, finding: ledger_proofs.Finding) -> str:
    if finding.entry_id is None:
        return f"{finding.words}. {_NEXT}"
    return f"{ledger_proofs.day_of_entry(conn, finding.entry_id)}: entry {finding.entry_id} {finding.words}. {_NEXT}"
