"""The ledger's entries one at a time: written with their postings in one statement, and found again.

Which move is allowed is decided by `steps.move_money`, and what can never be by the triggers of the ledger's migration.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg

_ENTRY = """
    WITH entered AS (
        INSERT INTO market.ledger_entries
            (entry_id, workspace_id, kind, buyer_id, lead_id, key, reverses, reason, run_id, occurred_at)
        VALUES (nextval('market.ledger_entry_ids'), %(workspace_id)s, %(kind)s, %(buyer_id)s, %(lead_id)s, %(key)s,
            %(reverses)s, %(reason)s, %(run_id)s, %(occurred_at)s)
        RETURNING entry_id
    )
    INSERT INTO market.ledger_postings (entry_id, line, account_id, amount_minor)
    SELECT entry_id, posted.line, posted.account_id, posted.amount_minor
    FROM entered CROSS JOIN LATERAL unnest(%(accounts)s::bigint[], %(amounts)s::bigint[]) WITH ORDINALITY
        AS posted (account_id, amount_minor, line)
    RETURNING entry_id
"""
_FOUND = """
    SELECT e.entry_id, e.workspace_id::text, e.kind, e.buyer_id::text, e.lead_id::text, e.occurred_at,
        (SELECT array_agg(ARRAY[p.account_id, p.amount_minor] ORDER BY p.line) FROM market.ledger_postings p
        WHERE p.entry_id = e.entry_id)
    FROM market.ledger_entries e
"""
Postings = tuple[tuple[int, int], ...]
"""Of one entry, in the order of their lines: account id and amount in minor units."""


@dataclass(frozen=True)
class Entry:
    """One entry as it stands."""

    entry_id: int
    workspace_id: str
    kind: str
    buyer_id: str | None
    lead_id: str | None
    occurred_at: datetime
    postings: Postings

    @property
    def amount_minor(self) -> int:
        """What it moved, in minor units."""
        return sum(amount for _, amount in self.postings if amount > 0)


def insert_entry(
    conn: psycopg.Connection,
    *,
    workspace_id: str,
    kind: str,
    buyer_id: str,
    postings: Postings,
    reason: str,
    run_id: str,
    occurred_at: datetime,
    lead_id: str | None = None,
    key: str | None = None,
    reverses: int | None = None,
) -> int:
    """Write one entry with its postings. Returns its id."""
    values = {
        "workspace_id": workspace_id, "kind": kind, "buyer_id": buyer_id, "lead_id": lead_id, "key": key,
        "reverses": reverses, "reason": reason, "run_id": run_id, "occurred_at": occurred_at,
        "accounts": [account for account, _ in postings], "amounts": [amount for _, amount in postings],
    }  # fmt: skip
    row = conn.execute(_ENTRY, values).fetchone()
    assert row is not None
    return int(row[0])


def entry_of_key(conn: psycopg.Connection, key: str) -> Entry | None:
    """The entry that was written under a key."""
    return _found(conn, "WHERE e.key = %s", key)


def entry_of_id(conn: psycopg.Connection, entry_id: int) -> Entry | None:
    """The entry of an id."""
    return _found(conn, "WHERE e.entry_id = %s", entry_id)


def charge_of_lead(conn: psycopg.Connection, lead_id: str, buyer_id: str) -> Entry | None:
    """What a buyer was charged for a lead."""
    return _found(conn, "WHERE e.kind = 'charge' AND e.lead_id = %s AND e.buyer_id = %s", lead_id, buyer_id)


def answer_to(conn: psycopg.Connection, entry_id: int) -> int | None:
    """The entry that reverses or settles this one."""
    row = conn.execute("SELECT entry_id FROM market.ledger_entries WHERE reverses = %s", [entry_id]).fetchone()
    return None if row is None else int(row[0])


def _found(conn: psycopg.Connection, where: LiteralString, *values: str | int) -> Entry | None:
    row = conn.execute(_FOUND + where, values).fetchone()
    if row is None:
        return None
    entry_id, workspace_id, kind, buyer_id, lead_id, occurred_at, lines = row
    postings = tuple((account, amount) for account, amount in lines or ())
    return Entry(entry_id, workspace_id, kind, buyer_id, lead_id, occurred_at, postings)
