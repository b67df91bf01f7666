"""Proofs of the ledger: each finds the first thing in it that cannot be, or nothing.

What the triggers refuse is looked for again here: whoever may disable a trigger can write anything. Seals, which find
what is altered consistently, are in `ledger_seals`.
"""

from typing import Any, NamedTuple

import psycopg


class Finding(NamedTuple):
    """What is wrong, with the entry where there is one."""

    entry_id: int | None
    words: str


def broken_entry(conn: psycopg.Connection) -> Finding | None:
    """The first entry whose postings are not numbered, do not sum to zero, or move what is not its own."""
    return _first(
        conn,
        """
        SELECT entry_id, CASE
            WHEN count(e.workspace_id) = 0 THEN 'has postings and no entry'
            WHEN count(p.line) = 0 THEN 'has no postings'
            WHEN min(p.line) <> 1 OR max(p.line) <> count(*) THEN 'lacks a posting, or has one too many'
            WHEN sum(p.amount_minor) <> 0 THEN format('sums to %s minor units, not to zero', sum(p.amount_minor))
            WHEN count(a.account_id) < count(*) THEN 'names an account that is not there'
            ELSE format('is a %s and moves accounts that no such entry may move', min(e.kind)) END
        FROM market.ledger_entries e
        FULL JOIN market.ledger_postings p USING (entry_id)
        LEFT JOIN market.ledger_accounts a ON a.account_id = p.account_id
        GROUP BY entry_id
        HAVING count(e.workspace_id) = 0 OR count(p.line) = 0 OR min(p.line) <> 1 OR max(p.line) <> count(*)
            OR sum(p.amount_minor) <> 0 OR count(a.account_id) < count(*)
            OR bool_or(a.workspace_id <> e.workspace_id) OR min(a.currency) <> max(a.currency)
            OR bool_or(a.buyer_id IS NOT NULL AND a.buyer_id IS DISTINCT FROM e.buyer_id)
            OR min(a.kind) FILTER (WHERE e.kind <> 'adjust' AND p.amount_minor < 0) IS DISTINCT FROM (
                CASE min(e.kind) WHEN 'fund' THEN 'card' WHEN 'charge' THEN 'wallet' WHEN 'reserve' THEN 'wallet'
                WHEN 'post' THEN 'reserved' WHEN 'void' THEN 'reserved' WHEN 'refund' THEN 'revenue' END)
            OR min(a.kind) FILTER (WHERE e.kind <> 'adjust' AND p.amount_minor > 0) IS DISTINCT FROM (
                CASE min(e.kind) WHEN 'fund' THEN 'wallet' WHEN 'charge' THEN 'revenue' WHEN 'reserve' THEN 'reserved'
                WHEN 'post' THEN 'revenue' WHEN 'void' THEN 'wallet' WHEN 'refund' THEN 'wallet' END)
        ORDER BY entry_id LIMIT 1
        """,
    )


def broken_answer(conn: psycopg.Connection) -> Finding | None:
    """The first post, void or refund of an entry of another kind, buyer or amount."""
    return _first(
        conn,
        """
        SELECT e.entry_id,
            format('is the %s of entry %s, which is of another kind, buyer or amount', e.kind, e.reverses)
        FROM market.ledger_entries e LEFT JOIN market.ledger_entries r ON r.entry_id = e.reverses
        WHERE e.reverses IS NOT NULL AND (
            r.entry_id IS NULL OR r.workspace_id <> e.workspace_id OR r.buyer_id IS DISTINCT FROM e.buyer_id
            OR r.kind <> CASE e.kind WHEN 'refund' THEN 'charge' ELSE 'reserve' END
            OR market.ledger_amount(e.entry_id) IS DISTINCT FROM market.ledger_amount(e.reverses)
        ) ORDER BY e.entry_id LIMIT 1
        """,
    )


def broken_account(conn: psycopg.Connection) -> Finding | None:
    """The first account whose balance is not the sum of its postings, is below zero, or is of another seller's buyer.

    The entry named is the last that moved it.
    """
    return _first(
        conn,
        """
        SELECT moved.last_entry_id, format('is the last that moved account %s (%s%s), which holds %s minor units %s',
            a.account_id, a.kind, coalesce(' of buyer ' || a.buyer_id, ''), a.balance_minor, CASE
            WHEN a.balance_minor <> coalesce(moved.amount, 0)
                THEN format('and whose postings sum to %s', coalesce(moved.amount, 0))
            WHEN a.balance_minor < 0 THEN 'and may not be below zero' ELSE 'and is of a buyer of another seller' END)
        FROM market.ledger_accounts a
        LEFT JOIN market.buyers b ON b.buyer_id = a.buyer_id
        LEFT JOIN (
            SELECT account_id, sum(amount_minor) AS amount, max(entry_id) AS last_entry_id
            FROM market.ledger_postings GROUP BY account_id
        ) AS moved ON moved.account_id = a.account_id
        WHERE a.balance_minor <> coalesce(moved.amount, 0) OR (a.buyer_id IS NOT NULL AND a.balance_minor < 0)
            OR (a.buyer_id IS NOT NULL AND b.workspace_id IS DISTINCT FROM a.workspace_id)
        ORDER BY a.account_id LIMIT 1
        """,
    )


def broken_charge(conn: psycopg.Connection) -> Finding | None:
    """The first charge that is not an assignment to that buyer at that price, or assignment that was not charged."""
    return _first(
        conn,
        """
        SELECT e.entry_id, CASE
            WHEN e.entry_id IS NULL THEN format('lead %s was given to buyer %s on %s and not charged',
                x.lead_id, x.destination_id, (x.decided_at AT TIME ZONE 'UTC')::date)
            WHEN x.lead_id IS NULL THEN format('charges buyer %s for lead %s, which it was not given',
                e.buyer_id, e.lead_id)
            ELSE format('charges %s minor units for lead %s, whose price was %s', p.amount_minor, e.lead_id,
                x.price_minor) END
        FROM (SELECT * FROM market.ledger_entries WHERE kind = 'charge') AS e
        LEFT JOIN market.ledger_postings p ON p.entry_id = e.entry_id AND p.amount_minor > 0
        FULL JOIN (SELECT * FROM core.lead_assignments WHERE destination_kind = 'buyer') AS x
            ON x.lead_id = e.lead_id AND x.destination_id = e.buyer_id
        WHERE e.entry_id IS NULL OR x.lead_id IS NULL OR p.amount_minor IS DISTINCT FROM x.price_minor
        ORDER BY e.entry_id, x.lead_id LIMIT 1
        """,
    )


def broken_spending(conn: psycopg.Connection) -> Finding | None:
    """The first count against a weekly or monthly limit that is not the charges of that time less their refunds.

    The entry named is the last charge of it.
    """
    return _first(
        conn,
        """
        WITH charged AS (
            SELECT e.entry_id, e.buyer_id, CASE WHEN r.entry_id IS NULL THEN p.amount_minor ELSE 0 END AS amount,
                coalesce(c.local_time, e.occurred_at AT TIME ZONE w.time_zone) AS local
            FROM market.ledger_entries e
            JOIN market.ledger_postings p ON p.entry_id = e.entry_id AND p.amount_minor > 0
            JOIN core.workspaces w USING (workspace_id)
            LEFT JOIN market.ledger_entries r ON r.reverses = e.entry_id
            LEFT JOIN core.assignment_candidates c ON c.lead_id = e.lead_id AND c.outcome = 'assigned'
            WHERE e.kind = 'charge'
        ), counted AS (
            SELECT buyer_id, period, date_trunc(period, local)::date AS starts_on, sum(amount) AS amount,
                max(entry_id) AS last_entry_id
            FROM charged CROSS JOIN (VALUES ('week'), ('month')) AS periods (period) GROUP BY 1, 2, 3
        )
        SELECT last_entry_id, format('is the last charge of buyer %s in the %s of %s, of which %s minor units are '
            'counted against its limit and %s were charged', buyer_id, period, starts_on, coalesce(s.spent_minor, 0),
            coalesce(c.amount, 0))
        FROM counted c FULL JOIN market.spending s USING (buyer_id, period, starts_on)
        WHERE coalesce(c.amount, 0) <> coalesce(s.spent_minor, 0)
        ORDER BY last_entry_id LIMIT 1
        """,
    )


def broken_funding(conn: psycopg.Connection) -> Finding | None:
    """The first entry of a payment that did not succeed at that amount, or payment that succeeded and has no entry."""
    return _first(
        conn,
        """
        SELECT f.entry_id, CASE
            WHEN f.entry_id IS NULL THEN format('payment %s of buyer %s succeeded and is not in its wallet',
                p.payment_id, p.buyer_id)
            ELSE format('is the funding of %s, of which no payment of that buyer and amount succeeded', f.key) END
        FROM (
            SELECT e.entry_id, e.key, e.buyer_id, q.amount_minor FROM market.ledger_entries e
            JOIN market.ledger_postings q ON q.entry_id = e.entry_id AND q.amount_minor > 0
            WHERE e.kind = 'fund' AND e.key LIKE 'payment/%'
        ) AS f
        FULL JOIN (SELECT *, 'payment/' || payment_id AS key FROM market.payments WHERE state = 'succeeded') AS p
            ON p.key = f.key AND p.buyer_id = f.buyer_id AND p.amount_minor = f.amount_minor
        WHERE f.entry_id IS NULL OR p.key IS NULL
        ORDER BY f.entry_id, p.payment_id LIMIT 1
        """,
    )


PROOFS = {
    "every entry sums to zero and moves its own accounts": broken_entry,
    "every post, void and refund answers what it names": broken_answer,
    "every balance is the sum of its postings, and no wallet is below zero": broken_account,
    "charges are the assignments to buyers, at their prices": broken_charge,
    "what cards paid is in the wallets, and nothing else": broken_funding,
    "what counts against limits is what was charged": broken_spending,
}
"""What is proved, in words, and what finds the opposite."""


def sizes(conn: psycopg.Connection) -> dict[str, int]:
    """How many entries, postings and accounts there are."""
    row = conn.execute(
        "SELECT (SELECT count(*) FROM market.ledger_entries), (SELECT count(*) FROM market.ledger_postings), "
        "(SELECT count(*) FROM market.ledger_accounts)"
    ).fetchone()
    assert row is not None
    return dict(zip(("entries", "postings", "accounts"), row, strict=True))


def day_of_entry(conn: psycopg.Connection, entry_id: int) -> str:
    """The UTC day on which an entry says that it was made; 'no day' for one that is not there."""
    row = conn.execute(
        "SELECT (occurred_at AT TIME ZONE 'UTC')::date::text FROM market.ledger_entries WHERE entry_id = %s", [entry_id]
    ).fetchone()
    return "no day" if row is None else str(row[0])


def _first(conn: psycopg.Connection, query: Any) -> Finding | None:
    row = conn.execute(query).fetchone()
    return None if row is None else Finding(*row)
