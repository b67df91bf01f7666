"""What must hold of rows that were refused: that nobody forgets them. Says with which command each lot is repaired."""

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetCheckSeverity,
    MetadataValue,
    TableColumn,
    TableRecord,
    TableSchema,
    asset_check,
)

from lead_pipeline.orchestration.partitions import day_of_check
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.suggest_repairs import WaitingReason, waiting_reasons
from lead_pipeline.store.connections import connect
from lead_pipeline.store.quarantine import RowFilter, waiting_counts

_SHOWN = 50
_COLUMNS = TableSchema(
    [
        TableColumn("check", description="What they failed."),
        TableColumn("column", description="Column that it is about."),
        TableColumn("rows", "int", description="Rows that wait for it; a row may be in several lines."),
        TableColumn("oldest", description="Since when the first of them waits, UTC."),
        TableColumn("command", description="What repairs them, the best command first."),
    ]
)


@asset_check(asset="quarantined_rows")
def no_row_waits(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while any row waits, of this day or an earlier one, and names the command that repairs each lot."""
    day = day_of_check(context)
    with connect(pipeline.url) as conn:
        waiting, of_the_day = waiting_counts(conn, day)
    reasons = waiting_reasons(pipeline.url, RowFilter(), Run(context.run.run_id))[:_SHOWN] if waiting else []
    return AssetCheckResult(
        passed=waiting == 0,
        severity=AssetCheckSeverity.WARN,
        description=None if waiting == 0 else f"{waiting} rows wait. See them: lead-pipeline quarantine list",
        metadata={
            "waiting": waiting,
            "of_the_day": of_the_day,
            "reasons": MetadataValue.table(records=[_record(reason) for reason in reasons], schema=_COLUMNS),
        },
    )


def _record(reason: WaitingReason) -> TableRecord:
    return TableRecord(
        {
            "check": reason.check,
            "column": reason.column,
            "rows": reason.rows,
            "oldest": f"{reason.oldest:%Y-%m-%d %H:%M:%S}",
            "command": "\n".join(reason.commands),
        }
    )


CHECKS = [no_row_waits]
