"""A page of a list: the rows that come after a place, in the order of two columns that an index has. Holds no list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import psycopg
from psycopg.rows import class_row

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where a page ended: the time and the id of its last row."""

    at: datetime
    id: str


@dataclass(frozen=True)
class Asked:
    """How many rows are wanted, after which place; None for the first page."""

    limit: int
    after: Place | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of a list, and where the next page begins; None where this is the last one."""

    rows: list[T]
    next: Place | None


def fetch_page(
    conn: psycopg.Connection,
    kind: type[T],
    query: str,
    wanted: Mapping[str, Any],
    asked: Asked,
    *,
    order: tuple[str, str],
    place: Callable[[T], Place],
    newest_first: bool = False,
    id_type: str = "uuid",
) -> Page[T]:
    """One page of `query`, which ends in a WHERE clause, narrowed by `wanted`: condition with one `%s` -> value.

    A condition whose value is None is left out. `order` are the time and id columns; `place` reads them off a row.
    """
    kept = {condition: value for condition, value in wanted.items() if value is not None}
    conditions = [f"AND {condition}" for condition in kept]
    values: list[Any] = list(kept.values())
    if asked.after is not None:
        sign = "<" if newest_first else ">"
        conditions.append(f"AND ({order[0]}, {order[1]}) {sign} (%s, %s::{id_type})")
        values += [asked.after.at, asked.after.id]
    direction = "DESC" if newest_first else "ASC"
    ending = f"ORDER BY {order[0]} {direction}, {order[1]} {direction} LIMIT %s"
    with conn.cursor(row_factory=class_row(kind)) as cursor:
        rows = cursor.execute(f"{query} {' '.join(conditions)} {ending}", [*values, asked.limit + 1]).fetchall()
    has_more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    return Page(rows, place(rows[-1]) if has_more else None)
