"""What was rebuilt in the schema `replay` beside what `core` holds of the same drops: row hashes, then columns.

Both sides are hashed by Postgres, as text. Reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from lead_pipeline.store.catalogue import columns_of


@dataclass(frozen=True)
class Compared:
    """One table: rows that `core` holds of the chosen drops, rows rebuilt, and how they compare."""

    table: str
    in_core: int
    rebuilt: int
    identical: int
    different: int
    missing: int
    extra: int

    @property
    def is_identical(self) -> bool:
        return self.identical == self.in_core == self.rebuilt


@dataclass(frozen=True)
class Difference:
    """One row. `what`: different, with the columns; missing: core has it, the drops do not; extra: the other way."""

    table: str
    key: str
    what: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Table:
    """`own`: where the rows of `core` come from, as `t`; `only`: the columns compared, None for all but `not_`."""

    name: str
    keys: tuple[str, ...]
    own: str
    only: tuple[str, ...] | None = None
    not_: tuple[str, ...] = ()


_OF_DROPS = "core.{} t JOIN replay.drops USING (drop_id)"
_TABLES = (
    _Table("leads", ("lead_id",), _OF_DROPS.format("leads")),
    _Table("lead_sightings", ("drop_id", "row_no"), _OF_DROPS.format("lead_sightings")),
    _Table(
        "quarantined_rows",
        ("drop_id", "row_no"),
        _OF_DROPS.format("quarantined_rows"),
        only=("row", "reasons", "contract_version"),  # what became of a row is history, not content
    ),
    _Table("intent_scores", ("lead_id",), _OF_DROPS.format("intent_scores"), not_=("run_id", "scored_at")),
    _Table(
        "lead_assignments",
        ("lead_id",),
        """
        (
            SELECT a.* FROM core.lead_assignments a JOIN replay.lead_ids USING (lead_id)
            WHERE a.destination_kind = 'workspace' AND a.seq = 1
        ) t
        """,
        not_=("run_id", "decided_at"),
    ),
)
_OF_LEADS = "(SELECT x.* FROM core.{} x JOIN replay.compared USING (lead_id) WHERE {}) t"
ANSWERED_TABLES = (
    _Table(
        "enrichments",
        ("lead_id",),
        _OF_LEADS.format("enrichments", "x.vendor = 'clay' AND x.answer_drop_id IS NOT NULL"),
        only=("status", "reason", "contacts_found", "answer_drop_id"),  # when, and by which run, is history
    ),
    _Table("lead_contacts", ("lead_id", "contact_no"), _OF_LEADS.format("lead_contacts", "true")),
)
"""What `store.replay_answers` rebuilds."""


def compare(
    conn: psycopg.Connection, *, named: int, tables: Sequence[_Table] = _TABLES
) -> tuple[list[Compared], list[Difference]]:
    """Every rebuilt table with its counts, and the first `named` rows of all that differ."""
    counts: list[Compared] = []
    differences: list[Difference] = []
    for table in tables:
        compared = _compare(conn, table)
        counts.append(compared)
        if not compared.is_identical and len(differences) < named:
            differences += _differences(conn, table, named - len(differences))
    return counts, differences


def _compare(conn: psycopg.Connection, table: _Table) -> Compared:
    row = conn.execute(
        sql.SQL(
            """
            SELECT count(c.hash), count(r.hash), count(*) FILTER (WHERE c.hash = r.hash),
                count(*) FILTER (WHERE c.hash <> r.hash), count(*) FILTER (WHERE r.hash IS NULL),
                count(*) FILTER (WHERE c.hash IS NULL)
            FROM {}
            """
        ).format(_joined(conn, table))
    ).fetchone()
    assert row is not None
    return Compared(f"core.{table.name}", *row)


def _differences(conn: psycopg.Connection, table: _Table, most: int) -> list[Difference]:
    keys = sql.SQL(", ").join(map(sql.Identifier, table.keys))
    rows = conn.execute(
        sql.SQL(
            "SELECT c.hash IS NULL, r.hash IS NULL, {keys} FROM {joined} "
            "WHERE c.hash IS DISTINCT FROM r.hash ORDER BY {keys} LIMIT {most}"
        ).format(keys=keys, joined=_joined(conn, table), most=most)
    ).fetchall()
    found = []
    for row in rows:
        is_extra, is_missing, key = row[0], row[1], row[2:]
        what = "extra" if is_extra else "missing" if is_missing else "different"
        columns = _unlike_columns(conn, table, key) if what == "different" else ()
        words = ", ".join(f"{name} {value}" for name, value in zip(table.keys, key, strict=True))
        found.append(Difference(f"core.{table.name}", words, what, columns))
    return found


def _unlike_columns(conn: psycopg.Connection, table: _Table, key: Sequence[Any]) -> tuple[str, ...]:
    is_it = sql.SQL(" AND ").join(sql.SQL("t.{} = %s").format(sql.Identifier(name)) for name in table.keys)
    query = sql.SQL("SELECT {columns} FROM {source} WHERE {is_it}")
    columns = _columns(conn, table)
    texts = sql.SQL(", ").join(sql.SQL("t.{}::text").format(sql.Identifier(name)) for name in columns)
    ours, again = (
        conn.execute(query.format(columns=texts, source=source, is_it=is_it), key).fetchone() or ()
        for source in (sql.SQL(table.own), _rebuilt(table))
    )
    return tuple(name for name, one, other in zip(columns, ours, again, strict=True) if one != other)


def _joined(conn: psycopg.Connection, table: _Table) -> sql.Composable:
    keys = sql.SQL(", ").join(map(sql.Identifier, table.keys))
    own = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in table.keys)
    row = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in _columns(conn, table))
    side = sql.SQL("SELECT {own}, md5(ROW({row})::text) AS hash FROM {source}")
    return sql.SQL("({core}) c FULL JOIN ({again}) r USING ({keys})").format(
        core=side.format(own=own, row=row, source=sql.SQL(table.own)),
        again=side.format(own=own, row=row, source=_rebuilt(table)),
        keys=keys,
    )


def _rebuilt(table: _Table) -> sql.Composable:
    return sql.SQL("replay.{} t").format(sql.Identifier(table.name))


def _columns(conn: psycopg.Connection, table: _Table) -> tuple[str, ...]:
    """The columns compared. A sighting has none beside its key but its lead."""
    names = table.only or tuple(name for name, _, _ in columns_of(conn, f"core.{table.name}"))
    return tuple(name for name in names if name not in table.not_)
