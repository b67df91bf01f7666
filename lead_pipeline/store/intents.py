"""What will be sent, written down by what decides it, in the same transaction. Sends nothing, words nothing.

A message's id follows from what it is about and to whom it goes, so writing it down twice is writing it down once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from lead_pipeline.domain.deliveries import HOT_SCORE
from lead_pipeline.store.bulk import array_literal

CONTENT_VERSION = 1
"""Of the wording: another version is another message about the same thing."""


@dataclass(frozen=True)
class Intent:
    """One message to one destination. `subject` is what it is about, such as `lead/<id>`; `context` what it tells."""

    kind: str
    subject: str
    workspace_id: str
    destination_id: str
    channel: str
    buyer_id: str | None = None
    lead_id: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Receiver:
    """A destination that is told now. `time_zone` is its own, None for its workspace's; `summary_hour` is local."""

    destination_id: str
    workspace_id: str
    buyer_id: str | None
    user_id: str | None
    manager_id: str | None
    channel: str
    time_zone: str | None
    summary_hour: int


def intend(conn: psycopg.Connection, intents: Sequence[Intent], *, now: datetime, run_id: str) -> int:
    """Write messages down, in the caller's transaction. Returns how many are new."""
    if not intents:
        return 0
    return conn.execute(
        _INTEND,
        {
            "rows": Jsonb([{**vars(one), "context": dict(one.context)} for one in intents]),
            "version": CONTENT_VERSION,
            "now": now,
            "run_id": run_id,
        },
    ).rowcount


def id_of(conn: psycopg.Connection, intent: Intent) -> str:
    """What a message is known by, written down or not."""
    known_by = [intent.kind, intent.subject, intent.destination_id, CONTENT_VERSION]
    [[found]] = conn.execute("SELECT outbound.delivery_id(%s, %s, %s, %s)::text", known_by)
    return str(found)


def intend_sales(
    conn: psycopg.Connection, lead_ids: Sequence[str], buyer_ids: Sequence[str], *, now: datetime, run_id: str
) -> int:
    """Write down whom sales are told to, pairs of lead and buyer, in the transaction that decides them.

    A lead of HOT_SCORE or more is told of as hot to whoever wants that, else as new. Returns how many are new.
    """
    return conn.execute(
        _SALES,
        {
            "leads": array_literal(lead_ids),
            "buyers": array_literal(buyer_ids),
            "hot": HOT_SCORE,
            "version": CONTENT_VERSION,
            "now": now,
            "run_id": run_id,
        },
    ).rowcount


def intend_notices(conn: psycopg.Connection, keys: Sequence[str], *, now: datetime, run_id: str) -> int:
    """Write down whom notices are told to, by their keys, in the transaction that makes them.

    A notice about a buyer goes to the buyer's destinations, one about no buyer to the workspace's own.
    """
    given = {"keys": list(keys), "version": CONTENT_VERSION, "now": now, "run_id": run_id}
    return conn.execute(_NOTICES, given).rowcount


def receivers_of(conn: psycopg.Connection, kind: str, workspace_ids: Sequence[str] | None = None) -> list[Receiver]:
    """Destinations that want to be told of a kind of thing, of some workspaces or of all."""
    rows = conn.execute(
        """
        SELECT destination_id::text, workspace_id::text, buyer_id::text, user_id::text, manager_id::text, channel,
            time_zone, summary_hour
        FROM outbound.receivers WHERE kinds @> ARRAY[%(kind)s]::text[]
            AND (%(workspaces)s::uuid[] IS NULL OR workspace_id = ANY(%(workspaces)s::uuid[]))
        ORDER BY workspace_id, destination_id
        """,
        {"kind": kind, "workspaces": None if workspace_ids is None else list(workspace_ids)},
    )
    return [Receiver(*row) for row in rows]


_COLUMNS = """
    (delivery_id, workspace_id, buyer_id, destination_id, channel, kind, subject, lead_id, content_version, context,
    day, run_id, intended_at, next_attempt_at)
"""
_ID = "outbound.delivery_id({kind}, {subject}, {destination}, %(version)s)"
_WHEN = "(%(now)s AT TIME ZONE 'UTC')::date, %(run_id)s, %(now)s, %(now)s"
_INTEND = f"""
INSERT INTO outbound.deliveries {_COLUMNS}
SELECT {_ID.format(kind="i.kind", subject="i.subject", destination="i.destination_id")}, i.workspace_id, i.buyer_id,
    i.destination_id, i.channel, i.kind, i.subject, i.lead_id, %(version)s, i.context, {_WHEN}
FROM jsonb_to_recordset(%(rows)s) AS i (
    kind text, subject text, workspace_id uuid, destination_id uuid, channel text, buyer_id uuid, lead_id uuid,
    context jsonb
)
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants
_SALES = f"""
INSERT INTO outbound.deliveries {_COLUMNS}
SELECT {_ID.format(kind="told.kind", subject="told.subject", destination="r.destination_id")}, r.workspace_id,
    r.buyer_id, r.destination_id, r.channel, told.kind, told.subject, s.lead_id, %(version)s, '{{}}', {_WHEN}
FROM unnest(%(leads)s::uuid[], %(buyers)s::uuid[]) AS s (lead_id, buyer_id)
JOIN outbound.receivers r ON r.buyer_id = s.buyer_id
JOIN market.campaign_leads l ON l.lead_id = s.lead_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN l.lead_score >= %(hot)s AND r.kinds @> '{{hot_lead}}' THEN 'hot_lead' ELSE 'new_lead' END AS kind,
        'lead/' || s.lead_id AS subject
) told
WHERE r.kinds @> ARRAY[told.kind]
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants
_NOTICES = f"""
INSERT INTO outbound.deliveries {_COLUMNS}
SELECT {_ID.format(kind="n.kind", subject="'notice/' || n.notice_id", destination="r.destination_id")}, r.workspace_id,
    r.buyer_id, r.destination_id, r.channel, n.kind, 'notice/' || n.notice_id, NULL, %(version)s, n.detail, {_WHEN}
FROM market.notices n
JOIN outbound.receivers r ON r.workspace_id = n.workspace_id AND r.buyer_id IS NOT DISTINCT FROM n.buyer_id
WHERE n.key = ANY(%(keys)s) AND r.kinds @> ARRAY[n.kind]
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constants
