"""What a materialisation shows: row counts, time, columns of its table, and the drops that it consumed."""

from datetime import date
from typing import Any

from dagster import MetadataValue, TableColumn, TableSchema

from lead_pipeline.store.catalogue import columns_of, drops_of_day
from lead_pipeline.store.connections import connect


def table_metadata(url: str, table: str, day: date, *, rows: int, **more: Any) -> dict[str, Any]:
    """`rows`: rows that this run wrote into `table` (schema.name). `more` is shown as it is."""
    with connect(url, autocommit=True) as conn:
        columns = columns_of(conn, table)
        drops = drops_of_day(conn, day)
    return {
        "dagster/row_count": rows,
        "dagster/table_name": table,
        "dagster/column_schema": TableSchema(
            [TableColumn(name, kind, description=about) for name, kind, about in columns]
        ),
        "drops": MetadataValue.json(drops),
        **more,
    }
