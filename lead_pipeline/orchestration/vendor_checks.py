"""What must hold of the vendors: that each is being asked. Says with which command one is asked again at once."""

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

from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.store.circuits import CircuitRow, circuits
from lead_pipeline.store.connections import connect

_COLUMNS = TableSchema(
    [
        TableColumn("vendor"),
        TableColumn("since", description="When its circuit opened, UTC."),
        TableColumn("retry_at", description="From then on one call tries it, UTC."),
        TableColumn("last_error", description="What it answered last."),
        TableColumn("command", description="Asks it again at once."),
    ]
)


@asset_check(asset="clay_contacts")
def vendors_answer(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while the circuit of any vendor is open, names it, and the command that closes it by hand."""
    with connect(pipeline.url, autocommit=True) as conn:
        is_open = [one for one in circuits(conn) if one.state == "open"]
    names = ", ".join(one.vendor for one in is_open)
    return AssetCheckResult(
        passed=not is_open,
        severity=AssetCheckSeverity.WARN,
        description=f"not asked, because failing: {names}. See them: lead-pipeline vendors" if is_open else None,
        metadata={
            "open": len(is_open),
            "circuits": MetadataValue.table(records=[_record(one) for one in is_open], schema=_COLUMNS),
        },
    )


def _record(circuit: CircuitRow) -> TableRecord:
    return TableRecord(
        {
            "vendor": circuit.vendor,
            "since": f"{circuit.changed_at:%Y-%m-%d %H:%M:%S}",
            "retry_at": f"{circuit.retry_at:%Y-%m-%d %H:%M:%S}",
            "last_error": circuit.last_error or "",
            "command": f"lead-pipeline vendors close {circuit.vendor}",
        }
    )


CHECKS = [vendors_answer]
