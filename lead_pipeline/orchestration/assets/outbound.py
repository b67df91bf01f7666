"""Layer outbound: what leaves."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import day_of
from lead_pipeline.orchestration.policies import DAILY, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.plan_uploads import plan_uploads
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.upload_leads import upload_leads


@asset(
    deps=["intent_scores", "clay_contacts"],
    group_name="outbound",
    kinds={"python", "postgres"},
    **DAILY,
)
def platform_uploads(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """Hot and warm leads on the platform of their industry: written down before they are sent, never sent twice.
    Cold leads stay here.
    """
    day, run = day_of(context.partition_key), Run(context.run_id)
    with permanent_errors_are_final():
        planned = plan_uploads(pipeline.url, day, run)
        uploaded = upload_leads(pipeline.url, pipeline.platform, day, run)
    for reason in uploaded.waiting:
        context.log.warning("a batch still waits: %s", reason)
    return MaterializeResult(
        metadata=table_metadata(
            pipeline.url,
            "outbound.platform_uploads",
            day,
            rows_written=planned,
            still_waiting=len(uploaded.waiting),
            **{f"uploads_{status}": count for status, count in uploaded.counts.items()},
        )
    )
