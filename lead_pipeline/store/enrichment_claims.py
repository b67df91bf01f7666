"""Leads whose question is under way: claimed by one session, so that no two processes ask about the same one.

A claim is an advisory lock of the session: it outlives transactions, so that none stays open while a vendor thinks,
and ends with the process, however that ends. Holds no outcome (`enrichments`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import psycopg
from psycopg.rows import class_row

from lead_pipeline.store.enrichments import Waiting

Which = Literal["pending", "unsent", "overdue"]
"""Every pending lead; those that were not sent to be answered by a webhook; those that were, by `sent_by`."""
_WHICH: Mapping[Which, str] = {
    "pending": "true",
    "unsent": "e.sent_at IS NULL",
    "overdue": "e.sent_at <= %(sent_by)s",
}


@dataclass
class Claims:
    """The claims of one session on leads of a day, or on one lead. `conn` commits by itself."""

    conn: psycopg.Connection
    vendor: str
    day: date
    lead_id: str | None = None
    _held: set[str] = field(default_factory=set)

    def take(self, which: Which, limit: int, *, sent_by: datetime | None = None) -> list[Waiting]:
        """The next pending leads by id, at most `limit`, leaving those that anybody has under way."""
        parameters = {
            "vendor": self.vendor, "day": self.day, "lead_id": self.lead_id, "sent_by": sent_by,
            "held": list(self._held), "limit": limit,
        }  # fmt: skip
        rows = self.conn.execute(_LOCK.format(which=_WHICH[which]), parameters).fetchall()
        locked = [lead_id for (lead_id,) in rows]
        self._held.update(locked)
        # Read again: between the first look and the lock, whoever held one may have settled it.
        with self.conn.cursor(row_factory=class_row(Waiting)) as cursor:
            taken = cursor.execute(
                _READ.format(which=_WHICH[which]), {**parameters, "locked": locked}
            ).fetchall()  # fmt: skip
        self.release(set(locked) - {lead.lead_id for lead in taken})
        return taken

    def release(self, lead_ids: Iterable[str]) -> None:
        """Let go of leads, after what became of them is committed."""
        gone = sorted(lead_ids)
        if gone:
            self.conn.execute(
                f"SELECT pg_advisory_unlock({_KEY}) FROM unnest(%(ids)s::text[]) AS e (lead_id)",  # noqa: S608
                {"vendor": self.vendor, "ids": gone},
            )
            self._held.difference_update(gone)


def mark_sent(conn: psycopg.Connection, vendor: str, lead_ids: Sequence[str], now: datetime) -> None:
    """Note when leads were sent to be answered by a webhook."""
    conn.execute(
        "UPDATE core.enrichments SET sent_at = %s WHERE vendor = %s AND lead_id = ANY(%s::uuid[])",
        [now, vendor, list(lead_ids)],
    )


_KEY = "hashtextextended('core.enrichments/' || %(vendor)s || '/' || e.lead_id, 0)"
_PENDING = """
    e.vendor = %(vendor)s AND e.day = %(day)s AND e.status = 'pending' AND {which}
    AND (%(lead_id)s::uuid IS NULL OR e.lead_id = %(lead_id)s::uuid)
"""
# OFFSET 0 keeps the lock out of the inner query, so that it is tried in order and no more often than is asked for.
_LOCK = f"""
    SELECT e.lead_id::text FROM (
        SELECT e.lead_id FROM core.enrichments e
        WHERE {_PENDING} AND e.lead_id <> ALL(%(held)s::uuid[]) ORDER BY e.lead_id OFFSET 0
    ) e
    WHERE pg_try_advisory_lock({_KEY}) LIMIT %(limit)s
"""  # noqa: S608 - made of constants
_READ = f"""
    SELECT e.lead_id::text, l.workspace_id::text, l.domain, l.company_name
    FROM core.enrichments e JOIN core.leads l USING (lead_id)
    WHERE {_PENDING} AND e.lead_id = ANY(%(locked)s::uuid[]) ORDER BY e.lead_id
"""  # noqa: S608 - made of constants
