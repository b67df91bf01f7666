"""Seals of the ledger: the canonical lines that they digest, and the rows that keep digests and marks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import psycopg

from lead_pipeline.errors import InProgress

_AT_ONCE = 10_000  # entries in memory, and in a row of marks
_PATIENCE = "5s"
# COPY's text format is the canonical one: a tab between fields, \N for null, what would be ambiguous escaped, UTF-8.
_LINES = """
    COPY (
        SELECT e.entry_id, e.workspace_id, e.kind, e.buyer_id, e.lead_id, e.key, e.reverses, e.reason, e.run_id,
            (extract(epoch FROM e.occurred_at) * 1000000)::bigint, p.postings
        FROM market.ledger_entries e LEFT JOIN (
            SELECT p.entry_id, string_agg(
                concat_ws(':', p.line, p.account_id, coalesce(a.kind, '?'), coalesce(a.currency, '?'), p.amount_minor),
                ',' ORDER BY p.line
            ) AS postings
            FROM market.ledger_postings p LEFT JOIN market.ledger_accounts a USING (account_id)
            WHERE p.entry_id > %(after)s AND p.entry_id <= %(until)s GROUP BY p.entry_id
        ) AS p USING (entry_id)
        WHERE e.entry_id > %(after)s AND e.entry_id <= %(until)s ORDER BY e.entry_id
    ) TO STDOUT (FORMAT text, ENCODING 'UTF8')
"""


@dataclass(frozen=True)
class Seal:
    """A sealed UTC day: every entry after the seal before it, up to `last_entry_id`."""

    day: date
    last_entry_id: int
    entries: int
    previous: bytes
    digest: bytes


@dataclass(frozen=True)
class Span:
    """What the next seal is to cover: entries after `after`, up to `last_entry_id`."""

    day: date
    after: int
    last_entry_id: int


def lines(conn: psycopg.Connection, after: int, until: int) -> Iterator[list[tuple[int, bytes]]]:
    """Id and canonical bytes of every entry with after < id <= until, its postings in it; by rising id, some at a time.

    The bytes are the same on every version of Postgres.
    """
    while (last := _last_of_next(conn, after, until)) is not None:
        with conn.cursor().copy(_LINES, {"after": after, "until": last}) as copy:
            whole = b"".join(bytes(block) for block in copy)
        yield [(int(line[: line.index(b"\t")]), line) for line in whole.split(b"\n")[:-1]]
        after = last


def _last_of_next(conn: psycopg.Connection, after: int, until: int) -> int | None:
    row = conn.execute(
        "SELECT max(entry_id) FROM (SELECT entry_id FROM market.ledger_entries "
        "WHERE entry_id > %s AND entry_id <= %s ORDER BY entry_id LIMIT %s) AS next",
        [after, until, _AT_ONCE],
    ).fetchone()
    assert row is not None
    return row[0]


def take_turn(conn: psycopg.Connection) -> None:
    """Let no other process seal until the caller's transaction ends. Those who write entries are not held up."""
    conn.execute("LOCK TABLE market.ledger_seals IN SHARE ROW EXCLUSIVE MODE")


def seals(conn: psycopg.Connection) -> list[Seal]:
    """Every seal, by day."""
    rows = conn.execute(
        "SELECT day, last_entry_id, entries, previous, digest FROM market.ledger_seals ORDER BY day"
    ).fetchall()
    return [Seal(*row) for row in rows]


def next_span(conn: psycopg.Connection, last: Seal | None, until: date) -> Span | None:
    """The next UTC day to seal, not after `until`, after the last seal; None where no entry waits for one.

    A day ends with its highest id. Entries of other days among them, from a clock that was wrong or a transaction that
    was open over midnight, are sealed with it: every entry is covered once, whatever its time says.
    """
    after = 0 if last is None else last.last_entry_id
    row = conn.execute(
        """
        WITH waiting AS (
            SELECT entry_id, (occurred_at AT TIME ZONE 'UTC')::date AS day FROM market.ledger_entries
            WHERE entry_id > %(after)s
        ), chosen AS (
            SELECT greatest(min(day), %(last)s::date + 1) AS day FROM waiting
        )
        SELECT chosen.day, max(waiting.entry_id) FROM chosen JOIN waiting ON waiting.day <= chosen.day
        WHERE chosen.day <= %(until)s GROUP BY chosen.day
        """,
        {"after": after, "last": None if last is None else last.day, "until": until},
    ).fetchone()
    return None if row is None else Span(row[0], after, row[1])


def save_marks(conn: psycopg.Connection, day: date, block: int, marks: bytes) -> None:
    """Keep the marks of one block of a day, numbered from 0."""
    conn.execute("INSERT INTO market.ledger_seal_marks (day, block, marks) VALUES (%s, %s, %s)", [day, block, marks])


def marks_of(conn: psycopg.Connection, day: date) -> Iterator[bytes]:
    """The blocks of marks of a sealed day, in order."""
    rows = conn.execute("SELECT block FROM market.ledger_seal_marks WHERE day = %s ORDER BY block", [day]).fetchall()
    for (block,) in rows:
        row = conn.execute(
            "SELECT marks FROM market.ledger_seal_marks WHERE day = %s AND block = %s", [day, block]
        ).fetchone()
        assert row is not None
        yield bytes(row[0])


def save_seal(conn: psycopg.Connection, span: Span, seal: Seal) -> bool:
    """Write a seal where what was digested is all that will ever be among its ids; else write nothing: False.

    Waits for transactions that are writing entries, and holds up new ones until the caller's transaction ends. Raises
    InProgress where one of them takes longer than five seconds.
    """
    conn.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
    try:
        conn.execute("LOCK TABLE market.ledger_entries IN SHARE MODE")
    except psycopg.errors.LockNotAvailable as error:
        raise InProgress(
            f"a transaction has been writing to the ledger for more than {_PATIENCE}; {span.day} is not sealed. "
            "Seal again when it has ended: pg_stat_activity names it."
        ) from error
    row = conn.execute(
        "SELECT count(*) FROM market.ledger_entries WHERE entry_id > %s AND entry_id <= %s",
        [span.after, span.last_entry_id],
    ).fetchone()
    if row != (seal.entries,):
        return False
    conn.execute(
        "INSERT INTO market.ledger_seals (day, last_entry_id, entries, previous, digest, sealed_at) "
        "VALUES (%s, %s, %s, %s, %s, clock_timestamp())",
        [seal.day, seal.last_entry_id, seal.entries, seal.previous, seal.digest],
    )
    return True
