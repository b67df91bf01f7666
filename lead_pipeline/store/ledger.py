"""The ledger's accounts, and charges of leads in bulk. One entry at a time is written in `ledger_entries`.

The laws are the database's: see the triggers of its migration. Every entry is written in one statement with its
postings. Whoever writes holds the seller (`store.market_lock`) and runs as the owner of the tables.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
import psycopg

from lead_pipeline.errors import NotFound
from lead_pipeline.store.bulk import copy_frame

_STAGED_FROM = 1_000  # rows; below it, making a temporary table costs more than it saves
_CHARGE_COLUMNS = {
    "lead_id": "uuid",
    "buyer_id": "uuid",
    "workspace_id": "uuid",
    "amount_minor": "bigint",
    "wallet_account": "bigint",
    "revenue_account": "bigint",
    "reason": "text",
    "run_id": "text",
    "occurred_at": "timestamptz",
}
_MISSING = """
    INSERT INTO market.ledger_accounts (workspace_id, kind, buyer_id, currency)
    SELECT s.workspace_id, wanted.kind, wanted.buyer_id, s.currency
    FROM market.sellers s CROSS JOIN (
        SELECT kind, NULL::uuid AS buyer_id FROM unnest(ARRAY['revenue', 'card', 'adjustment']) AS kind
        UNION ALL
        SELECT kind, b.buyer_id FROM market.buyers b CROSS JOIN unnest(ARRAY['wallet', 'reserved']) AS kind
        WHERE b.workspace_id = %(workspace_id)s AND b.buyer_id = ANY(%(buyer_ids)s::uuid[])
    ) AS wanted
    WHERE s.workspace_id = %(workspace_id)s
    ORDER BY wanted.buyer_id, wanted.kind
    ON CONFLICT DO NOTHING
"""
_ACCOUNTS = """
    SELECT kind, buyer_id::text, account_id, currency FROM market.ledger_accounts
    WHERE workspace_id = %(workspace_id)s AND (buyer_id IS NULL OR buyer_id = ANY(%(buyer_ids)s::uuid[]))
"""
_CHARGES = """
    WITH charged AS MATERIALIZED (
        SELECT nextval('market.ledger_entry_ids') AS entry_id, given.* FROM {}
    ), entered AS (
        INSERT INTO market.ledger_entries
            (entry_id, workspace_id, kind, buyer_id, lead_id, reason, run_id, occurred_at)
        SELECT entry_id, workspace_id, 'charge', buyer_id, lead_id, reason, run_id, occurred_at FROM charged
    )
    INSERT INTO market.ledger_postings (entry_id, line, account_id, amount_minor)
    SELECT charged.entry_id, posted.line, posted.account_id, posted.amount_minor
    FROM charged CROSS JOIN LATERAL (
        VALUES (1, wallet_account, - charged.amount_minor), (2, revenue_account, charged.amount_minor)
    ) AS posted (line, account_id, amount_minor)
"""


@dataclass(frozen=True)
class Accounts:
    """The accounts of one seller, by id; `wallet` and `reserved` by buyer. All are in `currency`."""

    wallet: dict[str, int]
    reserved: dict[str, int]
    revenue: int
    card: int
    adjustment: int
    currency: str


def account_ids(conn: psycopg.Connection, workspace_id: str, buyer_ids: Sequence[str]) -> Accounts:
    """The accounts of a seller and of these buyers of it; those that are missing are made, empty.

    Raises NotFound where the workspace is no seller, or a buyer is none of its own.
    """
    wanted = {"workspace_id": workspace_id, "buyer_ids": sorted(set(buyer_ids))}
    rows = conn.execute(_ACCOUNTS, wanted).fetchall()
    if len(rows) < 3 + 2 * len(wanted["buyer_ids"]):
        conn.execute(_MISSING, wanted)
        rows = conn.execute(_ACCOUNTS, wanted).fetchall()
    shared = {kind: account_id for kind, buyer_id, account_id, _ in rows if buyer_id is None}
    wallet = {buyer_id: account_id for kind, buyer_id, account_id, _ in rows if kind == "wallet"}
    reserved = {buyer_id: account_id for kind, buyer_id, account_id, _ in rows if kind == "reserved"}
    missing = sorted(set(wanted["buyer_ids"]) - wallet.keys())
    if missing or not shared:
        what = f"buyer {missing[0]}" if missing else "seller"
        raise NotFound(f"workspace {workspace_id} has no {what}. Name one that it has.")
    return Accounts(wallet, reserved, shared["revenue"], shared["card"], shared["adjustment"], rows[0][3])


def wallet_balances(conn: psycopg.Connection, buyer_ids: Iterable[str]) -> dict[str, int]:
    """What each buyer's wallet holds, in minor units; 0 for a buyer that never had one."""
    wanted = list(dict.fromkeys(buyer_ids))
    rows = conn.execute(
        "SELECT buyer_id::text, balance_minor FROM market.ledger_accounts "
        "WHERE kind = 'wallet' AND buyer_id = ANY(%s::uuid[])",
        [wanted],
    ).fetchall()
    return {**dict.fromkeys(wanted, 0), **dict(rows)}


def insert_charges(conn: psycopg.Connection, charges: pd.DataFrame) -> None:
    """Charge each row's `amount_minor` (> 0) from its wallet to its revenue account: an entry of two postings a row.

    Columns lead_id, buyer_id, workspace_id, amount_minor, wallet_account, revenue_account (ids of `account_ids`),
    reason, run_id, occurred_at. Nothing of it is written where a wallet has too little, or where one was charged for
    the lead before: psycopg.errors.CheckViolation, UniqueViolation.
    """
    if charges.empty:
        return
    given = charges[list(_CHARGE_COLUMNS)]
    if len(given) < _STAGED_FROM:
        arrays = ", ".join(f"%s::{kind}[]" for kind in _CHARGE_COLUMNS.values())
        rows = f"unnest({arrays}) AS given ({', '.join(_CHARGE_COLUMNS)})"
        conn.execute(_CHARGES.format(rows), [given[name].tolist() for name in given])
        return
    columns = ", ".join(f"{name} {kind}" for name, kind in _CHARGE_COLUMNS.items())
    conn.execute(f"CREATE TEMP TABLE charges ({columns}) ON COMMIT DROP")
    copy_frame(conn, "charges", given)
    conn.execute(_CHARGES.format("charges AS given"))
    conn.execute("DROP TABLE charges")
