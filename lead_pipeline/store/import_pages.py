"""Bulk imports in `raw.drops`: what is fetched of one, whichever day it was for, and what webhooks say is done."""

from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg.rows import class_row

SOURCE = "audience-labs"


@dataclass(frozen=True)
class FetchedImport:
    """Pages of one import so far: how many, and where to go on. `is_whole`: its last page is among them."""

    pages: int
    cursor: str | None

    @property
    def is_whole(self) -> bool:
        return self.pages > 0 and self.cursor is None


@dataclass(frozen=True)
class CompletedImport:
    """A webhook that told of a completed import, as it landed."""

    drop_id: int
    day: date
    received_at: datetime
    body: bytes


def page_id(import_id: str, number: int) -> str:
    """The external id of a page of an import, numbered from 0."""
    return f"import/{import_id}/{number}"


def fetched_of_import(conn: psycopg.Connection, import_id: str) -> FetchedImport:
    """Walk over the pages that are landed: they are numbered without a gap, and each is found by its unique key."""
    row = conn.execute(
        """
        WITH RECURSIVE pages (number, cursor) AS (
            SELECT 0, headers ->> 'next_cursor' FROM raw.drops
            WHERE source = %(source)s AND external_id = %(prefix)s || '0'
            UNION ALL
            SELECT p.number + 1, d.headers ->> 'next_cursor'
            FROM pages p JOIN raw.drops d ON d.source = %(source)s AND d.external_id = %(prefix)s || (p.number + 1)
        )
        SELECT count(*), (array_agg(cursor ORDER BY number DESC))[1] FROM pages
        """,
        {"source": SOURCE, "prefix": page_id(import_id, 0)[:-1]},
    ).fetchone()
    assert row is not None
    return FetchedImport(*row)


def completed_imports(conn: psycopg.Connection, since: date) -> list[CompletedImport]:
    """Webhooks since a day that told of a completed import, in order of arrival."""
    with conn.cursor(row_factory=class_row(CompletedImport)) as cursor:
        return cursor.execute(
            """
            SELECT drop_id, day, received_at, coalesce(body, '') AS body FROM raw.drops
            WHERE day >= %s AND kind = 'webhook' AND source = %s AND event_type = 'import.completed' AND stage = 'kept'
            ORDER BY drop_id
            """,
            [since, SOURCE],
        ).fetchall()
