"""What a materialisation shows: row counts, time, columns of its table, and the drops that it consumed."""

from datetime import date
from typing import Any

from dagster import MetadataValue, TableColumn, TableSchema

from lead_pipeline.store.catalogue import columns_of, drops_of_day, rows_of_day
from lead_pipeline.store.connections import connect


def table_metadata(url: str, table: str, day: date, **more: Any) -> dict[str, Any]:
    """Of `table` (schema.name): columns, and how many rows it has of the day. `more` is shown as it is."""
    with connect(url, autocommit=True) as conn:
        columns = columns_of(conn, table)
        drops, total = drops_of_day(conn, day), rows_of_day(conn, table, day)
    return {
        "dagster/partition_row_count": total,
        "dagster/table_name": table,
        "dagster/column_schema": TableSchema(
            [TableColumn(name, kind, description=about) for name, kind, about in columns]
        ),
        "drops": MetadataValue.json(drops),
        **more,
    }
