"""`market.payment_methods` and the Stripe customer of a buyer: which cards there are, and which one is charged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from lead_pipeline.errors import NotFound


@dataclass(frozen=True)
class PaymentMethod:
    """A card of a buyer. Its number is nowhere here."""

    payment_method_id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    is_primary: bool
    created_at: datetime


@dataclass(frozen=True)
class Payer:
    """A buyer as Stripe knows it. `stripe_customer` None: it does not yet."""

    buyer_id: str
    workspace_id: str
    name: str
    stripe_customer: str | None


_COLUMNS = "payment_method_id, brand, last4, exp_month, exp_year, is_primary, created_at"


def read_payer(conn: psycopg.Connection, buyer_id: str) -> Payer:
    """A buyer that is not deleted. Raises NotFound."""
    with conn.cursor(row_factory=class_row(Payer)) as cursor:
        found = cursor.execute(
            "SELECT buyer_id::text, workspace_id::text, name, stripe_customer FROM market.buyers "
            "WHERE buyer_id = %s AND deleted_at IS NULL",
            [buyer_id],
        ).fetchone()
    if found is None:
        raise NotFound(f"no buyer {buyer_id}. Sign in as one.")
    return found


def note_customer(conn: psycopg.Connection, buyer_id: str, customer: str, *, instead_of: str | None = None) -> str:
    """Tie a buyer to a Stripe customer where it is tied to none, or to that one; the one that it is tied to then."""
    conn.execute(
        "UPDATE market.buyers SET stripe_customer = %s WHERE buyer_id = %s AND stripe_customer IS NOT DISTINCT FROM %s",
        [customer, buyer_id, instead_of],
    )
    row = conn.execute("SELECT stripe_customer FROM market.buyers WHERE buyer_id = %s", [buyer_id]).fetchone()
    assert row is not None
    return str(row[0])


def list_methods(conn: psycopg.Connection, buyer_id: str) -> list[PaymentMethod]:
    """The cards of a buyer, the primary one first, then the newest."""
    with conn.cursor(row_factory=class_row(PaymentMethod)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM market.payment_methods WHERE buyer_id = %s "  # noqa: S608 - a constant
            "ORDER BY is_primary DESC, created_at DESC, payment_method_id",
            [buyer_id],
        ).fetchall()


def find_method(conn: psycopg.Connection, buyer_id: str, payment_method_id: str) -> PaymentMethod:
    """A card of a buyer. Raises NotFound, for another buyer's card as well."""
    found = [one for one in list_methods(conn, buyer_id) if one.payment_method_id == payment_method_id]
    if not found:
        raise NotFound(f"you have no card {payment_method_id}. GET /api/payments/methods lists yours.")
    return found[0]


def primary_of(methods: Sequence[PaymentMethod]) -> PaymentMethod | None:
    """The card that is charged where none is named."""
    return next((one for one in methods if one.is_primary), None)


def save_method(
    conn: psycopg.Connection,
    payer: Payer,
    *,
    payment_method_id: str,
    brand: str,
    last4: str,
    exp_month: int,
    exp_year: int,
    now: datetime,
) -> bool:
    """Keep a card; a buyer's first one is its primary one. False where the card is another buyer's."""
    row = conn.execute(
        """
        INSERT INTO market.payment_methods
            (payment_method_id, workspace_id, buyer_id, brand, last4, exp_month, exp_year, is_primary, created_at)
        VALUES (%(card)s, %(workspace)s, %(buyer)s, %(brand)s, %(last4)s, %(month)s, %(year)s,
            NOT EXISTS (SELECT 1 FROM market.payment_methods WHERE buyer_id = %(buyer)s), %(now)s)
        ON CONFLICT (payment_method_id) DO UPDATE SET exp_month = excluded.exp_month, exp_year = excluded.exp_year
            WHERE payment_methods.buyer_id = excluded.buyer_id
        RETURNING 1
        """,
        {
            "card": payment_method_id, "workspace": payer.workspace_id, "buyer": payer.buyer_id, "brand": brand,
            "last4": last4, "month": exp_month, "year": exp_year, "now": now,
        },
    ).fetchone()  # fmt: skip
    return row is not None


def make_primary(conn: psycopg.Connection, buyer_id: str, payment_method_id: str) -> None:
    """Charge this card of a buyer from now on, and no other."""
    conn.execute(
        "UPDATE market.payment_methods SET is_primary = false "
        "WHERE buyer_id = %s AND is_primary AND payment_method_id <> %s",
        [buyer_id, payment_method_id],
    )
    conn.execute(
        "UPDATE market.payment_methods SET is_primary = true WHERE buyer_id = %s AND payment_method_id = %s",
        [buyer_id, payment_method_id],
    )


def delete_method(conn: psycopg.Connection, buyer_id: str, payment_method_id: str) -> None:
    """Forget a card. No other one becomes primary by that: its owner says which."""
    conn.execute(
        "DELETE FROM market.payment_methods WHERE buyer_id = %s AND payment_method_id = %s",
        [buyer_id, payment_method_id],
    )


def save_recharge(
    conn: psycopg.Connection, buyer_id: str, *, threshold_minor: int | None, amount_minor: int | None
) -> None:
    """Below which balance a buyer's wallet is recharged, and by how much; both None: never."""
    conn.execute(
        "UPDATE market.buyers SET recharge_threshold_minor = %s, recharge_amount_minor = %s WHERE buyer_id = %s",
        [threshold_minor, amount_minor, buyer_id],
    )
