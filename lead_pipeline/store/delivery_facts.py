"""What messages tell, read for many of them at a time: one query a family, never one a message. Words nothing.

Facts are as `channels.rendering.render` takes them. What is no longer there is not in the answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from lead_pipeline.domain.money import Money
from lead_pipeline.store.bulk import array_literal

Facts = dict[str, Any]

_FRAMES = """
    SELECT d.destination_id::text, d.workspace_id::text, d.buyer_id::text, b.name AS buyer, w.name AS workspace,
        coalesce(d.time_zone, w.time_zone) AS time_zone, w.settings ->> 'email_provider' AS email_provider,
        w.branding ->> 'name' AS brand, w.branding ->> 'color' AS color, w.branding ->> 'reply_to' AS reply_to
    FROM outbound.destinations d
    JOIN core.workspaces w USING (workspace_id)
    LEFT JOIN market.buyers b ON b.buyer_id = d.buyer_id
    WHERE d.destination_id = ANY(%s::uuid[])
"""
_BRAND = """
    SELECT coalesce(w.branding ->> 'name', w.name) AS name, w.branding ->> 'color' AS color,
        w.branding ->> 'reply_to' AS reply_to
    FROM core.workspaces w WHERE w.workspace_id = %s
"""
_PERSON = "l.full_name, l.first_name, l.last_name, l.email, l.phone, l.company_name, l.city, l.state"
_STAYS = "NOT EXISTS (SELECT 1 FROM core.archived_leads g WHERE g.lead_id = l.lead_id)"
_BOUGHT = f"""
    SELECT l.lead_id::text AS id, a.destination_id::text AS buyer_id, {_PERSON}, c.name AS campaign,
        k.name AS category, o.supplier_quality AS quality, o.lead_score AS score, o.state AS offered_in,
        a.price_minor, s.currency, l.attributes, l.received_at, a.decided_at AS assigned_at
    FROM unnest(%(leads)s::uuid[], %(buyers)s::uuid[]) AS told (lead_id, buyer_id)
    JOIN core.leads l ON l.lead_id = told.lead_id
    JOIN core.lead_assignments a
        ON a.lead_id = told.lead_id AND a.destination_kind = 'buyer' AND a.destination_id = told.buyer_id
    JOIN market.campaign_leads o ON o.lead_id = told.lead_id
    JOIN market.campaigns c USING (campaign_id)
    JOIN market.categories k ON k.category_id = o.category_id
    JOIN market.sellers s ON s.workspace_id = o.workspace_id
    WHERE {_STAYS}
"""  # noqa: S608 - constants
# Contacts without those whose address was refused, as platforms get them.
_ROUTED = f"""
    SELECT l.lead_id::text AS id, {_PERSON}, l.job_title, l.domain, l.website, l.industry, l.employee_count,
        l.revenue, l.country, i.band, coalesce(l.signals, '[]') AS signals, a.reason, r.rule_name AS rule,
        coalesce(r.actions -> 'tag_with', '[]') AS tags, l.received_at,
        CASE WHEN e.status = 'completed' THEN e.settled_at END AS enriched_at, coalesce(p.contacts, '[]') AS contacts
    FROM core.leads l
    JOIN LATERAL (
        SELECT x.* FROM core.lead_assignments x
        WHERE x.lead_id = l.lead_id AND x.destination_kind = 'workspace' ORDER BY x.seq DESC LIMIT 1
    ) a ON true
    LEFT JOIN core.intent_scores i ON i.lead_id = l.lead_id
    LEFT JOIN core.lead_routing_rules r ON r.rule_id = a.rule_id AND r.version = a.rule_version
    LEFT JOIN core.enrichments e ON e.lead_id = l.lead_id AND e.vendor = 'clay'
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('full_name', c.full_name, 'email', c.email, 'title', c.title,
            'seniority', c.seniority, 'department', c.department, 'is_primary', c.is_primary)
            ORDER BY c.is_primary DESC, c.contact_no) AS contacts
        FROM core.lead_contacts c WHERE c.lead_id = l.lead_id AND c.email_status IS DISTINCT FROM 'invalid'
    ) p ON true
    WHERE l.lead_id = ANY(%s::uuid[]) AND {_STAYS}
"""  # noqa: S608 - constants
_LISTED = f"""
    SELECT l.lead_id::text AS id, {_PERSON}, l.industry, i.band
    FROM core.leads l LEFT JOIN core.intent_scores i ON i.lead_id = l.lead_id
    WHERE l.lead_id = ANY(%s::uuid[]) AND {_STAYS}
"""  # noqa: S608 - constants
# Whoever asks may not read who is archived; nothing is left by which such a lead could be addressed.
_ADDRESSED = f"""
    SELECT l.lead_id::text AS id, l.workspace_id::text, {_PERSON}, l.job_title, l.industry, l.country,
        w.name AS sender_name
    FROM core.leads l JOIN core.workspaces w USING (workspace_id)
    WHERE l.lead_id = ANY(%s::uuid[])
        AND coalesce(l.full_name, l.first_name, l.last_name, l.email, l.company_name) IS NOT NULL
"""  # noqa: S608 - constants
_OWN_ATTRIBUTES = ("campaign_id", "category_id", "supplier_quality")
"""Of a sold lead: what its supplier said of it, no field of its category."""


def frames(conn: psycopg.Connection, destination_ids: Sequence[str]) -> dict[str, Facts]:
    """Destination to what any message to it begins with: whose it is, brand, zone, and who sends its e-mails."""
    return {
        row["destination_id"]: {
            "workspace_id": row["workspace_id"],
            "workspace": row["workspace"],
            "buyer_id": row["buyer_id"],
            "buyer": row["buyer"],
            "time_zone": row["time_zone"],
            "email_provider": row["email_provider"],
            "brand": {
                "name": row["brand"] or row["workspace"], "color": row["color"], "reply_to": row["reply_to"],
            },
        }
        for row in _rows(conn, _FRAMES, [list(destination_ids)])
    }  # fmt: skip


def brand_of(conn: psycopg.Connection, workspace_id: str) -> Facts:
    """Under which name and colour a workspace writes."""
    (row,) = _rows(conn, _BRAND, [workspace_id])
    return row


def bought_leads(
    conn: psycopg.Connection, lead_ids: Sequence[str], buyer_ids: Sequence[str]
) -> dict[tuple[str, str], Facts]:
    """Pairs of lead and buyer to what the buyer is told of a lead that it bought, who sent it left out."""
    given = {"leads": array_literal(lead_ids), "buyers": array_literal(buyer_ids)}
    found: dict[tuple[str, str], Facts] = {}
    for row in _rows(conn, _BOUGHT, given):
        amount = Money(row.pop("price_minor") or 0, row.pop("currency"))
        attributes = {name: value for name, value in (row["attributes"] or {}).items() if name not in _OWN_ATTRIBUTES}
        offered_in = row.pop("offered_in")
        found[row["id"], row["buyer_id"]] = {
            **row,
            "price": str(amount),
            "attributes": attributes,
            "state": row["state"] or offered_in,
        }
    return found


def routed_leads(conn: psycopg.Connection, lead_ids: Sequence[str]) -> dict[str, Facts]:
    """Lead to what its workspace is told of it: company, band and signals, contacts, why it came here, tags."""
    return {row["id"]: row for row in _rows(conn, _ROUTED, [list(lead_ids)])}


def listed_leads(conn: psycopg.Connection, lead_ids: Sequence[str]) -> dict[str, Facts]:
    """Lead to the little that a list tells of it."""
    return {row["id"]: row for row in _rows(conn, _LISTED, [list(lead_ids)])}


def addressed_leads(conn: psycopg.Connection, lead_ids: Sequence[str]) -> dict[str, Facts]:
    """Lead to the fields that a text to it may name, and `workspace_id`."""
    return {row["id"]: row for row in _rows(conn, _ADDRESSED, [list(lead_ids)])}


def _rows(conn: psycopg.Connection, query: str, given: Sequence[Any] | Mapping[str, Any]) -> list[Facts]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, given).fetchall()
