"""The one partitioning: the UTC day of a drop. Today's partition is open as soon as the day begins."""

from datetime import UTC, date, datetime

from dagster import AssetCheckExecutionContext, DailyPartitionsDefinition

DAYS = DailyPartitionsDefinition(start_date=datetime(2026, 1, 1, tzinfo=UTC), timezone="UTC", end_offset=1)


def day_of(partition_key: str) -> date:
    """The day that a partition key names."""
    return date.fromisoformat(partition_key)


def day_of_check(context: AssetCheckExecutionContext) -> date:
    """The day of the run; a check that is run by itself, without a day, looks at today."""
    return day_of(context.partition_key) if context.has_partition_key else datetime.now(UTC).date()
