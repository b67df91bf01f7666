"""Money moved between the accounts of one seller: each move once, whole, and written down for ever.

Every function works in the caller's transaction (or one of its own where there is none), holds the seller until its
end, and returns the id of the ledger's entry. Charges of leads are the distribution's: it writes the net entry.
"""

from datetime import datetime, timedelta

import psycopg

from lead_pipeline.domain.money import LARGEST, Money
from lead_pipeline.errors import Conflict, NotFound, PaymentRefused
from lead_pipeline.steps.run import Run
from lead_pipeline.store import ledger_entries as entries
from lead_pipeline.store.ledger import Accounts, account_ids, wallet_balances
from lead_pipeline.store.ledger_entries import Postings
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.refunds import give_back_room, tell_refunded

RETURN_DAYS = 30
"""For so long after it was charged a lead may be given back."""


def fund(
    conn: psycopg.Connection, *, workspace_id: str, buyer_id: str, amount_minor: int, key: str, reason: str, run: Run
) -> int:
    """Put what a card was charged into a buyer's wallet. The same key again moves nothing: the same entry.

    Raises NotFound for a buyer that the seller does not have, Conflict where the key was another move's.
    """
    amount = _positive(amount_minor)
    return _once(conn, "fund", amount, workspace_id=workspace_id, buyer_id=buyer_id, key=key, reason=reason, run=run)


def reserve(
    conn: psycopg.Connection, *, workspace_id: str, buyer_id: str, amount_minor: int, key: str, reason: str, run: Run
) -> int:
    """Set an amount of a wallet aside until it is posted or voided. The same key again moves nothing.

    Raises PaymentRefused where the wallet holds less, and what `fund` raises.
    """
    amount = _positive(amount_minor)
    return _once(conn, "reserve", amount, workspace_id=workspace_id, buyer_id=buyer_id, key=key, reason=reason, run=run)


def adjust(
    conn: psycopg.Connection, *, workspace_id: str, buyer_id: str, amount_minor: int, key: str, reason: str, run: Run
) -> int:
    """Put a wallet right by hand: more where the amount is positive, less where it is negative. Once per key.

    Raises PaymentRefused where the wallet holds less than is taken, and what `fund` raises.
    """
    _positive(abs(amount_minor))
    return _once(
        conn, "adjust", amount_minor, workspace_id=workspace_id, buyer_id=buyer_id, key=key, reason=reason, run=run
    )


def post(conn: psycopg.Connection, entry_id: int, *, reason: str, run: Run) -> int:
    """Give what was reserved (its entry id) to the seller. Raises NotFound, Conflict where it was settled before."""
    return _settle(conn, "post", entry_id, reason, run)


def void(conn: psycopg.Connection, entry_id: int, *, reason: str, run: Run) -> int:
    """Give what was reserved (its entry id) back to the wallet. Raises NotFound, Conflict as `post` does."""
    return _settle(conn, "void", entry_id, reason, run)


def refund(
    conn: psycopg.Connection, *, workspace_id: str, lead_id: str, buyer_id: str, reason: str, now: datetime, run: Run
) -> int:
    """Give a buyer back what it was charged for a lead, once, within RETURN_DAYS of the charge.

    The charge's own week and month have that room under the buyer's limits again. A daily cap has not: it counts leads
    received. Raises NotFound where the seller charged no such thing, Conflict where it was refunded before,
    PaymentRefused where it is too late.
    """
    reason = _said(reason)
    with conn.transaction():
        lock_sellers(conn, [workspace_id])
        charge = entries.charge_of_lead(conn, lead_id, buyer_id)
        if charge is None or charge.workspace_id != workspace_id:
            raise NotFound(f"buyer {buyer_id} was not charged for lead {lead_id}. Look both up in the statement.")
        _refuse_a_second(conn, charge.entry_id, "refunded")
        if now > charge.occurred_at + timedelta(days=RETURN_DAYS):
            raise PaymentRefused(
                f"lead {lead_id} was charged on {charge.occurred_at:%Y-%m-%d}, more than {RETURN_DAYS} days ago: it is "
                "too late to refund it. Adjust the wallet by hand if you want to all the same."
            )
        accounts = account_ids(conn, workspace_id, [buyer_id])
        amount = charge.amount_minor
        entry_id = entries.insert_entry(
            conn, workspace_id=workspace_id, kind="refund", buyer_id=buyer_id, lead_id=lead_id,
            reverses=charge.entry_id, postings=_postings("refund", accounts, buyer_id, amount), reason=reason,
            run_id=run.run_id, occurred_at=now,
        )  # fmt: skip
        give_back_room(conn, charge=charge.entry_id, buyer_id=buyer_id, amount_minor=amount)
        detail = {"lead_id": lead_id, "amount": str(Money(amount, accounts.currency)), "reason": reason}
        tell_refunded(
            conn, entry_id=entry_id, workspace_id=workspace_id, buyer_id=buyer_id, detail=detail, now=now,
            run_id=run.run_id,
        )  # fmt: skip
    return entry_id


def _once(
    conn: psycopg.Connection, kind: str, amount: int, *, workspace_id: str, buyer_id: str, key: str, reason: str,
    run: Run,
) -> int:  # fmt: skip
    reason = _said(reason)
    with conn.transaction():
        lock_sellers(conn, [workspace_id])
        accounts = account_ids(conn, workspace_id, [buyer_id])
        postings = _postings(kind, accounts, buyer_id, amount)
        before = entries.entry_of_key(conn, key)
        if before is not None:
            if (before.kind, before.postings) != (kind, postings):
                raise Conflict(f"the key {key} is that of entry {before.entry_id}, another move. Use a new key.")
            return before.entry_id
        _refuse_overdraft(conn, accounts, buyer_id, postings)
        return entries.insert_entry(
            conn, workspace_id=workspace_id, kind=kind, buyer_id=buyer_id, key=key, postings=postings, reason=reason,
            run_id=run.run_id, occurred_at=run.clock(),
        )  # fmt: skip


def _settle(conn: psycopg.Connection, kind: str, entry_id: int, reason: str, run: Run) -> int:
    reason = _said(reason)
    with conn.transaction():
        reserved = entries.entry_of_id(conn, entry_id)
        if reserved is None or reserved.kind != "reserve" or reserved.buyer_id is None:
            raise NotFound(f"entry {entry_id} reserves nothing. Name the entry that `reserve` returned.")
        lock_sellers(conn, [reserved.workspace_id])
        _refuse_a_second(conn, entry_id, "settled")
        accounts = account_ids(conn, reserved.workspace_id, [reserved.buyer_id])
        return entries.insert_entry(
            conn, workspace_id=reserved.workspace_id, kind=kind, buyer_id=reserved.buyer_id, reverses=entry_id,
            postings=_postings(kind, accounts, reserved.buyer_id, reserved.amount_minor), reason=reason,
            run_id=run.run_id, occurred_at=run.clock(),
        )  # fmt: skip


def _postings(kind: str, accounts: Accounts, buyer_id: str, amount: int) -> Postings:
    """From which account to which the kinds of moves go."""
    wallet, reserved = accounts.wallet[buyer_id], accounts.reserved[buyer_id]
    source, target = {
        "fund": (accounts.card, wallet),
        "reserve": (wallet, reserved),
        "post": (reserved, accounts.revenue),
        "void": (reserved, wallet),
        "refund": (accounts.revenue, wallet),
        "adjust": (accounts.adjustment, wallet),
    }[kind]
    return ((source, -amount), (target, amount))


def _refuse_overdraft(conn: psycopg.Connection, accounts: Accounts, buyer_id: str, postings: Postings) -> None:
    moved = sum(amount for account, amount in postings if account == accounts.wallet[buyer_id])
    holds = wallet_balances(conn, [buyer_id])[buyer_id]
    if holds + moved < 0:
        asked, has = Money(-moved, accounts.currency), Money(holds, accounts.currency)
        raise PaymentRefused(f"the wallet holds {has} and {asked} are asked of it. Add funds first.")


def _refuse_a_second(conn: psycopg.Connection, entry_id: int, done: str) -> None:
    answer = entries.answer_to(conn, entry_id)
    if answer is not None:
        raise Conflict(f"entry {entry_id} was {done} before, by entry {answer}. Nothing was moved.")


def _positive(amount: int) -> int:
    if not 0 < amount <= LARGEST:
        raise PaymentRefused(f"{amount} minor units cannot be moved. Ask for an amount above zero, up to {LARGEST}.")
    return amount


def _said(reason: str) -> str:
    if not reason.strip():
        raise PaymentRefused("money is moved for a reason. Say which.")
    return reason
