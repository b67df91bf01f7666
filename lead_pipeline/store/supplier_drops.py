"""What became of suppliers' drops: the lead, where it went, who bought it, or why it was refused. Reads only."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True)
class SupplierDrop:
    """A supplier's drop as it stands. `is_own`: the lead was first received with this very drop.

    `assigned_to` (slug) and `assignment_reason` are those of its own lead, as first decided. `outcome` is what became
    of the lead in the campaign that it was offered to, None where it was offered to none or is not decided;
    `is_campaign_gone`, whether that was deleted. `sales` (buyerId, buyer, priceMinor, subscriptionId, reason; amounts
    in minor units of `currency`) and `lead_score` are its own lead's. `reasons` are those of a refused row, whose
    `repair` is `waiting`, `repaired` or `discarded`.
    """

    drop_id: int
    stage: str
    received_at: datetime
    body_sha256: str
    lead_id: str | None
    is_own: bool
    assigned_to: str | None
    assignment_reason: str | None
    reasons: list[dict[str, Any]] | None
    repair: str | None
    is_offered: bool
    outcome: str | None
    is_campaign_gone: bool
    lead_score: int | None
    currency: str | None
    sales: list[dict[str, Any]]

    @property
    def status(self) -> str:
        """accepted, duplicate, refused, or pending while nobody has decided it."""
        if self.lead_id is not None:
            return "accepted" if self.is_own else "duplicate"
        return "pending" if self.reasons is None else "refused"

    def holds(self, body: bytes) -> bool:
        """Whether it was landed with these very bytes."""
        return self.body_sha256 == hashlib.sha256(body).hexdigest()


_SELECT = """
    SELECT d.drop_id, d.stage, d.received_at, d.body_sha256,
        coalesce(l.lead_id, s.lead_id, q.repaired_lead_id)::text AS lead_id,
        l.lead_id IS NOT NULL OR q.repaired_lead_id IS NOT NULL AS is_own, w.slug AS assigned_to,
        a.reason AS assignment_reason, q.reasons, q.status AS repair, c.lead_id IS NOT NULL AS is_offered, c.outcome,
        c.lead_id IS NOT NULL AND (o.campaign_id IS NULL OR o.deleted_at IS NOT NULL) AS is_campaign_gone,
        CASE WHEN s.lead_id IS NULL THEN c.lead_score END AS lead_score, m.currency,
        CASE WHEN s.lead_id IS NULL THEN coalesce(b.sales, '[]') ELSE '[]' END AS sales
    FROM raw.drops d
    LEFT JOIN core.leads l ON l.drop_id = d.drop_id
    LEFT JOIN core.lead_sightings s ON s.drop_id = d.drop_id
    LEFT JOIN core.quarantined_rows q ON q.drop_id = d.drop_id
    LEFT JOIN market.campaign_leads c ON c.lead_id = coalesce(l.lead_id, s.lead_id, q.repaired_lead_id)
    LEFT JOIN market.campaigns o ON o.campaign_id = c.campaign_id
    LEFT JOIN market.sellers m ON m.workspace_id = c.workspace_id
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object(
            'buyerId', x.destination_id, 'buyer', y.name, 'priceMinor', x.price_minor,
            'subscriptionId', z.subscription_id, 'reason', x.reason
        ) ORDER BY x.seq) AS sales
        FROM core.lead_assignments x
        JOIN market.buyers y ON y.buyer_id = x.destination_id
        LEFT JOIN market.campaign_subscriptions z ON z.campaign_id = c.campaign_id AND z.buyer_id = x.destination_id
        WHERE x.lead_id = c.lead_id AND x.destination_kind = 'buyer'
    ) b ON true
    LEFT JOIN core.lead_assignments a
        ON a.lead_id = coalesce(l.lead_id, q.repaired_lead_id) AND a.destination_kind = 'workspace' AND a.seq = 1
    LEFT JOIN core.workspaces w ON w.workspace_id = a.destination_id
    WHERE d.kind = 'supplier_lead'
"""


def supplier_drops(conn: psycopg.Connection, drop_ids: Sequence[int]) -> dict[int, SupplierDrop]:
    """Drop id to the drop. Each holds one lead at most."""
    with conn.cursor(row_factory=class_row(SupplierDrop)) as cursor:
        found = cursor.execute(f"{_SELECT} AND d.drop_id = ANY(%s)", [list(drop_ids)]).fetchall()
    return {drop.drop_id: drop for drop in found}


def drop_of_supplier(conn: psycopg.Connection, drop_id: int, supplier_id: str) -> SupplierDrop | None:
    """A supplier's own drop; None where there is none or it is another's."""
    with conn.cursor(row_factory=class_row(SupplierDrop)) as cursor:
        return cursor.execute(
            f"{_SELECT} AND d.drop_id = %s AND d.headers ->> 'supplier_id' = %s", [drop_id, supplier_id]
        ).fetchone()
