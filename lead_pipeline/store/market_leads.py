"""Leads of the marketplace as a seller, a buyer or a supplier lists them, and who bought them. Reads only.

What the caller may not see is not there: the connection acts for the caller. Decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page


@dataclass(frozen=True)
class LeadRow:
    """A lead offered to a campaign. `listed_at` is what it is listed by: when it was received, or assigned to a buyer.

    The contact is None where the personal data is archived. `outcome` is None while it is not decided.
    """

    lead_id: str
    campaign_id: str
    campaign: str
    category_id: str
    category: str
    supplier_id: str | None
    state: str
    quality: str
    lead_score: int
    score_parts: dict[str, Any]
    received_at: datetime
    listed_at: datetime
    outcome: str | None
    decided_at: datetime | None
    full_name: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    company_name: str | None
    city: str | None
    flags: list[str] | None
    attributes: dict[str, Any] | None


@dataclass(frozen=True)
class SaleRow:
    """One buyer that a lead was assigned to, at which price in minor units, and why."""

    lead_id: str
    buyer_id: str
    buyer: str
    price_minor: int
    reason: str
    decided_at: datetime


@dataclass(frozen=True)
class LeadsWanted:
    """What narrows a list of leads; None does not. Times are [since, until)."""

    campaign_id: str | None = None
    state: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_COLUMNS = """
    l.lead_id::text, l.campaign_id::text, c.slug AS campaign, l.category_id::text, k.slug AS category,
    l.supplier_id::text, l.state, l.supplier_quality AS quality, l.lead_score, l.score_parts, l.received_at,
    l.outcome, l.decided_at, p.full_name, p.first_name, p.last_name, p.email, p.phone, p.company_name, p.city, p.flags,
    p.attributes
"""
_AROUND = """
    JOIN market.campaigns c ON c.campaign_id = l.campaign_id
    JOIN market.categories k ON k.category_id = l.category_id
    LEFT JOIN core.leads p ON p.lead_id = l.lead_id
"""
_RECEIVED = f"SELECT {_COLUMNS}, l.received_at AS listed_at FROM market.campaign_leads l {_AROUND} WHERE true"  # noqa: S608 - constants
_SOLD = f"""
    SELECT {_COLUMNS}, a.decided_at AS listed_at FROM core.lead_assignments a
    JOIN market.campaign_leads l ON l.lead_id = a.lead_id {_AROUND} WHERE a.destination_kind = 'buyer'
"""  # noqa: S608


def received_leads(
    conn: psycopg.Connection, workspace_id: str, asked: Asked, wanted: LeadsWanted, *, supplier_id: str | None = None
) -> Page[LeadRow]:
    """The leads of a seller, or those that one of its suppliers sent, the last received first."""
    conditions = {
        "l.workspace_id = %s": workspace_id,
        "l.supplier_id = %s": supplier_id,
        **_narrowed(wanted, "l.received_at"),
    }
    return fetch_page(
        conn, LeadRow, _RECEIVED, conditions, asked,
        order=("l.received_at", "l.lead_id"), place=_place, newest_first=True,
    )  # fmt: skip


def bought_leads(conn: psycopg.Connection, buyer_id: str, asked: Asked, wanted: LeadsWanted) -> Page[LeadRow]:
    """The leads assigned to a buyer, the last assigned first; `since` and `until` are of the assignment."""
    conditions = {"a.destination_id = %s": buyer_id, **_narrowed(wanted, "a.decided_at")}
    return fetch_page(
        conn, LeadRow, _SOLD, conditions, asked,
        order=("a.decided_at", "a.lead_id"), place=_place, newest_first=True,
    )  # fmt: skip


def find_lead(conn: psycopg.Connection, workspace_id: str, lead_id: str) -> LeadRow:
    """One lead. Raises NotFound."""
    with conn.cursor(row_factory=class_row(LeadRow)) as cursor:
        found = cursor.execute(
            f"{_RECEIVED} AND l.workspace_id = %s AND l.lead_id = %s", [workspace_id, as_uuid(lead_id)]
        ).fetchone()
    if found is None:
        raise NotFound(f"no lead {lead_id!r}. List them with GET /api/leads.")
    return found


def sales_of(conn: psycopg.Connection, lead_ids: Sequence[str]) -> dict[str, list[SaleRow]]:
    """Lead id to the buyers that it was assigned to, in order of assignment."""
    sales: dict[str, list[SaleRow]] = {}
    with conn.cursor(row_factory=class_row(SaleRow)) as cursor:
        for row in cursor.execute(
            """
            SELECT a.lead_id::text, a.destination_id::text AS buyer_id, b.name AS buyer, a.price_minor, a.reason,
                a.decided_at
            FROM core.lead_assignments a JOIN market.buyers b ON b.buyer_id = a.destination_id
            WHERE a.lead_id = ANY(%s::uuid[]) AND a.destination_kind = 'buyer' ORDER BY a.lead_id, a.seq
            """,
            [list(lead_ids)],
        ):
            sales.setdefault(row.lead_id, []).append(row)
    return sales


def _narrowed(wanted: LeadsWanted, time: str) -> dict[str, Any]:
    return {
        "l.campaign_id = %s": wanted.campaign_id,
        "l.state = %s": wanted.state,
        "l.outcome = %s": wanted.outcome,
        f"{time} >= %s": wanted.since,
        f"{time} < %s": wanted.until,
    }


def _place(row: LeadRow) -> Place:
    return Place(row.listed_at, row.lead_id)
