"""Credentials, addresses and secrets at rest, sealed anew with the newest key. Which columns those are; shows none.

A chunk is one transaction. A value that somebody changes meanwhile is sealed with the newest key by whoever changes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from lead_pipeline.store.sealed import Seal

CHUNK = 500


@dataclass(frozen=True)
class SealedColumn:
    """A column of sealed values, and the key of its table: each of its columns with what sorts before all values."""

    table: str
    key: Mapping[str, str]
    column: str


_LEAST = "00000000-0000-0000-0000-000000000000"
_DESTINATION = {"destination_id": _LEAST}
SEALED = (
    SealedColumn("outbound.platform_accounts", {"workspace_id": _LEAST, "platform": ""}, "credentials_sealed"),
    SealedColumn("outbound.destinations", _DESTINATION, "address_sealed"),
    SealedColumn("outbound.destinations", _DESTINATION, "secret_sealed"),
    SealedColumn("outbound.destinations", _DESTINATION, "previous_secret_sealed"),
)


def reseal(conn: psycopg.Connection, seal: Seal, which: SealedColumn, *, chunk: int = CHUNK) -> int:
    """Seal every value of a column with the first key, those that are already left alone. Returns how many changed.

    `conn` commits by itself. Raises SettingsError where a value opens with no key; the chunks before it stay resealed.
    """
    table, column = sql.Identifier(*which.table.split(".")), sql.Identifier(which.column)
    keys = sql.SQL(", ").join(map(sql.Identifier, which.key))
    after = sql.SQL("({}) > ({})").format(keys, sql.SQL(", ").join(sql.Placeholder() * len(which.key)))
    page = sql.SQL("SELECT {}, {} FROM {} WHERE {} IS NOT NULL AND {} ORDER BY {} LIMIT {}").format(
        keys, column, table, column, after, keys, sql.Literal(chunk)
    )
    same = sql.SQL("({}) = ({})").format(keys, sql.SQL(", ").join(sql.Placeholder() * len(which.key)))
    change = sql.SQL("UPDATE {} SET {} = %s WHERE {} AND {} = %s").format(table, column, same, column)
    last: Sequence[object] = list(which.key.values())
    changed = 0
    while rows := conn.execute(page, list(last)).fetchall():
        last = rows[-1][:-1]
        old = [(row[:-1], bytes(row[-1])) for row in rows]
        new = [(key, token, seal.reseal(token)) for key, token in old if not seal.is_newest(token)]
        with conn.transaction(), conn.cursor() as cursor:
            if new:
                cursor.executemany(change, [(fresh, *key, token) for key, token, fresh in new])
                changed += max(cursor.rowcount, 0)
    return changed
