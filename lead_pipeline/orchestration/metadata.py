"""What a materialisation shows: row counts, time, columns of its table, and the drops that it consumed."""

from datetime import date
from typing import Any

from dagster import MetadataValue, TableColumn, TableSchema

from lead_pipeline.store.catalogue import columns_of, drops_of_day, pages_of_day, rows_of_day
from lead_pipeline.store.connections import connect


def table_metadata(url: str, table: str, day: date, pages_of: str | None = None, /, **more: Any) -> dict[str, Any]:
    """Of `table` (schema.name): columns, and how many rows it has of the day, or pages of one vendor.

    `more` is shown as it is.
    """
    with connect(url, autocommit=True) as conn:
        columns, drops = columns_of(conn, table), drops_of_day(conn, day)
        total = rows_of_day(conn, table, day) if pages_of is None else pages_of_day(conn, pages_of, day)
    return {
        "dagster/partition_row_count": total,
        "dagster/table_name": table,
        "dagster/column_schema": TableSchema(
            [TableColumn(name, kind, description=about) for name, kind, about in columns]
        ),
        "drops": MetadataValue.json(drops),
        **more,
    }
