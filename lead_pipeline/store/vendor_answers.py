"""Answers of vendors as drops: kept once, with their exact bytes, so that nobody is asked the same thing twice.

Holds no reading of an answer. The first answer to a question stays; a later one to the same question is not kept.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.types.json import Jsonb


@dataclass(frozen=True, repr=False)
class VendorAnswer:
    """One answer: `event` names the question, `key` what it was about; together they are unique per vendor."""

    vendor: str
    event: str
    key: str
    workspace_id: str | None
    day: date
    received_at: datetime
    body: bytes
    run_id: str
    lead_id: str | None = None

    @property
    def external_id(self) -> str:
        return f"{self.event}/{self.key}"


def keep_answers(conn: psycopg.Connection, answers: Sequence[VendorAnswer]) -> dict[tuple[str, str], int]:
    """Keep answers in the caller's transaction. (vendor, external id) to the drop, the earlier one where it was here.

    Sorted, so that two processes that keep the same answers wait for one another instead of deadlocking.
    """
    if not answers:
        return {}
    inserted = sorted({(one.vendor, one.external_id): one for one in answers}.items())
    rows = [one for _, one in inserted]
    conn.execute(
        """
        INSERT INTO raw.drops (source, kind, event_type, external_id, workspace_id, headers, body, body_sha256, day,
            received_at, stage, settled_at)
        SELECT n.source, 'vendor_answer', n.event, n.external_id, n.workspace_id, n.headers, n.body, n.sha256, n.day,
            n.received_at, 'kept', n.received_at
        FROM unnest(%(sources)s::text[], %(events)s::text[], %(ids)s::text[], %(workspaces)s::uuid[],
            %(headers)s::jsonb[], %(bodies)s::bytea[], %(hashes)s::text[], %(days)s::date[],
            %(received)s::timestamptz[])
            AS n (source, event, external_id, workspace_id, headers, body, sha256, day, received_at)
        ON CONFLICT (source, external_id) DO NOTHING
        """,
        {
            "sources": [one.vendor for one in rows], "events": [one.event for one in rows],
            "ids": [one.external_id for one in rows], "workspaces": [one.workspace_id for one in rows],
            "headers": [Jsonb(_headers(one)) for one in rows], "bodies": [one.body for one in rows],
            "hashes": [hashlib.sha256(one.body).hexdigest() for one in rows],
            "days": [one.day for one in rows], "received": [one.received_at for one in rows],
        },
    )  # fmt: skip
    known = conn.execute(
        """
        SELECT d.source, d.external_id, d.drop_id
        FROM raw.drops d JOIN unnest(%s::text[], %s::text[]) AS n (source, external_id) USING (source, external_id)
        """,
        [[one.vendor for one in rows], [one.external_id for one in rows]],
    )
    return {(source, external_id): drop_id for source, external_id, drop_id in known}


def keep_answer(
    conn: psycopg.Connection,
    *,
    vendor: str,
    event: str,
    key: str,
    workspace_id: str | None,
    day: date,
    received_at: datetime,
    body: bytes,
    run_id: str,
    lead_id: str | None = None,
) -> int:
    """Keep one answer in the caller's transaction. Returns its drop, the earlier one where the answer was here."""
    answer = VendorAnswer(vendor, event, key, workspace_id, day, received_at, body, run_id, lead_id)
    return keep_answers(conn, [answer])[vendor, answer.external_id]


def kept_answers(
    conn: psycopg.Connection, *, vendor: str, event: str, keys: Sequence[str]
) -> dict[str, tuple[int, bytes]]:
    """Key to (drop id, body) of those that are kept. One whose body retention has moved away is not."""
    if not keys:
        return {}
    rows = conn.execute(
        """
        SELECT external_id, drop_id, body FROM raw.drops
        WHERE source = %s AND external_id = ANY(%s) AND kind = 'vendor_answer' AND body IS NOT NULL
        """,
        [vendor, [f"{event}/{key}" for key in keys]],
    )
    return {external_id.removeprefix(f"{event}/"): (drop_id, bytes(body)) for external_id, drop_id, body in rows}


def kept_answer(conn: psycopg.Connection, *, vendor: str, event: str, key: str) -> tuple[int, bytes] | None:
    """(drop id, body) of one answer, None where it is not kept."""
    return kept_answers(conn, vendor=vendor, event=event, keys=[key]).get(key)


def _headers(answer: VendorAnswer) -> Mapping[str, str]:
    return {"run_id": answer.run_id} | ({} if answer.lead_id is None else {"lead_id": answer.lead_id})
