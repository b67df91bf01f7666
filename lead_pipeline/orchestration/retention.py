"""The job that removes what is old, and its schedule: it counts first, then removes where the settings say so."""

from dagster import In, MetadataValue, Nothing, OpExecutionContext, TableRecord, job, op

from lead_pipeline.orchestration.cron import regular
from lead_pipeline.orchestration.policies import THREE_ATTEMPTS, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.retention import count_due, remove_due
from lead_pipeline.steps.run import Run

DRY_RUN = "dry run: set RETENTION_APPLIES=true"


@op(retry_policy=THREE_ATTEMPTS)
def count_what_is_due(context: OpExecutionContext, pipeline: Pipeline) -> None:
    """Count what is old enough to go, by kind and workspace. Writes nothing."""
    with permanent_errors_are_final():
        due = count_due(pipeline.url, Run(context.run_id).clock())
    records = [TableRecord({"kind": one.kind, "workspace": one.workspace or "", "count": one.count}) for one in due]
    totals: dict[str, int] = {}
    for one in due:
        totals[one.kind] = totals.get(one.kind, 0) + one.count
    context.add_output_metadata({**totals, **({"due": MetadataValue.table(records)} if records else {})})


@op(retry_policy=THREE_ATTEMPTS, ins={"counted": In(Nothing)})
def remove_what_is_due(context: OpExecutionContext, pipeline: Pipeline) -> None:
    """Archive to the blob store, then remove; or, unless RETENTION_APPLIES is true, say that nothing was."""
    if not pipeline.settings.retention_applies:
        context.log.info(DRY_RUN)
        context.add_output_metadata({"removed": DRY_RUN})
        return
    with permanent_errors_are_final():
        removed = remove_due(pipeline.url, pipeline.settings.blobs, Run(context.run_id))
    context.add_output_metadata({"removed": sum(removed.values()), **removed})


@job(
    description="Jobs of files 90 days after they ended, and the personal data and raw payload of leads that were "
    "delivered and are a year old: counted by kind and workspace, then archived and removed if RETENTION_APPLIES.",
)
def retention() -> None:
    """Count, then remove."""
    remove_what_is_due(counted=count_what_is_due())


retention_schedule = regular(retention, "0 4 * * *", "Every day at 04:00 UTC.")

JOBS = [retention]
SCHEDULES = [retention_schedule]
