"""`core.quarantined_rows` while they wait: which ones a filter means, locking them, settling them. Edits no row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

Key = tuple[int, int]
STATUSES = ("waiting", "repaired", "discarded")


@dataclass(frozen=True)
class ReasonMatch:
    """One of a row's reasons begins with `check` and is about `column`; None does not constrain."""

    check: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class RowFilter:
    """Which quarantined rows are meant: all that is given holds. `status` None is any."""

    workspace_ids: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    reasons: tuple[ReasonMatch, ...] = ()
    keys: tuple[Key, ...] | None = None
    status: str | None = "waiting"

    def __and__(self, other: "RowFilter") -> "RowFilter":
        keys = self.keys if other.keys is None else other.keys
        return RowFilter(
            self.workspace_ids + other.workspace_ids,
            self.sources + other.sources,
            self.reasons + other.reasons,
            keys,
            self.status,
        )

    @property
    def names_nothing(self) -> bool:
        """Whether it means every row there is."""
        return not (self.workspace_ids or self.sources or self.reasons or self.keys)


@dataclass(frozen=True)
class QuarantinedRow:
    """One row of core.quarantined_rows with what its drop says of it. `row` holds text by our column names."""

    drop_id: int
    row_no: int
    workspace_id: str | None
    workspace_country: str | None
    workspace: str | None
    source: str
    row: dict[str, Any]
    reasons: list[dict[str, Any]]
    status: str
    quarantined_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    repair_drop_id: int | None
    repaired_lead_id: str | None

    @property
    def key(self) -> Key:
        return self.drop_id, self.row_no


@dataclass(frozen=True)
class ReasonCount:
    """Rows of one reason; `check` is without what stands behind its first colon."""

    check: str
    column: str | None
    rows: int
    oldest: datetime


_COLUMNS = """q.drop_id, q.row_no, d.workspace_id::text AS workspace_id, w.country AS workspace_country,
    w.slug AS workspace, d.source, q.row, q.reasons, q.status, q.quarantined_at, q.settled_at, q.settled_by,
    q.repair_drop_id, q.repaired_lead_id::text AS repaired_lead_id"""
_TABLES = """core.quarantined_rows q JOIN raw.drops d USING (drop_id)
    LEFT JOIN core.workspaces w ON w.workspace_id = d.workspace_id"""
# = ALL of an empty list is true: what is not given does not constrain.
_MEANT = """d.source = ALL(%(sources)s::text[])
    AND (%(workspace_ids)s::uuid[] = '{}' OR d.workspace_id = ALL(%(workspace_ids)s::uuid[]))
    AND (%(drop_ids)s::bigint[] IS NULL
        OR (q.drop_id, q.row_no) IN (SELECT * FROM unnest(%(drop_ids)s::bigint[], %(row_nos)s::bigint[])))
    AND NOT EXISTS (
        SELECT 1 FROM jsonb_to_recordset(%(reasons)s) AS m ("check" text, "column" text)
        WHERE NOT EXISTS (
            SELECT 1 FROM jsonb_array_elements(q.reasons) r
            WHERE (m."check" IS NULL OR starts_with(r ->> 'check', m."check"))
                AND (m."column" IS NULL OR r ->> 'column' = m."column")
        )
    )"""


def condition(meant: RowFilter) -> tuple[str, dict[str, Any]]:
    """The filter as SQL over q (core.quarantined_rows) and d (raw.drops), and its parameters."""
    status = f"q.status = '{STATUSES[STATUSES.index(meant.status)]}' AND " if meant.status else ""
    return status + _MEANT, {
        "sources": list(meant.sources),
        "workspace_ids": list(meant.workspace_ids),
        "drop_ids": None if meant.keys is None else [drop_id for drop_id, _ in meant.keys],
        "row_nos": None if meant.keys is None else [row_no for _, row_no in meant.keys],
        "reasons": Jsonb([{"check": match.check, "column": match.column} for match in meant.reasons]),
    }


def quarantined_rows(conn: psycopg.Connection, meant: RowFilter, *, limit: int | None = None) -> list[QuarantinedRow]:
    """The rows, in order of drop and row."""
    where, params = condition(meant)
    with conn.cursor(row_factory=class_row(QuarantinedRow)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM {_TABLES} WHERE {where} ORDER BY q.drop_id, q.row_no LIMIT %(limit)s",  # noqa: S608
            {**params, "limit": limit},
        ).fetchall()


def keys_by_workspace(conn: psycopg.Connection, meant: RowFilter) -> dict[str, list[Key]]:
    """Workspace id to its rows, in order, without drops that were refused whole."""
    where, params = condition(meant)
    found: dict[str, list[Key]] = {}
    for workspace, drop_id, row_no in conn.execute(
        f"""
        SELECT d.workspace_id::text, q.drop_id, q.row_no FROM {_TABLES}
        WHERE {where} AND q.row_no >= 0 AND d.workspace_id IS NOT NULL ORDER BY 1, 2, 3
        """,  # noqa: S608 - constants
        params,
    ):
        found.setdefault(workspace, []).append((drop_id, row_no))
    return found


def lock_waiting(conn: psycopg.Connection, keys: Sequence[Key]) -> list[QuarantinedRow]:
    """Lock those of the rows that still wait, in order; whoever is at them is waited for."""
    with conn.cursor(row_factory=class_row(QuarantinedRow)) as cursor:
        return cursor.execute(
            f"""
            SELECT {_COLUMNS} FROM {_TABLES}
            WHERE q.status = 'waiting'
                AND (q.drop_id, q.row_no) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[]))
            ORDER BY q.drop_id, q.row_no FOR UPDATE OF q
            """,  # noqa: S608 - constants
            [[drop_id for drop_id, _ in keys], [row_no for _, row_no in keys]],
        ).fetchall()


def settle_repaired(conn: psycopg.Connection, keys: Sequence[Key], *, repair_drop: int, by: str) -> int:
    """Link rows to what they became, the n-th key to row n of the repair drop. Returns how many became something."""
    done = conn.execute(
        """
        UPDATE core.quarantined_rows q SET status = 'repaired', settled_at = now(), settled_by = %(by)s,
            repair_drop_id = %(repair)s, repaired_lead_id = became.lead_id
        FROM unnest(%(drop_ids)s::bigint[], %(row_nos)s::bigint[]) WITH ORDINALITY AS n (drop_id, row_no, place)
        JOIN (
            SELECT row_no, lead_id FROM core.leads WHERE drop_id = %(repair)s
            UNION ALL SELECT row_no, lead_id FROM core.lead_sightings WHERE drop_id = %(repair)s
        ) became ON became.row_no = n.place - 1
        WHERE q.drop_id = n.drop_id AND q.row_no = n.row_no AND q.status = 'waiting'
        """,
        {
            "by": by,
            "repair": repair_drop,
            "drop_ids": [drop_id for drop_id, _ in keys],
            "row_nos": [row_no for _, row_no in keys],
        },
    )
    return done.rowcount


def discard_rows(conn: psycopg.Connection, meant: RowFilter, *, reason: str) -> int:
    """Settle waiting rows as discarded. Returns how many there were."""
    where, params = condition(meant)
    done = conn.execute(
        f"""
        WITH meant AS (
            SELECT q.drop_id, q.row_no FROM {_TABLES} WHERE {where}
            ORDER BY q.drop_id, q.row_no FOR UPDATE OF q
        )
        UPDATE core.quarantined_rows q SET status = 'discarded', settled_at = now(), settled_by = %(reason)s
        FROM meant WHERE q.drop_id = meant.drop_id AND q.row_no = meant.row_no AND q.status = 'waiting'
        """,  # noqa: S608 - constants
        {**params, "reason": reason},
    )
    return done.rowcount


def reason_counts(conn: psycopg.Connection, meant: RowFilter) -> list[ReasonCount]:
    """Rows by reason, the most frequent first. A row that has two reasons is in both."""
    where, params = condition(meant)
    with conn.cursor(row_factory=class_row(ReasonCount)) as cursor:
        return cursor.execute(
            f"""
            SELECT split_part(r ->> 'check', ': ', 1) AS "check", r ->> 'column' AS "column",
                count(DISTINCT (q.drop_id, q.row_no)) AS rows, min(q.quarantined_at) AS oldest
            FROM {_TABLES} CROSS JOIN jsonb_array_elements(q.reasons) r
            WHERE {where} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
            """,  # noqa: S608 - constants
            params,
        ).fetchall()


def waiting_counts(conn: psycopg.Connection, day: date) -> tuple[int, int]:
    """Rows that wait, and those of them whose drop is of a day."""
    row = conn.execute(
        """
        SELECT count(*), count(*) FILTER (WHERE d.day = %s)
        FROM core.quarantined_rows q JOIN raw.drops d USING (drop_id) WHERE q.status = 'waiting'
        """,
        [day],
    ).fetchone()
    assert row is not None
    return row[0], row[1]
