"""What a buyer or seller is told: leads as they come, and `market.notices` about money. Writes only what was read.

The id of a notification is `lead-<lead id>` or `notice-<number>`; both sort as their rows do.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from lead_pipeline.store.pages import Asked, Page, Place


@dataclass(frozen=True)
class Notification:
    """One thing told. `detail` by its kind; `read_at` is None of a lead, which is not marked."""

    id: str
    kind: str
    at: datetime
    detail: dict[str, Any]
    read_at: datetime | None


_LEAD_ID = "('lead-' || l.lead_id) COLLATE \"C\""
_NOTICE_ID = "('notice-' || lpad(n.notice_id::text, 19, '0')) COLLATE \"C\""
_NEW_LEAD = "SELECT {id} AS id, 'new_lead' AS kind, {at} AS at, {detail} AS detail, NULL::timestamptz AS read_at"
_BOUGHT = (
    _NEW_LEAD.format(
        id=_LEAD_ID,
        at="a.decided_at",
        detail="jsonb_build_object('lead_id', l.lead_id, 'campaign', c.slug, 'price_minor', a.price_minor, "
        "'state', l.state, 'lead_score', l.lead_score)",
    )
    + """
    FROM core.lead_assignments a JOIN market.campaign_leads l ON l.lead_id = a.lead_id
    JOIN market.campaigns c ON c.campaign_id = l.campaign_id
    WHERE a.destination_kind = 'buyer' AND a.destination_id = %(buyer)s {after}
    ORDER BY a.decided_at DESC, a.lead_id DESC LIMIT %(limit)s
"""
)
_RECEIVED = (
    _NEW_LEAD.format(
        id=_LEAD_ID,
        at="l.received_at",
        detail="jsonb_build_object('lead_id', l.lead_id, 'campaign', c.slug, 'outcome', l.outcome, 'state', l.state, "
        "'lead_score', l.lead_score)",
    )
    + """
    FROM market.campaign_leads l JOIN market.campaigns c ON c.campaign_id = l.campaign_id
    WHERE l.workspace_id = %(workspace)s {after} ORDER BY l.received_at DESC, l.lead_id DESC LIMIT %(limit)s
"""
)
_NOTICES = f"""
    SELECT {_NOTICE_ID} AS id, n.kind, n.created_at AS at,
        n.detail || jsonb_strip_nulls(jsonb_build_object('buyer_id', n.buyer_id)) AS detail, n.read_at
    FROM market.notices n WHERE {{whose}} {{after}}
    ORDER BY n.created_at DESC, n.notice_id DESC LIMIT %(limit)s
"""  # noqa: S608 - constants


def list_notifications(
    conn: psycopg.Connection, workspace_id: str, buyer_id: str | None, asked: Asked
) -> Page[Notification]:
    """The last told first: to a buyer its own, to a seller (no `buyer_id`) those of all its buyers and leads."""
    leads, time = (_RECEIVED, "l.received_at") if buyer_id is None else (_BOUGHT, "a.decided_at")
    whose = "n.workspace_id = %(workspace)s" if buyer_id is None else "n.buyer_id = %(buyer)s"
    parts = [
        leads.format(after=_after(time, _LEAD_ID, asked)),
        _NOTICES.format(whose=whose, after=_after("n.created_at", _NOTICE_ID, asked)),
    ]
    given: dict[str, Any] = {"workspace": workspace_id, "buyer": buyer_id, "limit": asked.limit + 1}
    if asked.after is not None:
        given |= {"at": asked.after.at, "id": asked.after.id}
    with conn.cursor(row_factory=class_row(Notification)) as cursor:
        rows = cursor.execute(
            f"({parts[0]}) UNION ALL ({parts[1]}) ORDER BY at DESC, id DESC LIMIT %(limit)s", given
        ).fetchall()
    kept = rows[: asked.limit]
    return Page(kept, Place(kept[-1].at, kept[-1].id) if len(rows) > asked.limit else None)


def mark_read(conn: psycopg.Connection, workspace_id: str, buyer_id: str | None, number: int, now: datetime) -> bool:
    """Note that whom a notice is for has read it; the first time stays. False where there is no such notice."""
    done = conn.execute(
        "UPDATE market.notices SET read_at = coalesce(read_at, %s) "
        "WHERE notice_id = %s AND workspace_id = %s AND buyer_id IS NOT DISTINCT FROM %s::uuid",
        [now, number, workspace_id, buyer_id],
    )
    return done.rowcount > 0


def _after(time: str, row_id: str, asked: Asked) -> str:
    """Two conditions: the first is what an index can be asked, the second what is meant."""
    return "" if asked.after is None else f"AND {time} <= %(at)s AND ({time}, {row_id}) < (%(at)s, %(id)s)"
