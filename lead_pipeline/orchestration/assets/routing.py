"""Layer routing: who gets each lead."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import day_of
from lead_pipeline.orchestration.policies import DAILY, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.decide_pending import route_pending
from lead_pipeline.steps.run import Run


@asset(
    deps=["intent_scores"],
    group_name="routing",
    kinds={"python", "postgres"},
    **DAILY,
)
def routed_assignments(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """The workspace that each lead goes to, with the reason and the rule set version that decided."""
    day = day_of(context.partition_key)
    with permanent_errors_are_final():
        rows = route_pending(pipeline.url, day, Run(context.run_id))
    return MaterializeResult(metadata=table_metadata(pipeline.url, "core.lead_assignments", day, rows_written=rows))
