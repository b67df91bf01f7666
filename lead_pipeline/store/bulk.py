"""Frames into Postgres and out of it, by COPY. Which tables and why is said in the files beside this one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

Params = Sequence[Any] | Mapping[str, Any]
_SLICE_ROWS = 10_000


def copy_frame(conn: psycopg.Connection, table: str, frame: pd.DataFrame, *, only_filled: bool = False) -> None:
    """COPY a frame into the columns of the same names. NaN, None and NaT become NULL; '' stays ''.

    `only_filled`: columns without a value are left to their default, so that Postgres need not read them.
    """
    columns = {str(name): pa.array(column.array, from_pandas=True) for name, column in frame.items()}
    if only_filled:
        columns = {name: values for name, values in columns.items() if values.null_count < len(values)}
    rows = pa.table(columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    with conn.cursor().copy(statement) as copy:
        # Slice by slice: Postgres reads the first rows while the next ones are written, and memory stays small.
        for start in range(0, len(rows), _SLICE_ROWS):
            text = pa.BufferOutputStream()
            csv.write_csv(rows.slice(start, _SLICE_ROWS), text, csv.WriteOptions(include_header=False))
            copy.write(memoryview(text.getvalue()))


def stage_frame(conn: psycopg.Connection, name: str, like: str, frame: pd.DataFrame) -> None:
    """COPY a frame into a temporary table shaped like `like`, emptied first and gone with the transaction."""
    conn.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} LIMIT 0").format(
            sql.Identifier(name),
            sql.SQL(", ").join(map(sql.Identifier, frame.columns)),
            sql.Identifier(*like.split(".")),
        )
    )
    copy_frame(conn, name, frame)


def array_literal(values: Iterable[str | int]) -> str:
    """Uuids or numbers as the literal of a Postgres array: one parameter, where each would have to be adapted."""
    return f"{{{','.join(map(str, values))}}}"


def fetch_frame(conn: psycopg.Connection, query: str, params: Params | None = None) -> pd.DataFrame:
    """The answer of a query as a frame; uuids and texts as `str`, jsonb as JSON text, SQL NULL as missing."""
    with conn.cursor() as cursor:
        cursor.execute(query, params)
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        text = [column.type_code in _TEXT_OIDS for column in cursor.description]
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype="str" if is_text else None)
            for name, values, is_text in zip(names, columns, text, strict=True)
        }
    )


_TEXT_OIDS = frozenset({25, 1043, 19})  # text, varchar, name: jsonb and uuid are cast to text by who asks
